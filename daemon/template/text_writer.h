/*
 * Lines of plain text with what stands before them: "> " of quotes, the indent of lists and their
 * markers. Private to the room; text.c writes Markdown with it, text_html.c HTML.
 *
 * An empty line is only due (`gap`) until something follows, and tags of Liquid are written after
 * it and take no line of their own. So a block whose condition fails leaves no hole:
 *
 *     Hello,LF LF{% if x %}you won.LF LF{% endif %}Bye
 */
#ifndef TOCSIN_TEMPLATE_TEXT_WRITER_H
#define TOCSIN_TEMPLATE_TEXT_WRITER_H

#include "template/placeholder.h"

enum { TEXT_MARKER_SIZE = 24, TEXT_PREFIX_MAX = 200 };

struct text_writer {
    struct placeholders *placeholders;
    struct buf out;                /* with placeholders */
    struct buf prefix;             /* of every line */
    char marker[TEXT_MARKER_SIZE]; /* of a list's item: on its first line, over the end of the
                                      prefix */
    bool line;                     /* something stands on the line already */
    bool gap;                      /* an empty line is due before the next text */
    bool space;                    /* a space is due before the next word */
    bool after_url;                /* the line ends in "<url>" */
    int32_t joiner;                /* U+200C or U+200D, due if the word goes on; 0 if none */
    bool too_deep;                 /* the prefix would have been longer than TEXT_PREFIX_MAX */
    size_t gap_prefix; /* how much of the prefix the empty line has: what is common to both sides */
    size_t text_at;    /* where the line's text starts, after prefix and marker */
};

void text_writer_release(struct text_writer *w);

/* Text as it is; it has no line ends. */
void text_write(struct text_writer *w, struct str s);

/* A piece of a word: after the space that is due, at the start of a line without it. A letter or
 * digit does not touch a link's address. */
void text_write_word(struct text_writer *w, struct str s);

/* A joiner (U+200C, U+200D): it is dropped at a word's edge, where it joins nothing. */
void text_write_joiner(struct text_writer *w, int32_t point);

/* A tag of Liquid: no line is begun for it. */
void text_write_tag(struct text_writer *w, struct str s);

/* The {% tags %}, but not the {{ outputs }}, of something that is left out. */
void text_write_tags_of(struct text_writer *w, struct str left_out);

/* Ends the line, also an empty one; text_break only one that has text. */
void text_newline(struct text_writer *w);
void text_break(struct text_writer *w);

/* Ends the line and asks for an empty one before what follows. */
void text_gap(struct text_writer *w);

/* Repeats `sign` under the line at hand, which ends. */
void text_underline(struct text_writer *w, char sign);

/* Adds " <url>" for a link whose text began at `from`, unless it says nothing new. */
void text_write_url(struct text_writer *w, size_t from, struct str url);

void text_indent(struct text_writer *w, struct str more);
void text_outdent(struct text_writer *w, size_t bytes);

/* Begins a list's item: `marker` on its first line, as many spaces on the others. Returns its
 * width. */
size_t text_item(struct text_writer *w, bool bullet, size_t number);

#endif
