/* The tables that do not belong to jobs: what the store says of itself, names, contacts with the
 * index of addresses, messages, and the small ones. */
#include "base/alloc.h"
#include "store/check_part.h"
#include "store/contact_record.h"
#include "store/messages.h"
#include "store/names.h"
#include "store/private.h"

/* --- meta --- */

void check_meta(struct check *c)
{
    struct key key;
    struct str value;
    KEY_INIT(&key);
    key_str(&key, STR("secret"));
    if (!table_get(&c->txn, TABLE_META, &key, &value) || value.len != sizeof(uint64_t)) {
        check_say(c, TABLE_META, key_view(&key),
                  "the secret of the index of addresses is missing.");
        return;
    }
    struct reader r = reader_of(value);
    c->store->secret = read_u64(&r);
}

/* --- names, name_ids --- */

static bool has_value(struct check *c, enum table table, const struct key *key, struct str want)
{
    struct str value;
    return table_get(&c->txn, table, key, &value) && str_eq(value, want);
}

/* kind · name → id */
static void check_name(struct check *c, struct str key, struct str value)
{
    struct key by_id;
    if (key.len < 2 || key.len > NAME_MAX_LENGTH + 1 || value.len != 4) {
        check_say(c, TABLE_NAMES, key, "this is no record of a name.");
        return;
    }
    KEY_INIT(&by_id);
    key_str(&by_id, str_from(key.at, 1));
    key_str(&by_id, value);
    if (!has_value(c, TABLE_NAME_IDS, &by_id, str_skip(key, 1)))
        check_say(c, TABLE_NAMES, key, "its number does not lead back to the name.");
}

/* kind · id → name */
static void check_name_id(struct check *c, struct str key, struct str value)
{
    struct key by_name;
    struct reader r = reader_of(key);
    uint8_t kind = read_u8(&r);
    uint32_t id = read_u32(&r);
    if (key.len != 5 || id == 0 || value.len == 0 || value.len > NAME_MAX_LENGTH) {
        check_say(c, TABLE_NAME_IDS, key, "this is no record of a name.");
        return;
    }
    KEY_INIT(&by_name);
    key_u8(&by_name, kind);
    key_str(&by_name, value);
    if (!has_value(c, TABLE_NAMES, &by_name, str_skip(key, 1)))
        check_say(c, TABLE_NAME_IDS, key, "its name does not lead back to the number.");
    if (!c->names[kind])
        c->names[kind] = roaring_bitmap_create();
    roaring_bitmap_add(c->names[kind], id);
}

void check_names(struct check *c)
{
    check_each(c, TABLE_NAME_IDS, NULL, check_name_id);
    check_each(c, TABLE_NAMES, NULL, check_name);
}

/* --- contacts, addresses --- */

/* True if the index leads from the contact's address to the contact. */
static bool is_indexed(struct check *c, uint32_t id, struct str address)
{
    struct key key = address_index_key(contact_address_hash(c->store, address));
    struct str ids;
    if (!table_get(&c->txn, TABLE_ADDRESSES, &key, &ids))
        return false;
    for (struct reader r = reader_of(ids); r.left && !r.bad;)
        if (read_u32(&r) == id)
            return true;
    return false;
}

static void check_contact_names(struct check *c, struct str key, const struct contact *contact)
{
    struct str rest = contact->attributes;
    struct contact_attribute attribute;
    if (!check_has_name(c, NAME_DOMAIN, contact->domain))
        check_say(c, TABLE_CONTACTS, key, "its domain %u has no name.", contact->domain);
    while (contact_next_attribute(&rest, &attribute))
        if (!check_has_name(c, NAME_ATTRIBUTE, attribute.id))
            check_say(c, TABLE_CONTACTS, key, "its attribute %u has no name.", attribute.id);
}

static void check_contact(struct check *c, struct str key, struct str value)
{
    struct contact contact;
    struct reader r = reader_of(key);
    uint32_t id = read_u32(&r);
    if (key.len != 4 || id == 0 || !contact_parse(value, &contact)) {
        check_say(c, TABLE_CONTACTS, key, "this is no record of a contact.");
        return;
    }
    roaring_bitmap_add(c->contacts, id);
    check_contact_names(c, key, &contact);
    if (contact.address.len > CONTACT_MAX_ADDRESS || !is_indexed(c, id, contact.address))
        check_say(c, TABLE_CONTACTS, key, "the contact cannot be found by its address.");
}

/* Each contact was found in the index, so the index is right when it has nobody besides. */
static void check_address(struct check *c, struct str key, struct str value)
{
    if (key.len != 8 || value.len == 0 || value.len % 4)
        check_say(c, TABLE_ADDRESSES, key, "this is no record of the index of addresses.");
    for (struct reader r = reader_of(value); r.left && !r.bad; c->addresses++) {
        uint32_t id = read_u32(&r);
        if (!r.bad && !roaring_bitmap_contains(c->contacts, id))
            check_say(c, TABLE_ADDRESSES, key, "it leads to contact %u, who does not exist.", id);
    }
}

void check_contacts(struct check *c)
{
    check_each(c, TABLE_CONTACTS, NULL, check_contact);
    uint64_t before = c->findings.count;
    check_each(c, TABLE_ADDRESSES, NULL, check_address);
    uint64_t count = roaring_bitmap_get_cardinality(c->contacts);
    if (c->findings.count == before && c->addresses != count)
        finding_add(&c->findings, "The index of addresses has %llu contacts, and there are %llu.",
                    (unsigned long long)c->addresses, (unsigned long long)count);
    uint32_t last = meta_number(&c->txn, STR("last_contact"));
    if (count && roaring_bitmap_maximum(c->contacts) > last)
        finding_add(&c->findings,
                    "The last contact has number %u, and the store says that %u was given last.",
                    roaring_bitmap_maximum(c->contacts), last);
}

/* --- messages, message_names --- */

static void check_message(struct check *c, struct str key, struct str value)
{
    struct str source;
    if (key.len != 8 || !message_parse(value, &source))
        check_say(c, TABLE_MESSAGES, key, "this is no record of a message.");
}

/* name → id · newest version: the key of the message's record */
static void check_message_name(struct check *c, struct str key, struct str value)
{
    struct key ref;
    struct str record;
    KEY_INIT(&ref);
    key_str(&ref, value);
    if (value.len != 8 || !table_get(&c->txn, TABLE_MESSAGES, &ref, &record))
        check_say(c, TABLE_MESSAGE_NAMES, key, "the message of this name is missing.");
}

void check_messages(struct check *c)
{
    check_each(c, TABLE_MESSAGES, NULL, check_message);
    check_each(c, TABLE_MESSAGE_NAMES, NULL, check_message_name);
}

/* --- sites, restraints, warm_up, barred, counters, counter_keys --- */

static void check_site(struct check *c, struct str key, struct str value)
{
    struct site_lesson lesson;
    if (!site_lesson_parse(value, &lesson))
        check_say(c, TABLE_SITES, key, "this is no record of a site.");
}

static void check_restraint(struct check *c, struct str key, struct str value)
{
    struct restraint_record restraint;
    if (!restraint_parse(key, value, &restraint))
        check_say(c, TABLE_RESTRAINTS, key, "this is no record of a restraint.");
}

static void check_warm_up(struct check *c, struct str key, struct str value)
{
    struct warm_up_record record;
    if (!warm_up_parse(key, value, &record))
        check_say(c, TABLE_WARM_UP, key, "this is no record of a warm-up.");
}

static void check_barred(struct check *c, struct str key, struct str value)
{
    if (key.len != 8 || value.len != 4)
        check_say(c, TABLE_BARRED, key, "this is no record of an address that is barred.");
}

static void check_counter(struct check *c, struct str key, struct str value)
{
    struct counter counter;
    if (!counter_parse(key, value, &counter))
        check_say(c, TABLE_COUNTERS, key, "this is no record of a counter.");
}

static void check_counter_key(struct check *c, struct str key, struct str value)
{
    struct counter_key entry;
    if (!counter_key_parse(key, value, &entry))
        check_say(c, TABLE_COUNTER_KEYS, key, "this is no record of an addition to a counter.");
}

void check_others(struct check *c)
{
    check_each(c, TABLE_SITES, NULL, check_site);
    check_each(c, TABLE_RESTRAINTS, NULL, check_restraint);
    check_each(c, TABLE_WARM_UP, NULL, check_warm_up);
    check_each(c, TABLE_BARRED, NULL, check_barred);
    check_each(c, TABLE_COUNTERS, NULL, check_counter);
    check_each(c, TABLE_COUNTER_KEYS, NULL, check_counter_key);
}
