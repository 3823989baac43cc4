/*
 * Reads SMTP replies (RFC 5321 §4.2) from bytes as they come. The parser is pure and embedded,
 * takes no memory beyond itself, and bounds what a server can make it keep: a long reply is cut in
 * `text`, an endless one is an error. It does not know what a reply answers.
 */
#ifndef TOCSIN_SMTP_REPLY_H
#define TOCSIN_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define SMTP_REPLY_TEXT 2048 /* bytes of text that are kept */
#define SMTP_REPLY_LINE 2048 /* bytes of one line, CRLF included; the RFC says 512 */
#define SMTP_REPLY_LINES 128 /* lines of one reply */

/* RFC 3463: class.subject.detail; class is 0 where the reply has no such code. */
struct smtp_enhanced {
    int class;
    int subject;
    int detail;
};

struct smtp_reply {
    int code; /* 200 to 599 */
    struct smtp_enhanced enhanced;
    /*
     * The lines without code and enhanced code, joined by "\n". Printable ASCII and well-formed
     * UTF-8 only; every other byte became a "?".
     */
    struct str text;
};

struct smtp_reply_parser {
    struct smtp_reply reply;
    char text[SMTP_REPLY_TEXT + 1]; /* one more, to see where a character was cut */
    size_t text_len;
    char line[SMTP_REPLY_LINE];
    size_t line_len;
    unsigned lines;
    bool complete; /* the reply was handed out: the next byte begins another one */
};

enum smtp_reply_status {
    SMTP_REPLY_MORE, /* all input was used, the reply is not complete */
    SMTP_REPLY_DONE, /* parser->reply holds a reply, until the next call */
    SMTP_REPLY_BAD,  /* this is not SMTP, or too long; the parser is of no more use */
};

void smtp_reply_parser_init(struct smtp_reply_parser *p);

/* Takes bytes from the front of *input, up to the end of one reply. */
enum smtp_reply_status smtp_reply_parse(struct smtp_reply_parser *p, struct str *input);

/* True when part of a reply was read and its end was not. */
bool smtp_reply_partial(const struct smtp_reply_parser *p);

/* How much of the text fits into `size` bytes without cutting a UTF-8 character in two. */
size_t smtp_text_fit(struct str text, size_t size);

/* Copies src and as much of its text as `room` holds; the copy points into `room`. */
void smtp_reply_copy(struct smtp_reply *to, const struct smtp_reply *src, char *room, size_t size);

/* "550 5.1.1 no such user": one line, for logs and the ledger. */
void smtp_reply_format(const struct smtp_reply *r, struct buf *out);

#endif
