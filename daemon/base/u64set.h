/*
 * A set of 64-bit numbers in memory: open addressing, linear probing, half full at most. For the
 * keys of what is under way. Zero is a member like any other. Embed it, release it.
 */
#ifndef TOCSIN_BASE_U64SET_H
#define TOCSIN_BASE_U64SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct u64set {
    uint64_t *slots; /* a member + 1; 0 is an empty slot */
    size_t size;     /* a power of two */
    size_t count;
    bool has_max; /* UINT64_MAX, whose successor would be 0 */
};

void u64set_init(struct u64set *set);
void u64set_release(struct u64set *set);

/* True if it was not in the set. */
bool u64set_add(struct u64set *set, uint64_t member);

/* True if it was in the set. */
bool u64set_remove(struct u64set *set, uint64_t member);
bool u64set_has(const struct u64set *set, uint64_t member);

#endif
