/*
 * Memory that dies together: a compiled message, a session, one rendering. Allocations are cut from
 * chunks and never freed one by one. `arena_reset` keeps one chunk that has room for as
 * much again (1 MiB at most), so a loop that renders one message after the other stops allocating
 * after the second.
 */
#ifndef TOCSIN_BASE_ARENA_H
#define TOCSIN_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *first;
    struct arena_chunk *current;
    size_t used;  /* bytes of the current chunk */
    size_t total; /* bytes handed out since the last reset */
};

#define ARENA_INIT ((struct arena){NULL, NULL, 0, 0})

static inline void arena_init(struct arena *a)
{
    *a = ARENA_INIT;
}

void arena_release(struct arena *a);
void arena_reset(struct arena *a);

/* Aligned for any type; contents are not initialised. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zero(struct arena *a, size_t size);

/* A NUL-terminated copy. */
struct str arena_str(struct arena *a, struct str s);

#define ARENA_NEW(arena, type) ((type *)arena_zero((arena), sizeof(type)))

#endif
