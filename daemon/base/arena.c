#include "base/arena.h"

#include <stdalign.h>

#include "base/alloc.h"

enum { CHUNK_SIZE = 16 * 1024, KEPT_MOST = 1024 * 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static struct arena_chunk *chunk_new(size_t at_least)
{
    size_t size = at_least > CHUNK_SIZE ? at_least : CHUNK_SIZE;
    struct arena_chunk *c = alloc(sizeof(*c) + size);
    c->next = NULL;
    c->size = size;
    return c;
}

void arena_release(struct arena *a)
{
    for (struct arena_chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *a = ARENA_INIT;
}

void arena_reset(struct arena *a)
{
    if (!a->first)
        return;
    if (a->first->next || a->first->size > KEPT_MOST) {
        size_t enough = a->total + a->total / 4;
        arena_release(a);
        a->first = chunk_new(enough < KEPT_MOST ? enough : KEPT_MOST);
    }
    a->current = a->first;
    a->used = 0;
    a->total = 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t need = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!a->current || a->current->size - a->used < need) {
        struct arena_chunk *c = chunk_new(need);
        if (a->current)
            a->current->next = c;
        else
            a->first = c;
        a->current = c;
        a->used = 0;
    }
    void *at = a->current->bytes + a->used;
    a->used += need;
    a->total += need;
    return at;
}

void *arena_zero(struct arena *a, size_t size)
{
    return memset(arena_alloc(a, size), 0, size);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return (struct str){copy, s.len};
}
