/*
 * A view of bytes that somebody else owns: a pointer and a length, never NUL-terminated by promise.
 * Parsers take and give these. A view is valid as long as the memory it points into; `at` may be
 * NULL only when `len` is 0.
 */
#ifndef TOCSIN_BASE_STR_H
#define TOCSIN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *at;
    size_t len;
};

/* A view of a string literal; its length is known when compiling. */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).at ? (s).at : ""

static inline struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline struct str str_from(const void *at, size_t len)
{
    return (struct str){at, len};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII letters compare without case; other bytes as they are. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Byte order, shorter first on a tie: <0, 0, >0. */
int str_compare(struct str a, struct str b);

/* The first `byte` in s, or NULL. */
const char *str_find(struct str s, char byte);

/* Drops n bytes (at most all) from the front. */
struct str str_skip(struct str s, size_t n);

/* Drops spaces, tabs, CR and LF from both ends. */
struct str str_trim(struct str s);

/*
 * Cuts the part of *rest before the first `byte` off and returns it; *rest keeps what follows that
 * byte. Without one, returns all of it and leaves *rest empty with at == NULL, so that a loop can
 * end on `rest.at == NULL`.
 */
struct str str_cut(struct str *rest, char byte);

/* All of s as an unsigned decimal number without sign or spaces; false if it is not one or
 * overflows. */
bool str_to_u64(struct str s, uint64_t *out);

/* Writes the number in decimal, without a NUL; returns the length. */
enum { STR_U64_SIZE = 20 };
size_t str_u64(uint64_t number, char out[STR_U64_SIZE]);

/* 0 to 15 for a hexadecimal digit, either case; -1 for anything else. */
int str_hex_value(char c);

/* What never needs percent-encoding in a URL (RFC 3986 §2.3). */
static inline bool byte_is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* A NUL-terminated copy from malloc; the caller frees it. Aborts when memory is out. */
char *str_dup(struct str s);

/* True if s is valid UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF). */
bool str_is_utf8(struct str s);
bool str_is_ascii(struct str s);

#endif
