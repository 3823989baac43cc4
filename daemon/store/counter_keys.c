/*
 * Example, the key "may-1" added 5 to "raif":
 *     0492d74562987cc6bb5de4bfd38cbf16 → 01 6553f100 0000000000000005 72616966
 */
#include "store/counter_keys.h"

#include <inttypes.h>

#include "store/job_keys.h"
#include "store/record.h"
#include "store/table.h"

enum { COUNTER_KEY_VERSION = 1, COUNTER_KEY_FIXED = 13, SWEEP_MAX = 16 };

static struct key hash_key(struct str client_key)
{
    struct key key;
    uint8_t hash[JOB_KEY_HASH];
    job_key_hash(client_key, hash);
    KEY_INIT(&key);
    key_str(&key, str_from(hash, sizeof(hash)));
    return key;
}

bool counter_key_parse(struct str key, struct str value, struct counter_key *out)
{
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == COUNTER_KEY_VERSION;
    *out = (struct counter_key){.made = read_u32(&r)};
    out->added = (int64_t)read_u64(&r);
    struct str name = read_bytes(&r, r.left);
    if (key.len != JOB_KEY_HASH || !known || r.bad || !counter_name_is_kept(name))
        return false;
    memcpy(out->name, name.at, name.len);
    return true;
}

static bool look_up(struct txn *txn, const struct key *key, struct counter_key *out)
{
    struct str value;
    if (!table_get(txn, TABLE_COUNTER_KEYS, key, &value))
        return false;
    return counter_key_parse(key_view(key), value, out) ||
           txn_damaged(txn, TABLE_COUNTER_KEYS, key_view(key));
}

/* Moves *at to the next key, and drops that if it is too old; false at the end of the table. */
static bool sweep_one(struct txn *txn, struct key *at, uint32_t now)
{
    struct counter_key entry;
    struct str found, value;
    key_u8(at, 0); /* the smallest key that is greater */
    if (!table_seek(txn, TABLE_COUNTER_KEYS, at, &found, &value))
        return false;
    KEY_INIT(at);
    key_str(at, found);
    if (!counter_key_parse(found, value, &entry))
        return txn_damaged(txn, TABLE_COUNTER_KEYS, found);
    if (now > entry.made && now - entry.made > COUNTER_KEY_KEPT_S)
        table_delete(txn, TABLE_COUNTER_KEYS, at);
    return true;
}

static void sweep(struct txn *txn, struct key at, uint32_t now)
{
    for (unsigned i = 0; i < SWEEP_MAX; i++)
        if (!sweep_one(txn, &at, now))
            KEY_INIT(&at); /* … and on from the beginning */
}

static int make_room(struct txn *txn, const struct key *key, uint32_t now, struct err *err)
{
    sweep(txn, *key, now);
    if (table_count(txn, TABLE_COUNTER_KEYS) < COUNTER_KEYS_MAX)
        return 0;
    return err_set(err,
                   "There are %d keys of the last %d days already, which is the most that are "
                   "remembered: wait, or add without a key.",
                   COUNTER_KEYS_MAX, COUNTER_KEY_KEPT_S / (24 * 3600));
}

static void note(struct txn *txn, const struct key *key, const struct counter_addition *what,
                 struct str name)
{
    uint8_t value[COUNTER_KEY_FIXED + COUNTER_NAME_MAX], *at = value;
    at = write_u8(at, COUNTER_KEY_VERSION);
    at = write_u32(at, what->steady);
    at = write_u64(at, (uint64_t)what->by);
    at = write_bytes(at, name);
    table_put(txn, TABLE_COUNTER_KEYS, key, str_from(value, (size_t)(at - value)));
}

static int repeat(struct txn *txn, const struct counter_addition *what,
                  const struct counter_key *known, struct counter_change *out, struct err *err)
{
    bool there = counter_find(txn, str_of(known->name), &out->after);
    if (!str_eq_nocase(what->name, str_of(known->name)) || what->by != known->added)
        return err_set(err,
                       "The key \"%.*s\" was used to add %" PRId64
                       " to \"%s\", and this is another addition: give it a key of its own.",
                       STR_ARG(what->key), known->added, known->name);
    if (!there)
        return err_set(err,
                       "This was added before, and the counter \"%s\" was deleted since: to make "
                       "it anew, use another key.",
                       known->name);
    out->repeated = true;
    return 0;
}

int counter_add_once(struct txn *txn, const struct counter_addition *what,
                     struct counter_change *out, struct err *err)
{
    struct key key = hash_key(what->key);
    struct counter_key known;
    *out = (struct counter_change){.made = false};
    if (what->key.len && look_up(txn, &key, &known))
        return repeat(txn, what, &known, out, err);
    if (what->key.len && make_room(txn, &key, what->steady, err) != 0)
        return -1;
    if (counter_add(txn, what->name, what->by, what->now, out, err) != 0)
        return -1;
    if (what->key.len)
        note(txn, &key, what, str_of(out->after.name));
    return 0;
}
