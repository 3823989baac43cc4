/*
 * Example, barred at 0x65000000:
 *     <XXH3-64 of the address key, 8 bytes> → 65000000
 */
#include "store/erasure.h"

#include "store/contact_record.h"
#include "store/jobs.h"
#include "store/ledger.h"
#include "store/names.h"
#include "store/sets.h"

static struct key bar_key(const struct txn *txn, struct str address_key)
{
    return address_index_key(contact_hash(txn->store, address_key));
}

bool bar_has(struct txn *txn, struct str address_key)
{
    struct key key = bar_key(txn, address_key);
    struct str since;
    return table_get(txn, TABLE_BARRED, &key, &since);
}

bool bar_any(struct txn *txn)
{
    return table_count(txn, TABLE_BARRED) != 0;
}

bool bar_lift(struct txn *txn, struct str address_key)
{
    struct key key = bar_key(txn, address_key);
    return table_delete(txn, TABLE_BARRED, &key);
}

static void bar_add(struct txn *txn, uint64_t hash, uint32_t now)
{
    struct key key = address_index_key(hash);
    uint8_t since[4];
    write_u32(since, now);
    table_put(txn, TABLE_BARRED, &key, str_from(since, sizeof(since)));
}

/* Another contact may share the hash. */
static void forget_address(struct txn *txn, uint64_t hash, uint32_t id)
{
    struct key key = address_index_key(hash);
    struct buf others = BUF_INIT;
    struct str ids;
    if (!table_get(txn, TABLE_ADDRESSES, &key, &ids))
        return;
    for (struct reader r = reader_of(ids); r.left && !r.bad;) {
        uint32_t each = read_u32(&r);
        if (each != id)
            buf_add_u32be(&others, each);
    }
    if (others.len)
        table_put(txn, TABLE_ADDRESSES, &key, buf_str(&others));
    else
        table_delete(txn, TABLE_ADDRESSES, &key);
    buf_release(&others);
}

/* The tables of names and of sets are walked and changed apart, so the walk stays where it is. */
struct leaving {
    struct txn *txn;
    uint32_t contact;
};

static bool forget_list(void *ctx, uint32_t list, struct str name)
{
    const struct leaving *l = ctx;
    (void)name;
    set_remove(l->txn, SET_LIST, list, l->contact);
    set_remove(l->txn, SET_LEFT_LIST, list, l->contact);
    return true;
}

static bool forget_topic(void *ctx, uint32_t topic, struct str name)
{
    const struct leaving *l = ctx;
    (void)name;
    set_remove(l->txn, SET_LEFT_TOPIC, topic, l->contact);
    return true;
}

static void forget_sets(struct txn *txn, uint32_t contact)
{
    struct leaving leaving = {txn, contact};
    name_each(txn, NAME_LIST, forget_list, &leaving);
    name_each(txn, NAME_TOPIC, forget_topic, &leaving);
    set_remove(txn, SET_ALL, 0, contact);
}

static void forget_replies(struct txn *txn, uint32_t contact)
{
    struct job_record job;
    struct ledger_entry entry;
    for (uint32_t id = UINT32_MAX; job_seek_down(txn, &id, &job); id--) {
        if (!ledger_read(txn, id, contact, &entry) || entry.text.len == 0)
            continue;
        entry.text = STR("");
        ledger_write(txn, &entry);
    }
}

bool contact_erase(struct txn *txn, uint32_t id, bool bar, uint32_t now)
{
    struct contact contact;
    struct key key = contact_key(id);
    if (!contact_read(txn, id, &contact))
        return false;
    uint64_t hash = contact_address_hash(txn->store, contact.address);
    table_delete(txn, TABLE_CONTACTS, &key);
    forget_address(txn, hash, id);
    forget_sets(txn, id);
    forget_replies(txn, id);
    if (bar)
        bar_add(txn, hash, now);
    return txn->rc == 0;
}
