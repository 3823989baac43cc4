/*
 * Example, contact 17, not suppressed, of domain 3, created at 0x65000000 and updated a second
 * later, "a@b.example", with attribute 1 = "Zoé":
 *     contacts:  00000011 → 01 00 00000003 65000000 65000001 000b 6140622e6578616d706c65
 *                           0001 00000004 5a6fc3a9
 *     addresses: <XXH3-64 of "a@b.example", 8 bytes> → 00000011
 */
#include "store/contacts.h"

#include <xxhash.h>

#include "store/contact_record.h"
#include "store/record.h"

enum { CONTACT_VERSION = 1, FLAGS_AT = 1, UPDATED_AT = 10 };

struct key contact_key(uint32_t id)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, id);
    return key;
}

struct key address_index_key(uint64_t hash)
{
    struct key key;
    KEY_INIT(&key);
    key_u64(&key, hash);
    return key;
}

uint64_t contact_hash(const struct store *store, struct str key)
{
    return XXH3_64bits_withSeed(key.at, key.len, store_secret(store));
}

uint64_t contact_address_hash(const struct store *store, struct str address)
{
    char key[CONTACT_MAX_ADDRESS];
    size_t len = address.len < sizeof(key) ? address.len : sizeof(key);
    for (size_t i = 0; i < len; i++) {
        char c = address.at[i];
        key[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return contact_hash(store, str_from(key, len));
}

static bool attributes_are_whole(struct str attributes)
{
    struct contact_attribute attribute;
    while (contact_next_attribute(&attributes, &attribute))
        ;
    return attributes.len == 0;
}

bool contact_parse(struct str value, struct contact *out)
{
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == CONTACT_VERSION;
    out->flags = read_u8(&r);
    out->domain = read_u32(&r);
    out->created = read_u32(&r);
    out->updated = read_u32(&r);
    out->address = read_bytes(&r, read_u16(&r));
    out->attributes = read_bytes(&r, r.left);
    return known && !r.bad && attributes_are_whole(out->attributes);
}

bool contact_read(struct txn *txn, uint32_t id, struct contact *out)
{
    struct key key = contact_key(id);
    struct str value;
    if (!table_get(txn, TABLE_CONTACTS, &key, &value))
        return false;
    out->id = id;
    return contact_parse(value, out) || txn_damaged(txn, TABLE_CONTACTS, key_view(&key));
}

bool contact_find(struct txn *txn, struct str key, struct contact *out)
{
    struct key index = address_index_key(contact_hash(txn->store, key));
    struct str value;
    if (!table_get(txn, TABLE_ADDRESSES, &index, &value))
        return false;
    struct reader r = reader_of(value);
    while (r.left) {
        uint32_t id = read_u32(&r);
        if (r.bad || !contact_read(txn, id, out))
            return txn_damaged(txn, TABLE_ADDRESSES, key_view(&index));
        if (str_eq_nocase(out->address, key))
            return true;
    }
    return false;
}

bool contact_next_attribute(struct str *rest, struct contact_attribute *out)
{
    if (rest->len < CONTACT_ATTRIBUTE_FIXED)
        return false;
    struct reader r = reader_of(*rest);
    out->id = read_u16(&r);
    out->value = read_bytes(&r, read_u32(&r));
    if (r.bad)
        return false;
    *rest = str_from(r.at, r.left);
    return true;
}

struct str contact_value(const struct contact *contact, uint32_t attribute)
{
    struct str rest = contact->attributes;
    struct contact_attribute each;
    while (contact_next_attribute(&rest, &each))
        if (each.id == attribute)
            return each.value;
    return (struct str){NULL, 0};
}

bool contact_seek(struct txn *txn, uint32_t *id, struct contact *out)
{
    struct key key = contact_key(*id);
    struct str found, value;
    if (!table_seek(txn, TABLE_CONTACTS, &key, &found, &value))
        return false;
    struct reader r = reader_of(found);
    *id = out->id = read_u32(&r);
    return contact_parse(value, out) || txn_damaged(txn, TABLE_CONTACTS, found);
}

uint64_t contact_count(struct txn *txn)
{
    return table_count(txn, TABLE_CONTACTS);
}

uint8_t *contact_write_front(uint8_t *at, const struct contact *contact)
{
    at = write_u8(at, CONTACT_VERSION);
    at = write_u8(at, contact->flags);
    at = write_u32(at, contact->domain);
    at = write_u32(at, contact->created);
    at = write_u32(at, contact->updated);
    at = write_u16(at, (uint16_t)contact->address.len);
    return write_bytes(at, contact->address);
}

uint8_t *contact_write_attribute(uint8_t *at, const struct contact_attribute *attribute)
{
    at = write_u16(at, (uint16_t)attribute->id);
    at = write_u32(at, (uint32_t)attribute->value.len);
    return write_bytes(at, attribute->value);
}

bool contact_set_flags(struct txn *txn, uint32_t id, uint8_t set, uint8_t clear, uint32_t now)
{
    struct contact contact;
    struct key key = contact_key(id);
    struct str value;
    if (!contact_read(txn, id, &contact) || !table_get(txn, TABLE_CONTACTS, &key, &value))
        return false;
    uint8_t flags = (uint8_t)((contact.flags & ~clear) | set);
    if (flags == contact.flags)
        return true;
    struct buf copy = BUF_INIT;
    buf_add_str(&copy, value);
    write_u8((uint8_t *)copy.at + FLAGS_AT, flags);
    write_u32((uint8_t *)copy.at + UPDATED_AT, now);
    table_put(txn, TABLE_CONTACTS, &key, buf_str(&copy));
    buf_release(&copy);
    return true;
}

/* The first fits any flags. */
static const struct {
    struct str name;
    uint8_t flag;
} consents[] = {
    {STR("unknown"), 0},
    {STR("granted"), CONTACT_CONSENTED},
    {STR("refused"), CONTACT_CONSENT_REFUSED},
};
enum { CONSENTS = sizeof(consents) / sizeof(consents[0]) };

const char *contact_consent_name(uint8_t flags)
{
    size_t i = CONSENTS - 1;
    while (i && !(flags & consents[i].flag))
        i--;
    return consents[i].name.at;
}

bool contact_consent_parse(struct str name, uint8_t *flag)
{
    for (size_t i = 0; i < CONSENTS; i++) {
        if (!str_eq(name, consents[i].name))
            continue;
        *flag = consents[i].flag;
        return true;
    }
    return false;
}
