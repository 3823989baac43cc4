/*
 * Text in URLs (RFC 3986): percent-encoding, paths and queries. Pure: bytes in, bytes out.
 */
#ifndef TOCSIN_HTTP_URL_H
#define TOCSIN_HTTP_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* Adds s to out; all but unreserved characters (letters, digits, "-._~") become %XX. */
void url_encode(struct buf *out, struct str s);

/*
 * Adds the decoded form of s to out; `plus` turns "+" into a space, as forms do. False if a "%" is
 * not followed by two hex digits, or if a NUL comes out: then what was added is worth nothing.
 */
bool url_decode(struct buf *out, struct str s, bool plus);

/* The same into an arena; {NULL, 0} on failure, `at` is never NULL on success. */
struct str url_decode_in(struct arena *arena, struct str s, bool plus);

/* Splits an origin-form target, "/path?query" (RFC 9112 §3.2.1); false if it is none. `query` has
 * no "?". */
bool url_split(struct str target, struct str *path, struct str *query);

/* One "name=value" of a query, still encoded; a name without "=" has an empty value. */
struct url_param {
    struct str name;
    struct str value;
};

/* Cuts the next parameter off *query; false when there is none left. Empty ones ("&&") are skipped.
 */
bool url_param_next(struct str *query, struct url_param *param);

/* The decoded value of the first parameter called `name`, copied into the arena; false if there is
 * none, or if it is badly encoded. */
bool url_param_find(struct str query, struct str name, struct arena *arena, struct str *value);

#endif
