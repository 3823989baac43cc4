/*
 * Cuts HTML into tags and text, as far as making plain text of it needs; pure, private to the room.
 *
 *     tag       = "<" ["/"] name *( space attribute ) ["/"] ">"
 *     attribute = name [ "=" ( DQUOTE … DQUOTE / "'" … "'" / unquoted ) ]
 *
 * Comments, doctypes and processing instructions are HTML_OTHER; so is script, style and whatever
 * else nobody reads, from its start tag to its end tag.
 */
#ifndef TOCSIN_TEMPLATE_HTML_TAG_H
#define TOCSIN_TEMPLATE_HTML_TAG_H

#include "base/buf.h"

enum html_kind { HTML_TEXT, HTML_OPEN, HTML_CLOSE, HTML_OTHER };

struct html_piece {
    enum html_kind kind;
    struct str whole;
    struct str name;       /* of a tag */
    struct str attributes; /* what follows the name, without ">" */
};

struct html_cutter {
    struct str rest;
    unsigned unclosed; /* unread elements that have no end tag any more, by their number */
    unsigned misses;   /* how often the end of an element was looked for in vain */
};

struct html_attribute {
    struct str whole, name, value;
};

/* The next piece; false at the end. */
bool html_next(struct html_cutter *c, struct html_piece *out);

/* The next attribute of *rest, which loses it; false at the end. */
bool html_next_attribute(struct str *rest, struct html_attribute *out);

/*
 * The character reference at the start of s ("&eacute;", "&#233;", "&#xE9;"): its length, and in
 * *point what it stands for. 0 if there is none.
 */
size_t html_reference(struct str s, int32_t *point);

/* The same in an attribute, where "&copy=1" is none (HTML, 13.2.5.73). */
size_t html_attribute_reference(struct str s, int32_t *point);

#endif
