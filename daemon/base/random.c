#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

void random_bytes(void *at, size_t len)
{
    char *to = at;
    while (len) {
        ssize_t got = getrandom(to, len, 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            perror("tocsin: getrandom");
            abort();
        }
        to += got;
        len -= (size_t)got;
    }
}

/* From a thread's own store, which is filled with one system call for many numbers. */
uint64_t random_u64(void)
{
    enum { HELD = 32 };
    static _Thread_local uint64_t held[HELD];
    static _Thread_local unsigned left;
    if (left == 0) {
        random_bytes(held, sizeof(held));
        left = HELD;
    }
    return held[--left];
}

uint64_t random_below(uint64_t below)
{
    uint64_t top = UINT64_MAX - UINT64_MAX % below;
    uint64_t n;
    do {
        n = random_u64();
    } while (n >= top);
    return n % below;
}
