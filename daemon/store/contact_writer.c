/*
 * The hot path of an import. New contacts get ids above all others, so their records are appended,
 * straight into LMDB's page. Their index entries lie all over `addresses`; they are kept in memory,
 * where the batch finds its own duplicates, and written in key order at the end.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/hash.h"
#include "store/contact_record.h"
#include "store/names.h"
#include "store/sets.h"

/* A contact of this batch, not yet in the index. */
struct fresh {
    uint64_t hash;
    uint32_t id;
    struct fresh *same; /* another one with this very hash */
    UT_hash_handle hh;
};

struct domain {
    uint32_t id;
    UT_hash_handle hh;
};

struct contact_writer {
    struct txn *txn;
    uint32_t now;
    uint32_t before;  /* the last id when the batch began */
    uint32_t last;    /* the last id given */
    bool index_empty; /* nothing to look for but the batch itself */
    struct arena arena;
    struct fresh *fresh; /* by hash */
    struct domain *domains;
    struct buf merged; /* the record of an update */
};

struct index_entry {
    uint64_t hash;
    uint32_t id;
};

struct contact_writer *contact_writer_begin(struct txn *txn, uint32_t now)
{
    struct contact_writer *w = NEW(struct contact_writer);
    w->txn = txn;
    w->now = now;
    w->before = w->last = meta_number(txn, STR("last_contact"));
    w->index_empty = table_count(txn, TABLE_ADDRESSES) == 0;
    return w;
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

/* The key is a good hash already: its low half chooses the bucket. */
static struct fresh *fresh_find(const struct contact_writer *w, uint64_t hash)
{
    struct fresh *found;
    HASH_FIND_BYHASHVALUE(hh, w->fresh, &hash, sizeof(hash), (unsigned)hash, found);
    return found;
}

static void fresh_add(struct contact_writer *w, uint64_t hash, uint32_t id)
{
    struct fresh *first = fresh_find(w, hash);
    struct fresh *fresh = ARENA_NEW(&w->arena, struct fresh);
    fresh->hash = hash;
    fresh->id = id;
    if (first) {
        fresh->same = first->same;
        first->same = fresh;
    } else {
        HASH_ADD_BYHASHVALUE(hh, w->fresh, hash, sizeof(hash), (unsigned)hash, fresh);
    }
}

static bool find(struct contact_writer *w, uint64_t hash, struct str key, struct contact *out)
{
    for (struct fresh *f = fresh_find(w, hash); f; f = f->same)
        if (contact_read(w->txn, f->id, out) && str_eq_nocase(out->address, key))
            return true;
    return !w->index_empty && contact_find_hashed(w->txn, hash, key, out);
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
    fresh_add(w, hash, contact.id);
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
    *differs = false;
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
    uint64_t hash = address_hash(w->txn, row->key);
    size_t size = row_size(row);
    uint32_t id = 0;
    *change = CONTACT_REFUSED;
    if (size && find(w, hash, row->key, &old)) {
        *change = update(w, row, &old);
        id = old.id;
    } else if (size && (id = add(w, row, hash, size))) {
        *change = CONTACT_ADDED;
    }
    return *change == CONTACT_REFUSED || w->txn->rc ? 0 : id;
}

static int compare_entries(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash > y->hash ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Two addresses share a hash about once in a century: the ids stand one after the other. */
static void index_add(struct txn *txn, const struct index_entry *entry)
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

static void write_index(struct contact_writer *w, size_t count)
{
    struct index_entry *entries = alloc(count * sizeof(*entries));
    size_t n = 0;
    for (struct fresh *first = w->fresh; first; first = first->hh.next)
        for (struct fresh *f = first; f; f = f->same)
            entries[n++] = (struct index_entry){f->hash, f->id};
    qsort(entries, n, sizeof(*entries), compare_entries);
    for (size_t i = 0; i < n; i++)
        index_add(w->txn, &entries[i]);
    free(entries);
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
        write_index(w, count);
        join_all(w, count);
        meta_set_number(w->txn, STR("last_contact"), w->last);
    }
    HASH_CLEAR(hh, w->fresh);
    HASH_CLEAR(hh, w->domains);
    arena_release(&w->arena);
    buf_release(&w->merged);
    free(w);
}
