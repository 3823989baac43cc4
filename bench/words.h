/* What stands behind the options of the programs here: numbers, and where to. */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include "base/err.h"
#include "base/str.h"

static inline int words_number(const char *text, uint64_t low, uint64_t high, unsigned *out,
                               struct err *err)
{
    uint64_t number;
    if (!str_to_u64(str_of(text), &number) || number < low || number > high)
        return err_set(err, "'%s' is no number from %llu to %llu.", text, (unsigned long long)low,
                       (unsigned long long)high);
    *out = (unsigned)number;
    return 0;
}

/* HOST:PORT, the port from `low` on; `option` is named in the error. */
static inline int words_place(const char *option, const char *text, unsigned low, char host[64],
                              uint16_t *port, struct err *err)
{
    enum { HOST_SIZE = 64 };
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    unsigned number = 0;
    if (len == 0 || len >= HOST_SIZE)
        return err_set(err, "%s needs an IPv4 address and a port, not '%s'.", option, text);
    if (words_number(colon + 1, low, 65535, &number, err))
        return -1;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = (uint16_t)number;
    return 0;
}

#endif
