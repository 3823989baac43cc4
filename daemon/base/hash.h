/*
 * uthash with a hash that strangers cannot aim at: XXH3, seeded once at start. Include this instead
 * of <uthash.h>. `hash_bytes` is for keys in memory only: the seed changes with every start.
 */
#ifndef TOCSIN_BASE_HASH_H
#define TOCSIN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *at, size_t len);

/* The same in every process, for what is stored or shown; strangers can aim at it. */
uint64_t hash_stable(const void *at, size_t len);

#define HASH_FUNCTION(key, len, out) ((out) = (unsigned)hash_bytes((key), (len)))
#define uthash_fatal(message) abort()
#include <uthash.h>

#endif
