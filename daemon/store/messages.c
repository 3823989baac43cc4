/*
 * Example, the message "may" with id 3, whose second version is the text "Hi":
 *     messages:      00000003 00000002 → 01 65000000 4869
 *     message_names: 6d6179            → 00000003 00000002
 */
#include "store/messages.h"

#include "store/record.h"
#include "store/table.h"

enum { MESSAGE_VERSION = 1, MESSAGE_FIXED = 5 };

static struct key ref_key(struct message_ref ref)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, ref.id);
    key_u32(&key, ref.version);
    return key;
}

static struct key name_key(struct str name)
{
    struct key key;
    KEY_INIT(&key);
    key_str(&key, name);
    return key;
}

/* The newest version under a name; {0, 0} when there is none. */
static struct message_ref newest(struct txn *txn, struct str name)
{
    struct key key = name_key(name);
    struct message_ref ref = {0, 0};
    struct str value;
    if (!table_get(txn, TABLE_MESSAGE_NAMES, &key, &value))
        return ref;
    struct reader r = reader_of(value);
    ref.id = read_u32(&r);
    ref.version = read_u32(&r);
    if (r.bad || r.left)
        txn_damaged(txn, TABLE_MESSAGE_NAMES, key_view(&key));
    return ref;
}

static uint32_t next_id(struct txn *txn)
{
    struct str found, value;
    if (!table_last(txn, TABLE_MESSAGES, &found, &value))
        return 1;
    struct reader r = reader_of(found);
    return read_u32(&r) + 1;
}

static void write_source(struct txn *txn, struct message_ref ref, struct str source, uint32_t now)
{
    struct key key = ref_key(ref);
    uint8_t *at = table_reserve(txn, TABLE_MESSAGES, &key, MESSAGE_FIXED + source.len);
    if (!at)
        return;
    at = write_u8(at, MESSAGE_VERSION);
    at = write_u32(at, now);
    write_bytes(at, source);
}

static void write_name(struct txn *txn, struct str name, struct message_ref ref)
{
    struct key key = name_key(name);
    uint8_t value[8];
    write_u32(write_u32(value, ref.id), ref.version);
    table_put(txn, TABLE_MESSAGE_NAMES, &key, str_from(value, sizeof(value)));
}

struct message_ref message_put(struct txn *txn, struct str name, struct str source, uint32_t now)
{
    struct message_ref none = {0, 0};
    if (name.len == 0 || name.len > MESSAGE_NAME_MAX)
        return none;
    struct message_ref ref = newest(txn, name);
    if (ref.id && str_eq(message_source(txn, ref), source))
        return ref;
    if (!ref.id)
        ref.id = next_id(txn);
    ref.version++;
    write_source(txn, ref, source, now);
    write_name(txn, name, ref);
    return txn->rc ? none : ref;
}

bool message_parse(struct str value, struct str *source)
{
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == MESSAGE_VERSION;
    read_u32(&r);
    *source = read_bytes(&r, r.left);
    return known && !r.bad;
}

struct str message_source(struct txn *txn, struct message_ref ref)
{
    struct key key = ref_key(ref);
    struct str value, source, none = {NULL, 0};
    if (!table_get(txn, TABLE_MESSAGES, &key, &value))
        return none;
    if (message_parse(value, &source))
        return source;
    txn_damaged(txn, TABLE_MESSAGES, key_view(&key));
    return none;
}
