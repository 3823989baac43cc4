#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"

enum { READ_STEP = 65536 };

void buf_release(struct buf *b)
{
    free(b->at);
    *b = BUF_INIT;
}

char *buf_reserve(struct buf *b, size_t more)
{
    if (b->size - b->len <= more) {
        size_t size = b->size ? b->size : 64;
        while (size - b->len <= more)
            size *= 2;
        b->at = alloc_again(b->at, size);
        b->size = size;
    }
    return b->at + b->len;
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_byte(struct buf *b, char byte)
{
    char *end = buf_reserve(b, 1);
    end[0] = byte;
    end[1] = '\0';
    b->len++;
}

void buf_add_u64(struct buf *b, uint64_t number)
{
    char digits[STR_U64_SIZE];
    size_t n = str_u64(number, digits);
    buf_add(b, digits, n);
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_addv(b, format, args);
    va_end(args);
}

void buf_addv(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    buf_reserve(b, 64);
    int need = vsnprintf(b->at + b->len, b->size - b->len, format, args);
    assert(need >= 0);
    if ((size_t)need >= b->size - b->len) {
        buf_reserve(b, (size_t)need);
        vsnprintf(b->at + b->len, b->size - b->len, format, again);
    }
    va_end(again);
    b->len += (size_t)need;
}

int buf_read(struct buf *b, int fd, size_t most)
{
    ssize_t n = 1;
    while (n != 0 && b->len <= most) {
        n = read(fd, buf_reserve(b, READ_STEP), READ_STEP);
        if (n < 0 && errno != EINTR)
            return -1;
        b->len += n > 0 ? (size_t)n : 0;
        b->at[b->len] = '\0';
    }
    return 0;
}

void buf_cut(struct buf *b, size_t len)
{
    assert(len <= b->len);
    b->len = len;
    if (b->at)
        b->at[len] = '\0';
}

void buf_drop(struct buf *b, size_t n)
{
    assert(n <= b->len);
    if (n == 0)
        return;
    memmove(b->at, b->at + n, b->len - n);
    buf_cut(b, b->len - n);
}

void buf_add_u16be(struct buf *b, uint16_t n)
{
    unsigned char bytes[2] = {(unsigned char)(n >> 8), (unsigned char)n};
    buf_add(b, bytes, sizeof(bytes));
}

void buf_add_u32be(struct buf *b, uint32_t n)
{
    unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                              (unsigned char)(n >> 8), (unsigned char)n};
    buf_add(b, bytes, sizeof(bytes));
}
