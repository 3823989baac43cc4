/* Sets of contacts: each chunk with its checksum, owners that exist, and the set of all contacts.
 */
#include "store/check_part.h"
#include "store/names.h"

enum { CHUNK_KEY = 7 };

/* Whether there is what a set belongs to; of kinds that are not known here, it is taken for so. */
static bool owner_exists(const struct check *c, unsigned kind, uint32_t owner)
{
    switch (kind) {
    case SET_LIST:
    case SET_LEFT_LIST:
        return check_has_name(c, NAME_LIST, owner);
    case SET_LEFT_TOPIC:
        return check_has_name(c, NAME_TOPIC, owner);
    case SET_JOB:
        return roaring_bitmap_contains(c->jobs, owner);
    default:
        return true;
    }
}

static void check_chunk(struct check *c, struct str key, struct str value)
{
    struct reader r = reader_of(key);
    unsigned kind = read_u8(&r);
    uint32_t owner = read_u32(&r);
    roaring_bitmap_t *ids = key.len == CHUNK_KEY ? set_chunk_parse(value, read_u16(&r)) : NULL;
    if (!ids)
        check_say(c, TABLE_SETS, key, "the set of kind %u and owner %u has a damaged part.", kind,
                  owner);
    else if (!owner_exists(c, kind, owner))
        check_say(c, TABLE_SETS, key, "the owner %u of a set of kind %u does not exist.", owner,
                  kind);
    if (ids)
        roaring_bitmap_free(ids);
}

roaring_bitmap_t *check_set(struct check *c, enum set_kind kind, uint32_t owner)
{
    struct key prefix;
    struct str key, value;
    roaring_bitmap_t *set = roaring_bitmap_create();
    KEY_INIT(&prefix);
    key_u8(&prefix, (uint8_t)kind);
    key_u32(&prefix, owner);
    bool more = table_seek(&c->txn, TABLE_SETS, &prefix, &key, &value);
    for (; more && key_starts(key, &prefix); more = table_next(&c->txn, TABLE_SETS, &key, &value)) {
        struct reader r = reader_of(str_skip(key, prefix.len));
        roaring_bitmap_t *ids = set_chunk_parse(value, read_u16(&r));
        if (!ids)
            continue;
        roaring_bitmap_or_inplace(set, ids);
        roaring_bitmap_free(ids);
    }
    return set;
}

static void check_all_contacts(struct check *c)
{
    roaring_bitmap_t *all = check_set(c, SET_ALL, 0);
    roaring_bitmap_t *apart = roaring_bitmap_xor(all, c->contacts);
    if (!roaring_bitmap_is_empty(apart)) {
        uint32_t id = roaring_bitmap_minimum(apart);
        bool listed = roaring_bitmap_contains(all, id);
        finding_add(&c->findings,
                    "The set of all contacts and the contacts differ in %llu: contact %u is the "
                    "first, who %s.",
                    (unsigned long long)roaring_bitmap_get_cardinality(apart), id,
                    listed ? "is in the set and does not exist" : "exists and is not in the set");
    }
    roaring_bitmap_free(apart);
    roaring_bitmap_free(all);
}

void check_sets(struct check *c)
{
    check_each(c, TABLE_SETS, NULL, check_chunk);
    check_all_contacts(c);
}
