/*
 * Example, the key "may" of job 12 (the hashes shortened):
 *     01 6d6179 → 02 0000000c 65000000 99aa06d3014798d86001c324468d497f …
 *     02 65000000 6d6179 → (empty)
 */
#include "store/job_keys.h"

#include <xxhash.h>

#include "store/record.h"
#include "store/table.h"

enum { BY_KEY = 1, BY_AGE = 2, JOB_KEY_VERSION = 2, PARTS_1 = 7, SWEEP_MAX = 16 };

static bool is_kept(struct str key)
{
    return key.len > 0 && key.len <= JOB_KEY_MAX;
}

static struct key entry_key(struct str client_key)
{
    struct key key;
    KEY_INIT(&key);
    key_u8(&key, BY_KEY);
    key_str(&key, client_key);
    return key;
}

static struct key age_key(uint32_t made, struct str client_key)
{
    struct key key;
    KEY_INIT(&key);
    key_u8(&key, BY_AGE);
    key_u32(&key, made);
    key_str(&key, client_key);
    return key;
}

void job_key_hash(struct str part, uint8_t out[JOB_KEY_HASH])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(part.at, part.len));
    memcpy(out, canonical.digest, JOB_KEY_HASH);
}

bool job_key_parse(struct str value, struct job_key *out)
{
    struct reader r = reader_of(value);
    unsigned version = read_u8(&r);
    size_t count = version == 1 ? PARTS_1 : JOB_KEY_PARTS;
    out->job = read_u32(&r);
    out->made = read_u32(&r);
    struct str parts = read_bytes(&r, count * JOB_KEY_HASH);
    if (version < 1 || version > JOB_KEY_VERSION || r.bad || r.left || out->job == 0)
        return false;
    memcpy(out->parts, parts.at, parts.len);
    for (; count < JOB_KEY_PARTS; count++)
        job_key_hash(STR(""), out->parts[count]);
    return true;
}

bool job_key_read(struct txn *txn, struct str key, struct job_key *out)
{
    struct key at = entry_key(key);
    struct str value;
    if (!is_kept(key) || !table_get(txn, TABLE_JOB_KEYS, &at, &value))
        return false;
    return job_key_parse(value, out) || txn_damaged(txn, TABLE_JOB_KEYS, key_view(&at));
}

static void drop(struct txn *txn, uint32_t made, struct str client_key)
{
    struct key by_age = age_key(made, client_key), by_key = entry_key(client_key);
    table_delete(txn, TABLE_JOB_KEYS, &by_age);
    table_delete(txn, TABLE_JOB_KEYS, &by_key);
}

/* Drops the oldest key if it is too old. Its name is copied: it lies in the page that changes. */
static bool drop_oldest(struct txn *txn, uint32_t now)
{
    struct key from;
    struct str found, value;
    KEY_INIT(&from);
    key_u8(&from, BY_AGE);
    if (!table_seek(txn, TABLE_JOB_KEYS, &from, &found, &value) || !key_starts(found, &from))
        return false;
    struct reader r = reader_of(str_skip(found, from.len));
    uint32_t made = read_u32(&r);
    struct str name = read_bytes(&r, r.left);
    char copy[JOB_KEY_MAX];
    if (r.bad || !is_kept(name))
        return txn_damaged(txn, TABLE_JOB_KEYS, found);
    if (now < made || now - made <= JOB_KEY_KEPT_S)
        return false;
    memcpy(copy, name.at, name.len);
    drop(txn, made, str_from(copy, name.len));
    return true;
}

static void sweep(struct txn *txn, uint32_t now)
{
    unsigned dropped = 0;
    while (dropped < SWEEP_MAX && drop_oldest(txn, now))
        dropped++;
}

void job_key_write(struct txn *txn, struct str key, const struct job_key *entry)
{
    uint8_t value[1 + 4 + 4 + sizeof(entry->parts)], *at = value;
    struct job_key before;
    if (!is_kept(key))
        return;
    if (job_key_read(txn, key, &before))
        drop(txn, before.made, key);
    sweep(txn, entry->made);
    at = write_u8(at, JOB_KEY_VERSION);
    at = write_u32(at, entry->job);
    at = write_u32(at, entry->made);
    write_bytes(at, str_from(entry->parts, sizeof(entry->parts)));
    struct key by_key = entry_key(key), by_age = age_key(entry->made, key);
    table_put(txn, TABLE_JOB_KEYS, &by_key, str_from(value, sizeof(value)));
    table_put(txn, TABLE_JOB_KEYS, &by_age, STR(""));
}
