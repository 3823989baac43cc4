/*
 * Text for people: what strangers wrote made harmless for a terminal, numbers, times and bars made
 * readable. Pure, but for text_time (the time zone) and what has to know how wide characters are
 * (the locale). Each adds to `out`.
 */
#ifndef TOCSIN_CLI_TEXT_H
#define TOCSIN_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Text that cannot move the cursor, start an escape sequence or turn the direction of what follows:
 * control characters become their pictures (U+2400 and on), everything else of that kind, and what
 * is no UTF-8, becomes U+FFFD.
 */
void text_clean(struct buf *out, struct str s);

/* JSON whose strings hold no control characters of the kind JSON allows (DEL and C1): as \u00XX. */
void text_clean_json(struct buf *out, struct str json);

/* Clean text with "?" for each character that the locale does not know or cannot print. */
void text_printable(struct buf *out, struct str clean);

/* Columns of the terminal that clean text takes. */
unsigned text_width(struct str clean);

/* As much of clean text as fits into so many columns of the terminal. */
void text_cut(struct buf *out, struct str clean, unsigned columns);

void text_number(struct buf *out, uint64_t number);    /* 46,443 */
void text_bytes(struct buf *out, uint64_t bytes);      /* 12.3 MiB */
void text_duration(struct buf *out, uint64_t seconds); /* 2 min 10 s */
void text_rate(struct buf *out, double per_second);    /* 812/s */

/* "1 row", "46,443 rows". */
void text_count(struct buf *out, uint64_t number, const char *one, const char *many);

/* "47.2 %", rounded down, so that 100.0 % is said only of all. Of nothing: "0.0 %". */
void text_percent(struct buf *out, uint64_t part, uint64_t whole);

/* An ISO 8601 time in UTC as local time, "2026-11-21 20:24:07"; other text is added cleaned. */
void text_time(struct buf *out, const char *iso);

/* The same without seconds, and without the day if it is that of `now`: "14:05". */
void text_clock(struct buf *out, const char *iso, int64_t now);

/* Seconds since 1970 of such a time; -1 if it is none. */
int64_t text_time_read(const char *iso);

/* A bar of `cells` columns. */
void text_bar(struct buf *out, uint64_t part, uint64_t whole, unsigned cells, bool utf8);

#endif
