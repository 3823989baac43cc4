/*
 * Writes JSON (RFC 8259) into a buffer, as it comes: nothing is built and walked again, so a list
 * of 600,000 recipients costs what its bytes cost. Whatever a text holds, what comes out is valid:
 * quotes, backslashes and controls (those of C1 too) are escaped, and bytes that are not UTF-8
 * become U+FFFD. Reading is jansson's: api/body.h.
 *
 *     struct json json = json_to(&out);
 *     json_open_object(&json, NULL);
 *     json_add_text(&json, "name", name);
 *     json_close_object(&json);
 *
 * `key` is a literal of ours without anything to escape; NULL inside arrays and at the top.
 */
#ifndef TOCSIN_API_JSON_H
#define TOCSIN_API_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct json {
    struct buf *out;
    bool more; /* something stands before the next value: a comma is due */
};

static inline struct json json_to(struct buf *out)
{
    return (struct json){out, false};
}

void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

/* A text without memory (at == NULL) is null. */
void json_add_text(struct json *json, const char *key, struct str text);
void json_add_u64(struct json *json, const char *key, uint64_t number);
void json_add_i64(struct json *json, const char *key, int64_t number);
void json_add_bool(struct json *json, const char *key, bool value);
void json_add_null(struct json *json, const char *key);

/* Seconds since 1970 as "2026-11-21T20:14:00Z" (ISO 8601, UTC); 0 is null. */
void json_add_time(struct json *json, const char *key, uint32_t seconds);

/* The same for a key that a stranger chose. */
void json_add_pair(struct json *json, struct str key, struct str text);

/* The end of a line, where objects follow each other as JSON lines: no comma is due any more. */
void json_end_line(struct json *json);

/* A text with its quotes. */
void json_quote(struct buf *out, struct str text);

/* "2026-11-21T20:14:00Z", for sentences. */
enum { TIME_TEXT_SIZE = 24 };
void time_text(uint32_t seconds, char out[static TIME_TEXT_SIZE]);

#endif
