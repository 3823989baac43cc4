/*
 * Example, the domain example.org as the third of its kind:
 *     names:    02 6578616d706c652e6f7267 → 00000003
 *     name_ids: 02 00000003               → 6578616d706c652e6f7267
 */
#include "store/names.h"

#include "base/hash.h"
#include "store/table.h"

static struct key kind_key(enum name_kind kind)
{
    struct key key;
    KEY_INIT(&key);
    key_u8(&key, (uint8_t)kind);
    return key;
}

static struct key name_key(enum name_kind kind, struct str name)
{
    struct key key = kind_key(kind);
    key_str(&key, name);
    return key;
}

static struct key id_key(enum name_kind kind, uint32_t id)
{
    struct key key = kind_key(kind);
    key_u32(&key, id);
    return key;
}

uint32_t name_find(struct txn *txn, enum name_kind kind, struct str name)
{
    struct str value;
    if (name.len == 0 || name.len > NAME_MAX_LENGTH)
        return 0;
    struct key key = name_key(kind, name);
    if (!table_get(txn, TABLE_NAMES, &key, &value))
        return 0;
    struct reader r = reader_of(value);
    uint32_t id = read_u32(&r);
    if (id == 0 || r.left)
        return txn_damaged(txn, TABLE_NAMES, key_view(&key));
    return id;
}

uint32_t name_recall(struct name_memory *memory, struct txn *txn, enum name_kind kind,
                     struct str name)
{
    enum { SLOTS = sizeof(memory->slots) / sizeof(memory->slots[0]) };
    size_t at = hash_bytes(name.at, name.len) % SLOTS;
    struct str held = str_from(memory->slots[at].text, memory->slots[at].len);
    bool known = held.len && memory->slots[at].kind == kind && str_eq(name, held);
    if (known && (memory->slots[at].id || memory->slots[at].absent_when == txn_state(txn)))
        return memory->slots[at].id;
    uint32_t id = name_find(txn, kind, name);
    if (name.len > sizeof(memory->slots[at].text) || txn->rc)
        return id;
    memory->slots[at].id = id;
    memory->slots[at].kind = (uint8_t)kind;
    memory->slots[at].len = (uint8_t)name.len;
    memory->slots[at].absent_when = txn_state(txn);
    memcpy(memory->slots[at].text, name.at, name.len);
    return id;
}

/* The largest number of a kind; 0 when it has none. */
static uint32_t last_id(struct txn *txn, enum name_kind kind)
{
    struct key end = id_key(kind, UINT32_MAX), prefix = kind_key(kind);
    struct str found, name;
    if (!table_seek_down(txn, TABLE_NAME_IDS, &end, &found, &name) || !key_starts(found, &prefix))
        return 0;
    struct reader r = reader_of(str_skip(found, 1));
    return read_u32(&r);
}

uint32_t name_intern(struct txn *txn, enum name_kind kind, struct str name)
{
    uint32_t id = name_find(txn, kind, name);
    if (id || name.len == 0 || name.len > NAME_MAX_LENGTH)
        return id;
    id = last_id(txn, kind) + 1;
    struct key by_name = name_key(kind, name), by_id = id_key(kind, id);
    uint8_t value[4];
    write_u32(value, id);
    table_put(txn, TABLE_NAMES, &by_name, str_from(value, sizeof(value)));
    table_put(txn, TABLE_NAME_IDS, &by_id, name);
    return txn->rc ? 0 : id;
}

struct str name_text(struct txn *txn, enum name_kind kind, uint32_t id)
{
    struct key key = id_key(kind, id);
    struct str name = {NULL, 0};
    table_get(txn, TABLE_NAME_IDS, &key, &name);
    return name;
}

void name_each(struct txn *txn, enum name_kind kind,
               bool (*each)(void *ctx, uint32_t id, struct str name), void *ctx)
{
    struct key prefix = kind_key(kind);
    struct str found, name;
    bool more = table_seek(txn, TABLE_NAME_IDS, &prefix, &found, &name);
    while (more && key_starts(found, &prefix)) {
        struct reader r = reader_of(str_skip(found, 1));
        uint32_t id = read_u32(&r);
        if (r.bad || r.left)
            txn_damaged(txn, TABLE_NAME_IDS, found);
        if (txn->rc || !each(ctx, id, name))
            return;
        more = table_next(txn, TABLE_NAME_IDS, &found, &name);
    }
}
