/*
 * A growable run of bytes that owns its memory. `at[len]` is always a NUL once something was added,
 * so text in it can be handed to C calls. Embed it, `buf_init` it (or set it to BUF_INIT), and
 * `buf_release` it. Growth doubles; the caller bounds what strangers can make it hold.
 */
#ifndef TOCSIN_BASE_BUF_H
#define TOCSIN_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf {
    char *at;
    size_t len;
    size_t size; /* bytes allocated */
};

#define BUF_INIT ((struct buf){NULL, 0, 0})

static inline void buf_init(struct buf *b)
{
    *b = BUF_INIT;
}

/* Frees the memory and leaves an empty buffer that can be used again. */
void buf_release(struct buf *b);

/* Forgets the content, keeps the memory. */
static inline void buf_reset(struct buf *b)
{
    b->len = 0;
    if (b->at)
        b->at[0] = '\0';
}

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->at, b->len};
}

/* Makes room for `more` bytes (and a NUL) after the content and returns where they go. */
char *buf_reserve(struct buf *b, size_t more);

/* Here, since most of what is written goes through it. */
static inline void buf_add(struct buf *b, const void *at, size_t len)
{
    if (b->size - b->len <= len)
        buf_reserve(b, len);
    if (len)
        memcpy(b->at + b->len, at, len);
    b->len += len;
    b->at[b->len] = '\0';
}

static inline void buf_add_str(struct buf *b, struct str s)
{
    buf_add(b, s.at, s.len);
}

void buf_add_text(struct buf *b, const char *text);
void buf_add_byte(struct buf *b, char byte);
void buf_add_u64(struct buf *b, uint64_t number);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Adds what can be read from a file descriptor, up to its end, or until there are more than `most`
 * bytes in all. -1 and errno if it cannot be read. */
int buf_read(struct buf *b, int fd, size_t most);

/* Cuts the content to `len` bytes, which must not be more than it has. */
void buf_cut(struct buf *b, size_t len);

/* Drops the first n bytes and moves the rest down: for small remainders only. */
void buf_drop(struct buf *b, size_t n);

/* Big-endian numbers, as the store's keys have them. */
void buf_add_u16be(struct buf *b, uint16_t n);
void buf_add_u32be(struct buf *b, uint32_t n);

#endif
