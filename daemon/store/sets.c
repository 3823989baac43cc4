/*
 * Each chunk is a bitmap of full ids, all of one key's 65,536; so a set is loaded by joining
 * chunks.
 *
 * Example, list 2 with the contacts 1, 2 and 3 (one run):
 *     01 00000002 0000 → e8f1f73e 3b30 0000 01 0000 0200 0100 0100 0200
 */
#include "store/sets.h"

#include <xxhash.h>

#include "base/alloc.h"
#include "store/record.h"
#include "store/table.h"

enum { CHECKSUM = 4, CHUNK_KEY = 7 };

static struct key set_key(enum set_kind kind, uint32_t owner)
{
    struct key key;
    KEY_INIT(&key);
    key_u8(&key, (uint8_t)kind);
    key_u32(&key, owner);
    return key;
}

static struct key chunk_key(enum set_kind kind, uint32_t owner, uint16_t chunk)
{
    struct key key = set_key(kind, owner);
    key_u16(&key, chunk);
    return key;
}

static uint16_t chunk_of(uint32_t id)
{
    return (uint16_t)(id >> 16);
}

static uint32_t checksum(struct str bytes)
{
    return (uint32_t)XXH3_64bits(bytes.at, bytes.len);
}

roaring_bitmap_t *set_chunk_parse(struct str value, uint16_t chunk)
{
    struct reader r = reader_of(value);
    uint32_t sum = read_u32(&r);
    struct str bytes = read_bytes(&r, r.left);
    if (r.bad || sum != checksum(bytes))
        return NULL;
    char *aligned = alloc(bytes.len + 1);
    if (bytes.len)
        memcpy(aligned, bytes.at, bytes.len);
    roaring_bitmap_t *set = roaring_bitmap_portable_deserialize_safe(aligned, bytes.len);
    free(aligned);
    if (set && !roaring_bitmap_is_empty(set) && chunk_of(roaring_bitmap_minimum(set)) == chunk &&
        chunk_of(roaring_bitmap_maximum(set)) == chunk)
        return set;
    if (set)
        roaring_bitmap_free(set);
    return NULL;
}

/* The chunk that a seek or next found, if it is of this set; NULL at its end. */
static roaring_bitmap_t *found_chunk(struct txn *txn, const struct key *set, struct str found,
                                     struct str value)
{
    if (!key_starts(found, set))
        return NULL;
    struct reader r = reader_of(str_skip(found, set->len));
    uint16_t chunk = read_u16(&r);
    roaring_bitmap_t *ids = found.len == CHUNK_KEY ? set_chunk_parse(value, chunk) : NULL;
    if (!ids)
        txn_damaged(txn, TABLE_SETS, found);
    return ids;
}

roaring_bitmap_t *set_load(struct txn *txn, enum set_kind kind, uint32_t owner)
{
    struct key key = set_key(kind, owner);
    roaring_bitmap_t *set = roaring_bitmap_create(), *chunk;
    struct str found, value;
    bool more = table_seek(txn, TABLE_SETS, &key, &found, &value);
    while (more && (chunk = found_chunk(txn, &key, found, value))) {
        roaring_bitmap_or_inplace(set, chunk);
        roaring_bitmap_free(chunk);
        more = table_next(txn, TABLE_SETS, &found, &value);
    }
    return set;
}

/* One chunk; NULL when it holds nothing, or is damaged. */
static roaring_bitmap_t *read_chunk(struct txn *txn, const struct key *key, uint16_t chunk)
{
    struct str value;
    if (!table_get(txn, TABLE_SETS, key, &value))
        return NULL;
    roaring_bitmap_t *ids = set_chunk_parse(value, chunk);
    if (!ids)
        txn_damaged(txn, TABLE_SETS, key_view(key));
    return ids;
}

bool set_has(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t id)
{
    struct key key = chunk_key(kind, owner, chunk_of(id));
    roaring_bitmap_t *ids = read_chunk(txn, &key, chunk_of(id));
    if (!ids)
        return false;
    bool has = roaring_bitmap_contains(ids, id);
    roaring_bitmap_free(ids);
    return has;
}

bool set_recall(struct set_memory *memory, struct txn *txn, enum set_kind kind, uint32_t owner,
                uint32_t id)
{
    enum { SLOTS = sizeof(memory->slots) / sizeof(memory->slots[0]) };
    uint64_t name = (uint64_t)kind << 48 | (uint64_t)owner << 16 | chunk_of(id);
    size_t at = (kind * 7U + owner + chunk_of(id)) % SLOTS;
    if (memory->slots[at].key != name || memory->slots[at].when != txn_state(txn)) {
        struct key key = chunk_key(kind, owner, chunk_of(id));
        if (memory->slots[at].ids)
            roaring_bitmap_free(memory->slots[at].ids);
        memory->slots[at].ids = read_chunk(txn, &key, chunk_of(id));
        memory->slots[at].key = txn->rc ? 0 : name;
        memory->slots[at].when = txn_state(txn);
    }
    return memory->slots[at].ids && roaring_bitmap_contains(memory->slots[at].ids, id);
}

void set_memory_release(struct set_memory *memory)
{
    for (size_t i = 0; i < sizeof(memory->slots) / sizeof(memory->slots[0]); i++)
        if (memory->slots[i].ids)
            roaring_bitmap_free(memory->slots[i].ids);
    *memory = (struct set_memory){0};
}

/* Made aside, because the checksum stands in front and the pages of LMDB align nothing. */
static void write_chunk(struct txn *txn, const struct key *key, roaring_bitmap_t *ids)
{
    roaring_bitmap_run_optimize(ids);
    size_t size = roaring_bitmap_portable_size_in_bytes(ids);
    char *bytes = alloc(size);
    roaring_bitmap_portable_serialize(ids, bytes);
    uint8_t *at = table_reserve(txn, TABLE_SETS, key, CHECKSUM + size);
    if (at)
        write_bytes(write_u32(at, checksum(str_from(bytes, size))), str_from(bytes, size));
    free(bytes);
}

/* Adds ids that are all of one chunk. */
static uint64_t add_to_chunk(struct txn *txn, enum set_kind kind, uint32_t owner,
                             const uint32_t *ids, size_t count)
{
    struct key key = chunk_key(kind, owner, chunk_of(ids[0]));
    roaring_bitmap_t *set = read_chunk(txn, &key, chunk_of(ids[0]));
    if (!set)
        set = roaring_bitmap_create();
    uint64_t before = roaring_bitmap_get_cardinality(set);
    roaring_bitmap_add_many(set, count, ids);
    uint64_t added = roaring_bitmap_get_cardinality(set) - before;
    if (added && !txn->rc)
        write_chunk(txn, &key, set);
    roaring_bitmap_free(set);
    return added;
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool is_sorted(const uint32_t *ids, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (ids[i - 1] > ids[i])
            return false;
    return true;
}

static uint64_t add_sorted(struct txn *txn, enum set_kind kind, uint32_t owner, const uint32_t *ids,
                           size_t count)
{
    uint64_t added = 0;
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && chunk_of(ids[to]) == chunk_of(ids[from]);)
            to++;
        added += add_to_chunk(txn, kind, owner, ids + from, to - from);
    }
    return added;
}

uint64_t set_add(struct txn *txn, enum set_kind kind, uint32_t owner, const uint32_t *ids,
                 size_t count)
{
    if (is_sorted(ids, count))
        return add_sorted(txn, kind, owner, ids, count);
    uint32_t *sorted = alloc(count * sizeof(*ids));
    memcpy(sorted, ids, count * sizeof(*ids));
    qsort(sorted, count, sizeof(*sorted), compare_ids);
    uint64_t added = add_sorted(txn, kind, owner, sorted, count);
    free(sorted);
    return added;
}

/* A chunk that is empty is not stored. */
bool set_remove(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t id)
{
    struct key key = chunk_key(kind, owner, chunk_of(id));
    roaring_bitmap_t *ids = read_chunk(txn, &key, chunk_of(id));
    if (!ids)
        return false;
    bool removed = roaring_bitmap_remove_checked(ids, id);
    if (removed && roaring_bitmap_is_empty(ids))
        table_delete(txn, TABLE_SETS, &key);
    else if (removed)
        write_chunk(txn, &key, ids);
    roaring_bitmap_free(ids);
    return removed;
}

void set_store(struct txn *txn, enum set_kind kind, uint32_t owner, const roaring_bitmap_t *set)
{
    roaring_uint32_iterator_t it;
    set_delete(txn, kind, owner);
    roaring_init_iterator(set, &it);
    while (it.has_value && !txn->rc) {
        uint64_t from = it.current_value & 0xFFFF0000U, to = from + 0x10000;
        struct key key = chunk_key(kind, owner, chunk_of(it.current_value));
        roaring_bitmap_t *ids = roaring_bitmap_from_range(from, to, 1);
        roaring_bitmap_and_inplace(ids, set);
        write_chunk(txn, &key, ids);
        roaring_bitmap_free(ids);
        if (to > UINT32_MAX || !roaring_move_uint32_iterator_equalorlarger(&it, (uint32_t)to))
            return;
    }
}

void set_delete(struct txn *txn, enum set_kind kind, uint32_t owner)
{
    struct key set = set_key(kind, owner);
    struct str found, value;
    while (table_seek(txn, TABLE_SETS, &set, &found, &value) && key_starts(found, &set)) {
        struct key key;
        KEY_INIT(&key);
        key_str(&key, found);
        table_delete(txn, TABLE_SETS, &key);
    }
}

size_t set_slice(struct txn *txn, enum set_kind kind, uint32_t owner, uint32_t from, uint32_t *ids,
                 size_t max)
{
    struct key set = set_key(kind, owner), first = chunk_key(kind, owner, chunk_of(from));
    roaring_bitmap_t *chunk;
    struct str found, value;
    size_t count = 0;
    bool more = table_seek(txn, TABLE_SETS, &first, &found, &value);
    while (more && count < max && (chunk = found_chunk(txn, &set, found, value))) {
        roaring_uint32_iterator_t it;
        roaring_init_iterator(chunk, &it);
        roaring_move_uint32_iterator_equalorlarger(&it, from);
        size_t want = max - count < 0x10000 ? max - count : 0x10000;
        if (it.has_value)
            count += roaring_read_uint32_iterator(&it, ids + count, (uint32_t)want);
        roaring_bitmap_free(chunk);
        more = table_next(txn, TABLE_SETS, &found, &value);
    }
    return count;
}
