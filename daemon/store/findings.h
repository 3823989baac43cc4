/*
 * What a check of the data folder found wrong: sentences for people, one a line. The first `keep`
 * are kept, the others only counted. Whoever needs to know only whether there is anything wrong
 * sets `first_only`, and the check ends at the first.
 */
#ifndef TOCSIN_STORE_FINDINGS_H
#define TOCSIN_STORE_FINDINGS_H

#include <stdbool.h>

#include "base/buf.h"

struct findings {
    struct buf text; /* each sentence with a line feed */
    uint64_t count;
    uint64_t keep;
    bool first_only;
};

enum { FINDINGS_KEEP = 50 };

#define FINDINGS_INIT ((struct findings){.text = BUF_INIT, .keep = FINDINGS_KEEP})
#define FINDINGS_FIRST ((struct findings){.text = BUF_INIT, .keep = 1, .first_only = true})

void findings_release(struct findings *findings);

/* Adds a sentence. Line feeds and other control characters in it, which a damaged file may bring,
 * become "?". */
void finding_add(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True when there is no need to look further. */
static inline bool findings_enough(const struct findings *findings)
{
    return findings->first_only && findings->count > 0;
}

#endif
