/* Inside of the inspection (compose/inspect.h): what its files share. No others include it. */
#ifndef TOCSIN_COMPOSE_INSPECTING_H
#define TOCSIN_COMPOSE_INSPECTING_H

#include "compose/inspect.h"
#include "compose/mailing.h"
#include "compose/partials.h"
#include "compose/scope.h"

enum {
    SHORT_MAX = 60,
    LOOKED_MAX = 64 << 20, /* bytes, in the search of places */
};

/* Where place_in_text was the last time: who asks in the order of the text walks it once. */
struct walk {
    const char *at; /* NULL: nowhere yet */
    unsigned line, column;
};

struct inspecting {
    const struct inspection *with;
    struct remarks *out;
    struct arena memory;
    struct bundle bundle; /* the text, its files, and all that it could be made with */
    struct draft draft;
    struct partials html, text;  /* partials */
    const struct sender *sender; /* NULL: there is none of that name */
    struct mailing *mailing;     /* with the compiled message; NULL: it cannot be compiled */
    struct buf content;          /* the body as HTML: as it stands, or made of Markdown */
    struct contact nobody;       /* nothing is known of whom */
    struct scope scope;          /* what nobody's copy would see */
    struct name_memory names;
    struct token_maker *tokens;
    struct walk walk;
    size_t looked;   /* bytes, for places: at most LOOKED_MAX */
    size_t compared; /* names, with those that are unknown */
};

/* Partials of the same names without anything in them: what is wrong then, or used, is so in the
 * template itself. `out` points to `real`. */
void partials_blank(const struct template_partials *real, struct template_partials *out);

/* Of UTF-8. */
unsigned count_characters(struct str s);

/* False if to look at so many bytes more would be too much for one inspection. */
bool may_look(struct inspecting *in, size_t bytes);

/* The place of a byte of the message's text; none, when too much was looked at already. */
struct place place_in_text(struct inspecting *in, const char *at);

/* The sentence without `Line 3, column 4: ` or `Line 3: ` at its beginning, if that is there. */
const char *sentence_without_place(const char *sentence, unsigned line, unsigned column);

/* As much of what the message says as our sentences quote: at most SHORT_MAX bytes. */
struct str shortened(struct str text);

/* inspect_syntax.c: all that message_compile refuses. False: it does not compile, and errors were
 * found; else the mailing is there. */
bool inspect_syntax(struct inspecting *in);

/* What follows needs a compiled message. */
void inspect_names(struct inspecting *in);
void inspect_links(struct inspecting *in);
void inspect_images(struct inspecting *in);
void inspect_words(struct inspecting *in); /* of the header, and of the text */
void inspect_copy(struct inspecting *in);

#endif
