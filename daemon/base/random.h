/* Chance, from the kernel: unguessable, and thread-safe. For jitter, seeds and identifiers. */
#ifndef TOCSIN_BASE_RANDOM_H
#define TOCSIN_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *at, size_t len);
uint64_t random_u64(void);

/* Even in [0, below); `below` must not be 0. */
uint64_t random_below(uint64_t below);

#endif
