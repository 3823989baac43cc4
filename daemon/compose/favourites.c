#include "compose/favourites.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { ROOM_FIRST = 64 };

struct favourites *favourites_new(uint64_t each)
{
    struct favourites *f = NEW(struct favourites);
    f->each = each < FAVOURITES_MAX ? (size_t)each : FAVOURITES_MAX;
    f->each += f->each == 0;
    return f;
}

void favourites_free(struct favourites *f)
{
    if (!f)
        return;
    free(f->at);
    free(f->ranks);
    free(f);
}

/* Whether `a` goes before `b` at the same domain. */
static bool is_before(const struct favourite *a, const struct favourite *b)
{
    if (a->clicked != b->clicked)
        return a->clicked > b->clicked;
    return a->contact < b->contact;
}

static int by_rank(const void *a, const void *b)
{
    return is_before(a, b) ? -1 : is_before(b, a);
}

/* The domain that is being gathered stands in a heap, with the last in rank on top. */
static void sink(struct favourite *heap, size_t count, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && is_before(&heap[child], &heap[child + 1]))
            child++;
        if (!is_before(&heap[i], &heap[child]))
            return;
        struct favourite top = heap[i];
        heap[i] = heap[child];
        heap[child] = top;
    }
}

static void rise(struct favourite *heap, size_t i)
{
    for (size_t above; i > 0 && is_before(&heap[above = (i - 1) / 2], &heap[i]); i = above) {
        struct favourite low = heap[i];
        heap[i] = heap[above];
        heap[above] = low;
    }
}

static void make_room(struct favourites *f)
{
    if (f->count < f->room)
        return;
    f->room = f->room ? 2 * f->room : ROOM_FIRST;
    f->at = alloc_again(f->at, f->room * sizeof(f->at[0]));
}

static void end_domain(struct favourites *f)
{
    if (f->count > f->first)
        qsort(f->at + f->first, f->count - f->first, sizeof(f->at[0]), by_rank);
    f->first = f->count;
}

/* Every domain keeps half as many; what stays at the end is the last domain's, as a sorted part. */
static void keep_fewer(struct favourites *f)
{
    size_t kept = 0, rank = 0;
    uint32_t last = f->at[f->count - 1].domain;
    end_domain(f);
    f->each = f->each > 1 ? f->each / 2 : 1;
    for (size_t i = 0; i < f->count; i++) {
        rank = i > 0 && f->at[i].domain == f->at[i - 1].domain ? rank + 1 : 0;
        if (rank >= f->each)
            continue;
        if (f->at[i].domain == last && rank == 0)
            f->first = kept;
        f->at[kept++] = f->at[i];
    }
    f->count = kept;
    /* Sorted by rank is upside down for a heap. */
    for (size_t i = f->first, j = f->count; j > i + 1; i++) {
        struct favourite low = f->at[--j];
        f->at[j] = f->at[i];
        f->at[i] = low;
    }
}

void favourites_add(struct favourites *f, const struct favourite *favourite)
{
    if (f->count > f->first && f->at[f->first].domain != favourite->domain)
        end_domain(f);
    struct favourite *heap = f->at + f->first;
    size_t held = f->count - f->first;
    if (held >= f->each) {
        if (!is_before(favourite, &heap[0]))
            return;
        heap[0] = *favourite;
        sink(heap, held, 0);
        return;
    }
    if (f->count == FAVOURITES_MAX && f->each > 1) {
        keep_fewer(f);
        favourites_add(f, favourite);
        return;
    }
    if (f->count == FAVOURITES_MAX)
        return;
    make_room(f);
    f->at[f->count++] = *favourite;
    rise(f->at + f->first, held);
}

/* A domain's ranks in the order of contacts: what is sorted are numbers of contact and rank. */
static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void index_part(struct favourites *f, size_t first, size_t count, uint64_t *numbers)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = (uint64_t)f->at[first + i].contact << 32 | i;
    qsort(numbers, count, sizeof(numbers[0]), by_number);
    for (size_t i = 0; i < count; i++)
        f->ranks[first + i] = (uint32_t)numbers[i];
}

void favourites_finish(struct favourites *f)
{
    uint64_t *numbers = alloc((f->count + 1) * sizeof(*numbers));
    end_domain(f);
    f->ranks = alloc((f->count + 1) * sizeof(f->ranks[0]));
    for (size_t i = 0, n; i < f->count; i += n) {
        n = 1;
        while (i + n < f->count && f->at[i + n].domain == f->at[i].domain)
            n++;
        index_part(f, i, n, numbers);
    }
    free(numbers);
}

/* The first place of a domain that is not less. */
static size_t lower_bound(const struct favourites *f, uint64_t domain)
{
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->at[middle].domain < domain)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t favourites_of(const struct favourites *f, uint32_t domain, size_t *first)
{
    *first = lower_bound(f, domain);
    return lower_bound(f, (uint64_t)domain + 1) - *first;
}

size_t favourites_rank(const struct favourites *f, size_t first, size_t count, uint32_t contact)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->at[first + f->ranks[first + middle]].contact < contact)
            low = middle + 1;
        else
            high = middle;
    }
    size_t rank = low < count ? f->ranks[first + low] : count;
    return rank < count && f->at[first + rank].contact == contact ? rank : count;
}
