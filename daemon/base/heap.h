/*
 * A binary heap of embedded items with a 64-bit key, the smallest first: what is due next. Items
 * know their place, so one can be taken out or moved at any time. The heap owns its array, not the
 * items.
 */
#ifndef TOCSIN_BASE_HEAP_H
#define TOCSIN_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
    int64_t key;
    size_t place; /* from 1; 0: in no heap */
};

struct heap {
    struct heap_item **at;
    size_t count, size;
};

void heap_init(struct heap *heap);
void heap_release(struct heap *heap);

/* Puts the item in with this key, or moves it there when it is in already. */
void heap_put(struct heap *heap, struct heap_item *item, int64_t key);

/* Also for an item that is in no heap. */
void heap_remove(struct heap *heap, struct heap_item *item);

/* The item with the smallest key, or NULL. */
static inline struct heap_item *heap_first(const struct heap *heap)
{
    return heap->count ? heap->at[0] : NULL;
}

#endif
