/*
 * The head of an HTTP/1.1 message as this house accepts it: llhttp's grammar and, on top, what
 * llhttp tolerates and we do not, because two parsers that disagree about where a message ends are
 * how requests are smuggled. Pure: the caller gathers bytes until head_length finds the end.
 */
#ifndef TOCSIN_HTTP_HEAD_H
#define TOCSIN_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

enum {
    HTTP_HEAD_MAX = 16 * 1024, /* bytes of request line and headers */
    HTTP_URL_MAX = 8 * 1024,
    HTTP_HEADERS_MAX = 100,
};

struct http_header {
    struct str name;
    struct str value; /* without the spaces around it */
};

/* Views into the bytes that were parsed. */
struct http_head {
    struct str method;
    struct str target; /* as sent */
    unsigned status;   /* of a response; 0 in a request */
    unsigned minor;    /* HTTP/1.minor */
    bool keep_alive;   /* the connection may carry another message */
    bool expects;      /* Expect: 100-continue */
    bool chunked;
    bool has_length; /* Content-Length is there */
    uint64_t length;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t headers_len;
};

/*
 * How many bytes from the start of `bytes` are a head with its closing empty line; 0: it is not
 * complete yet; negative: it never will be, and this is minus the status to refuse it with: a CR or
 * LF on its own, a folded line, a control character, or more than HTTP_HEAD_MAX. `from` says how
 * many bytes earlier calls have looked at.
 */
ssize_t http_head_length(struct str bytes, size_t from, struct err *err);

/* Parses a complete head. Returns 0, or the status to refuse it with (400, 414, 417, 431, 501, 505)
 * and the sentence in err. */
int http_head_parse_request(struct str bytes, struct http_head *out, struct err *err);

/* The same for a response; -1 when it is none. */
int http_head_parse_response(struct str bytes, struct http_head *out, struct err *err);

/* The first header of that name, without case; {NULL, 0} if there is none. */
struct str http_head_find(const struct http_head *head, struct str name);

#endif
