#include "store/address_index.h"

#include "base/alloc.h"
#include "store/contact_record.h"
#include "store/table.h"

enum { FIRST_SLOTS = 64, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS, HASH_BITS = 64 };

void address_index_init(struct address_index *index, struct txn *txn)
{
    *index = (struct address_index){.txn = txn};
}

void address_index_release(struct address_index *index)
{
    free(index->slots);
    free(index->used);
    free(index->added);
}

/* --- The open table: the low half of a hash chooses the slot, the next free one is taken --- */

static void slot_fill(struct address_index *index, uint64_t hash, uint32_t id)
{
    size_t mask = index->slot_room - 1, at = hash & mask;
    while (index->used[at])
        at = (at + 1) & mask;
    index->used[at] = 1;
    index->slots[at] = (struct address_entry){hash, id};
    index->slot_count++;
}

static void slots_make(struct address_index *index, size_t room)
{
    index->slot_count = 0;
    index->slot_room = room;
    index->slots = alloc(room * sizeof(*index->slots));
    index->used = alloc_zero(room, 1);
}

/* Makes room for `more`; at least half of the slots stay free. */
static void slots_reserve(struct address_index *index, size_t more)
{
    struct address_index old = *index;
    size_t room = FIRST_SLOTS;
    if ((old.slot_count + more) * 2 <= old.slot_room)
        return;
    while (room < (old.slot_count + more) * 2)
        room *= 2;
    slots_make(index, room);
    for (size_t i = 0; i < old.slot_room; i++)
        if (old.used[i])
            slot_fill(index, old.slots[i].hash, old.slots[i].id);
    free(old.slots);
    free(old.used);
}

static void slot_add(struct address_index *index, uint64_t hash, uint32_t id)
{
    slots_reserve(index, 1);
    slot_fill(index, hash, id);
}

/* The first slot with this hash at or after *place; NULL when there is none. */
static struct address_entry *slot_find(const struct address_index *index, uint64_t hash,
                                       size_t *place)
{
    size_t mask = index->slot_room - 1;
    for (; index->slot_room && index->used[*place & mask]; ++*place)
        if (index->slots[*place & mask].hash == hash)
            return &index->slots[*place & mask];
    return NULL;
}

/* --- Looking up what is stored --- */

static void ids_take(struct address_index *index, uint64_t hash, struct str ids)
{
    struct key key = address_index_key(hash);
    struct reader r = reader_of(ids);
    while (r.left && !r.bad)
        slot_add(index, hash, read_u32(&r));
    if (r.bad || ids.len == 0)
        txn_damaged(index->txn, TABLE_ADDRESSES, key_view(&key));
}

static void hash_look_up(struct address_index *index, uint64_t hash)
{
    struct key key = address_index_key(hash);
    struct str ids;
    if (table_get(index->txn, TABLE_ADDRESSES, &key, &ids))
        ids_take(index, hash, ids);
    else
        slot_add(index, hash, 0);
}

uint32_t address_index_next(const struct address_index *index, uint64_t hash, size_t *place)
{
    ++*place;
    const struct address_entry *slot = slot_find(index, hash, place);
    return slot ? slot->id : 0;
}

uint32_t address_index_first(struct address_index *index, uint64_t hash, size_t *place)
{
    *place = (size_t)hash;
    const struct address_entry *slot = slot_find(index, hash, place);
    if (slot)
        return slot->id;
    hash_look_up(index, hash);
    *place = (size_t)hash;
    slot = slot_find(index, hash, place);
    return slot ? slot->id : 0;
}

/* --- Looking up many, in key order --- */

/* Sorts by hash; entries with the same one stay in their order. One pass for each byte of the hash,
 * which for 64 evenly spread bits is several times as quick as comparing. */
static void entries_sort(struct address_entry *entries, size_t count)
{
    struct address_entry *from = entries, *to = alloc((count + 1) * sizeof(*to)), *spare = to;
    for (unsigned shift = 0; shift < HASH_BITS; shift += DIGIT_BITS) {
        size_t begin[DIGITS + 1] = {0};
        for (size_t i = 0; i < count; i++)
            begin[(from[i].hash >> shift) % DIGITS + 1]++;
        for (size_t digit = 0; digit < DIGITS; digit++)
            begin[digit + 1] += begin[digit];
        for (size_t i = 0; i < count; i++)
            to[begin[(from[i].hash >> shift) % DIGITS]++] = from[i];
        struct address_entry *swap = from;
        from = to;
        to = swap;
    }
    _Static_assert(HASH_BITS / DIGIT_BITS % 2 == 0, "the last pass ends in `entries`");
    free(spare);
}

/* Where a walk upwards through the table is. */
struct walk {
    struct txn *txn;
    bool began, ended;
    uint64_t hash;
    struct str ids;
};

static void walk_take(struct walk *walk, bool found, struct str key)
{
    struct reader r = reader_of(key);
    walk->began = true;
    walk->ended = !found;
    walk->hash = found ? read_u64(&r) : 0;
}

/* Moves on to the first key that is not below `hash`: when most hashes are stored it is the next
 * one, else a seek finds it. */
static void walk_to(struct walk *walk, uint64_t hash)
{
    struct str found;
    if (walk->began && (walk->ended || walk->hash >= hash))
        return;
    if (walk->began)
        walk_take(walk, table_next(walk->txn, TABLE_ADDRESSES, &found, &walk->ids), found);
    if (walk->began && (walk->ended || walk->hash >= hash))
        return;
    struct key key = address_index_key(hash);
    walk_take(walk, table_seek(walk->txn, TABLE_ADDRESSES, &key, &found, &walk->ids), found);
}

void address_index_expect(struct address_index *index, const uint64_t *hashes, size_t count)
{
    struct walk walk = {.txn = index->txn};
    struct address_entry *sorted = alloc((count + 1) * sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct address_entry){hashes[i], 0};
    entries_sort(sorted, count);
    slots_reserve(index, count);
    for (size_t i = 0; i < count; i++) {
        size_t place = (size_t)sorted[i].hash;
        if (slot_find(index, sorted[i].hash, &place))
            continue;
        walk_to(&walk, sorted[i].hash);
        if (!walk.ended && walk.hash == sorted[i].hash)
            ids_take(index, walk.hash, walk.ids);
        else
            slot_add(index, sorted[i].hash, 0);
    }
    free(sorted);
}

/* --- Adding --- */

void address_index_add(struct address_index *index, uint64_t hash, uint32_t id)
{
    size_t place = (size_t)hash;
    struct address_entry *slot = slot_find(index, hash, &place);
    if (slot && slot->id == 0)
        slot->id = id;
    else
        slot_add(index, hash, id);
    if (index->added_count == index->added_room) {
        index->added_room = index->added_room ? index->added_room * 2 : FIRST_SLOTS;
        index->added = alloc_again(index->added, index->added_room * sizeof(*index->added));
    }
    index->added[index->added_count++] = (struct address_entry){hash, id};
}

/* Two addresses share a hash about once in a century: the ids stand one after the other. */
static void entry_write(struct txn *txn, const struct address_entry *entry)
{
    struct key key = address_index_key(entry->hash);
    struct str value;
    uint8_t id[4];
    write_u32(id, entry->id);
    if (table_add(txn, TABLE_ADDRESSES, &key, str_from(id, sizeof(id))) ||
        !table_get(txn, TABLE_ADDRESSES, &key, &value))
        return;
    struct buf ids = BUF_INIT;
    buf_add_str(&ids, value);
    buf_add(&ids, id, sizeof(id));
    table_put(txn, TABLE_ADDRESSES, &key, buf_str(&ids));
    buf_release(&ids);
}

/* The largest stored hash; false when there is none. What comes after it can be appended, which is
 * quicker and leaves full pages. */
static bool last_hash(struct txn *txn, uint64_t *hash)
{
    struct str last, ids;
    if (!table_last(txn, TABLE_ADDRESSES, &last, &ids))
        return false;
    struct reader r = reader_of(last);
    *hash = read_u64(&r);
    return true;
}

static void entry_append(struct txn *txn, const struct address_entry *entry)
{
    struct key key = address_index_key(entry->hash);
    uint8_t *id = table_append(txn, TABLE_ADDRESSES, &key, sizeof(entry->id));
    if (id)
        write_u32(id, entry->id);
}

void address_index_write(struct address_index *index)
{
    struct address_entry *added = index->added;
    uint64_t last = 0;
    bool any = last_hash(index->txn, &last);
    entries_sort(added, index->added_count);
    for (size_t i = 0; i < index->added_count; i++) {
        bool twin = i && added[i].hash == added[i - 1].hash;
        if ((any && added[i].hash <= last) || twin)
            entry_write(index->txn, &added[i]);
        else
            entry_append(index->txn, &added[i]);
    }
}
