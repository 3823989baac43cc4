#include "base/heap.h"

#include "base/alloc.h"

void heap_init(struct heap *heap)
{
    *heap = (struct heap){0};
}

void heap_release(struct heap *heap)
{
    free(heap->at);
    heap_init(heap);
}

static void set(struct heap *heap, size_t i, struct heap_item *item)
{
    heap->at[i] = item;
    item->place = i + 1;
}

static void sift_up(struct heap *heap, size_t i, struct heap_item *item)
{
    while (i > 0 && heap->at[(i - 1) / 2]->key > item->key) {
        set(heap, i, heap->at[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    set(heap, i, item);
}

static void sift_down(struct heap *heap, size_t i, struct heap_item *item)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < heap->count && heap->at[child + 1]->key < heap->at[child]->key)
            child++;
        if (child >= heap->count || heap->at[child]->key >= item->key)
            break;
        set(heap, i, heap->at[child]);
        i = child;
    }
    set(heap, i, item);
}

void heap_put(struct heap *heap, struct heap_item *item, int64_t key)
{
    heap_remove(heap, item);
    item->key = key;
    if (heap->count == heap->size) {
        heap->size = heap->size ? heap->size * 2 : 16;
        heap->at = alloc_again(heap->at, heap->size * sizeof(*heap->at));
    }
    sift_up(heap, heap->count++, item);
}

void heap_remove(struct heap *heap, struct heap_item *item)
{
    if (item->place == 0)
        return;
    size_t i = item->place - 1;
    struct heap_item *last = heap->at[--heap->count];
    item->place = 0;
    if (last == item)
        return;
    if (i > 0 && heap->at[(i - 1) / 2]->key > last->key)
        sift_up(heap, i, last);
    else
        sift_down(heap, i, last);
}
