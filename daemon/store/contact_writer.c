/*
 * The hot path of an import. New contacts get ids above all others, so their records are appended,
 * straight into LMDB's page. Their index entries are kept in memory (store/address_index.h), where
 * the batch finds its own duplicates, and written in key order at the end.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/hash.h"
#include "store/address_index.h"
#include "store/contact_record.h"
#include "store/erasure.h"
#include "store/names.h"
#include "store/sets.h"

struct domain {
    uint32_t id;
    UT_hash_handle hh;
};

struct contact_writer {
    struct txn *txn;
    uint32_t now;
    uint32_t before; /* the last id when the batch began */
    uint32_t last;   /* the last id given */
    struct address_index index;
    struct arena arena;
    struct domain *domains;
    struct buf merged; /* the record of an update */
    bool bars;         /* somebody is barred */
};

struct contact_writer *contact_writer_begin(struct txn *txn, uint32_t now)
{
    struct contact_writer *w = NEW(struct contact_writer);
    w->txn = txn;
    w->now = now;
    w->before = w->last = meta_number(txn, STR("last_contact"));
    w->bars = bar_any(txn);
    address_index_init(&w->index, txn);
    return w;
}

void contact_writer_expect(struct contact_writer *w, const uint64_t *hashes, size_t count)
{
    address_index_expect(&w->index, hashes, count);
}

static uint32_t domain_id(struct contact_writer *w, struct str name)
{
    struct domain *domain;
    HASH_FIND(hh, w->domains, name.at, name.len, domain);
    if (domain)
        return domain->id;
    uint32_t id = name_intern(w->txn, NAME_DOMAIN, name);
    if (!id)
        return 0;
    struct str copy = arena_str(&w->arena, name);
    domain = ARENA_NEW(&w->arena, struct domain);
    domain->id = id;
    HASH_ADD_KEYPTR(hh, w->domains, copy.at, copy.len, domain);
    return id;
}

static bool find(struct contact_writer *w, uint64_t hash, struct str key, struct contact *out)
{
    size_t place;
    uint32_t id = address_index_first(&w->index, hash, &place);
    for (; id; id = address_index_next(&w->index, hash, &place)) {
        struct key index = address_index_key(hash);
        if (!contact_read(w->txn, id, out))
            return txn_damaged(w->txn, TABLE_ADDRESSES, key_view(&index));
        if (str_eq_nocase(out->address, key))
            return true;
    }
    return false;
}

/* The record's size; 0 when it passes a bound. */
static size_t row_size(const struct contact_row *row)
{
    size_t size = CONTACT_FIXED + row->address.len;
    if (row->address.len > CONTACT_MAX_ADDRESS || row->attribute_count > CONTACT_MAX_ATTRIBUTES)
        return 0;
    for (size_t i = 0; i < row->attribute_count; i++) {
        const struct contact_attribute *a = &row->attributes[i];
        if (a->id > UINT16_MAX || a->value.len > CONTACT_MAX_RECORD)
            return 0;
        size += CONTACT_ATTRIBUTE_FIXED + a->value.len;
    }
    return size <= CONTACT_MAX_RECORD ? size : 0;
}

static uint32_t add(struct contact_writer *w, const struct contact_row *row, uint64_t hash,
                    size_t size)
{
    struct contact contact = {.id = w->last + 1,
                              .domain = domain_id(w, row->domain),
                              .created = w->now,
                              .updated = w->now,
                              .flags = row->consented ? CONTACT_CONSENTED : 0,
                              .address = row->address};
    if (!contact.domain)
        return 0;
    struct key key = contact_key(contact.id);
    uint8_t *at = table_append(w->txn, TABLE_CONTACTS, &key, size);
    if (!at)
        return 0;
    at = contact_write_front(at, &contact);
    for (size_t i = 0; i < row->attribute_count; i++)
        at = contact_write_attribute(at, &row->attributes[i]);
    address_index_add(&w->index, hash, contact.id);
    return w->last = contact.id;
}

static const struct contact_attribute *row_attribute(const struct contact_row *row, uint32_t id)
{
    for (size_t i = 0; i < row->attribute_count; i++)
        if (row->attributes[i].id == id)
            return &row->attributes[i];
    return NULL;
}

static void add_attribute(struct buf *out, const struct contact_attribute *attribute)
{
    size_t size = CONTACT_ATTRIBUTE_FIXED + attribute->value.len;
    contact_write_attribute((uint8_t *)buf_reserve(out, size), attribute);
    out->len += size;
}

/* Makes the record that the row leaves in w->merged: old attributes in their old order, with the
 * row's values, then new ones. Returns how many attributes it has, and whether anything differs. */
static size_t merge(struct contact_writer *w, const struct contact_row *row,
                    const struct contact *old, bool *differs)
{
    struct contact_attribute each;
    size_t count = 0, front = CONTACT_FIXED + old->address.len;
    struct contact updated = *old;
    updated.updated = w->now;
    *differs = row->consented && !(old->flags & CONTACT_CONSENT_FLAGS);
    if (*differs)
        updated.flags |= CONTACT_CONSENTED;
    buf_reset(&w->merged);
    contact_write_front((uint8_t *)buf_reserve(&w->merged, front), &updated);
    w->merged.len = front;
    for (struct str rest = old->attributes; contact_next_attribute(&rest, &each); count++) {
        const struct contact_attribute *now = row_attribute(row, each.id);
        *differs |= now && !str_eq(now->value, each.value);
        add_attribute(&w->merged, now ? now : &each);
    }
    for (size_t i = 0; i < row->attribute_count; i++) {
        if (contact_value(old, row->attributes[i].id).at)
            continue;
        *differs = true;
        add_attribute(&w->merged, &row->attributes[i]);
        count++;
    }
    return count;
}

static enum contact_change update(struct contact_writer *w, const struct contact_row *row,
                                  const struct contact *old)
{
    bool differs;
    size_t count = merge(w, row, old, &differs);
    if (count > CONTACT_MAX_ATTRIBUTES || w->merged.len > CONTACT_MAX_RECORD)
        return CONTACT_REFUSED;
    if (!differs)
        return CONTACT_UNCHANGED;
    struct key key = contact_key(old->id);
    table_put(w->txn, TABLE_CONTACTS, &key, buf_str(&w->merged));
    return CONTACT_UPDATED;
}

uint32_t contact_writer_put(struct contact_writer *w, const struct contact_row *row,
                            enum contact_change *change)
{
    struct contact old;
    uint64_t hash = contact_hash(w->txn->store, row->key);
    size_t size = row_size(row);
    uint32_t id = 0;
    *change = CONTACT_REFUSED;
    if (size && find(w, hash, row->key, &old)) {
        *change = update(w, row, &old);
        id = old.id;
    } else if (w->bars && bar_has(w->txn, row->key)) {
        *change = CONTACT_BARRED;
    } else if (size && (id = add(w, row, hash, size))) {
        *change = CONTACT_ADDED;
    }
    return *change == CONTACT_REFUSED || w->txn->rc ? 0 : id;
}

static void join_all(struct contact_writer *w, size_t count)
{
    uint32_t *ids = alloc(count * sizeof(*ids));
    for (size_t i = 0; i < count; i++)
        ids[i] = w->before + 1 + (uint32_t)i;
    set_add(w->txn, SET_ALL, 0, ids, count);
    free(ids);
}

void contact_writer_end(struct contact_writer *w)
{
    size_t count = w->last - w->before;
    if (count) {
        address_index_write(&w->index);
        join_all(w, count);
        meta_set_number(w->txn, STR("last_contact"), w->last);
    }
    HASH_CLEAR(hh, w->domains);
    address_index_release(&w->index);
    arena_release(&w->arena);
    buf_release(&w->merged);
    free(w);
}
