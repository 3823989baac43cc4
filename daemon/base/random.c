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

uint64_t random_u64(void)
{
    uint64_t n;
    random_bytes(&n, sizeof(n));
    return n;
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
