/*
 * The body that follows a head: a number of bytes, or chunks (RFC 9112 §6, §7). Pure: bytes in,
 * pieces of content out, and how far it got. Chunk extensions are skipped, trailers are refused.
 */
#ifndef TOCSIN_HTTP_BODY_H
#define TOCSIN_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "http/head.h"

enum http_body_state {
    HTTP_BODY_LENGTH, /* `left` bytes of content */
    HTTP_BODY_TO_END, /* a response without length: all until the peer closes */
    HTTP_BODY_SIZE,   /* in the hex digits of a chunk's size */
    HTTP_BODY_EXTENSION,
    HTTP_BODY_SIZE_LF, /* after the CR of the size line */
    HTTP_BODY_CHUNK,   /* `left` bytes of a chunk */
    HTTP_BODY_CHUNK_CR,
    HTTP_BODY_CHUNK_LF,
    HTTP_BODY_LAST_CR, /* the empty line after the last chunk */
    HTTP_BODY_LAST_LF,
    HTTP_BODY_DONE,
};

struct http_body {
    enum http_body_state state;
    uint64_t left;
    unsigned digits; /* of the size, and then bytes of the extension */
};

/* For what `head` announces; to_end: a response with neither length nor chunks lasts until the end.
 */
void http_body_init(struct http_body *body, const struct http_head *head, bool to_end);

static inline bool http_body_done(const struct http_body *body)
{
    return body->state == HTTP_BODY_DONE;
}

/*
 * Takes bytes from *rest until there is a piece of content (put into *piece), nothing left, or the
 * body is done; *piece is empty if there was none. -1 with a sentence if the chunks are broken.
 */
int http_body_next(struct http_body *body, struct str *rest, struct str *piece, struct err *err);

#endif
