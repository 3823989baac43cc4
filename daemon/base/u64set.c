#include "base/u64set.h"

#include "base/alloc.h"
#include "base/hash.h"

enum { FIRST_SIZE = 64 };

void u64set_init(struct u64set *set)
{
    *set = (struct u64set){0};
}

void u64set_release(struct u64set *set)
{
    free(set->slots);
    u64set_init(set);
}

static size_t home_of(const struct u64set *set, uint64_t slot)
{
    return (size_t)hash_bytes(&slot, sizeof(slot)) & (set->size - 1);
}

/* Where `slot` is, or the empty place where it would go. */
static size_t place_of(const struct u64set *set, uint64_t slot)
{
    size_t i = home_of(set, slot);
    while (set->slots[i] && set->slots[i] != slot)
        i = (i + 1) & (set->size - 1);
    return i;
}

static void grow(struct u64set *set)
{
    struct u64set bigger = {.size = set->size ? set->size * 2 : FIRST_SIZE};
    bigger.slots = alloc_zero(bigger.size, sizeof(uint64_t));
    for (size_t i = 0; i < set->size; i++)
        if (set->slots[i])
            bigger.slots[place_of(&bigger, set->slots[i])] = set->slots[i];
    free(set->slots);
    set->slots = bigger.slots;
    set->size = bigger.size;
}

bool u64set_add(struct u64set *set, uint64_t member)
{
    if (member == UINT64_MAX) {
        bool fresh = !set->has_max;
        set->has_max = true;
        set->count += fresh;
        return fresh;
    }
    if ((set->count + 1) * 2 > set->size)
        grow(set);
    size_t i = place_of(set, member + 1);
    if (set->slots[i])
        return false;
    set->slots[i] = member + 1;
    set->count++;
    return true;
}

/* Closes the gap at `gap`: what comes behind it and is not at home moves up, so probing never stops
 * early (Knuth, volume 3, 6.4, algorithm R). */
static void close_gap(struct u64set *set, size_t gap)
{
    size_t mask = set->size - 1;
    for (size_t i = (gap + 1) & mask; set->slots[i]; i = (i + 1) & mask) {
        size_t home = home_of(set, set->slots[i]);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        set->slots[gap] = set->slots[i];
        gap = i;
    }
    set->slots[gap] = 0;
}

bool u64set_remove(struct u64set *set, uint64_t member)
{
    if (!u64set_has(set, member))
        return false;
    set->count--;
    if (member == UINT64_MAX)
        set->has_max = false;
    else
        close_gap(set, place_of(set, member + 1));
    return true;
}

bool u64set_has(const struct u64set *set, uint64_t member)
{
    if (member == UINT64_MAX)
        return set->has_max;
    return set->size && set->slots[place_of(set, member + 1)] != 0;
}
