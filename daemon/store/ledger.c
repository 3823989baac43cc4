/*
 * Example, job 12, contact 17, deferred after one attempt by "450 4.2.1 busy":
 *     0000000c 00000011 →
 *     01 01 00 0001 65000000 65000000 6500012c 00000001 01c2 040201 62757379
 */
#include "store/ledger.h"

#include "store/record.h"
#include "store/table.h"

enum { LEDGER_VERSION = 1, LEDGER_FIXED = 26 };

static struct key entry_key(uint32_t job, uint32_t contact)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, job);
    key_u32(&key, contact);
    return key;
}

bool ledger_parse(struct str value, struct ledger_entry *out)
{
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == LEDGER_VERSION;
    unsigned state = read_u8(&r);
    out->state = (enum recipient_state)state;
    out->reason = (enum skip_reason)read_u8(&r);
    out->attempts = read_u16(&r);
    out->first = read_u32(&r);
    out->last = read_u32(&r);
    out->due = read_u32(&r);
    out->message_version = read_u32(&r);
    out->code = read_u16(&r);
    for (size_t i = 0; i < sizeof(out->enhanced); i++)
        out->enhanced[i] = read_u8(&r);
    out->text = read_bytes(&r, r.left);
    return known && !r.bad && state < RECIPIENT_STATES && out->text.len <= LEDGER_TEXT_MAX;
}

static bool entry_read(struct txn *txn, struct str key, struct str value, struct ledger_entry *out)
{
    struct reader r = reader_of(key);
    out->job = read_u32(&r);
    out->contact = read_u32(&r);
    if (r.bad || r.left || !ledger_parse(value, out))
        return txn_damaged(txn, TABLE_LEDGER, key);
    return true;
}

bool ledger_read(struct txn *txn, uint32_t job, uint32_t contact, struct ledger_entry *out)
{
    struct key key = entry_key(job, contact);
    struct str value;
    return table_get(txn, TABLE_LEDGER, &key, &value) &&
           entry_read(txn, key_view(&key), value, out);
}

/* The record is made aside: an entry's text may be a view into the page that changes. */
void ledger_write(struct txn *txn, const struct ledger_entry *entry)
{
    uint8_t value[LEDGER_FIXED + LEDGER_TEXT_MAX], *at = value;
    struct key key = entry_key(entry->job, entry->contact);
    at = write_u8(at, LEDGER_VERSION);
    at = write_u8(at, (uint8_t)entry->state);
    at = write_u8(at, (uint8_t)entry->reason);
    at = write_u16(at, entry->attempts);
    at = write_u32(at, entry->first);
    at = write_u32(at, entry->last);
    at = write_u32(at, entry->due);
    at = write_u32(at, entry->message_version);
    at = write_u16(at, entry->code);
    at = write_bytes(at, str_from(entry->enhanced, sizeof(entry->enhanced)));
    at = write_bytes(at, text_cut(entry->text, LEDGER_TEXT_MAX));
    table_put(txn, TABLE_LEDGER, &key, str_from(value, (size_t)(at - value)));
}

bool ledger_seek(struct txn *txn, uint32_t job, uint32_t *contact, struct ledger_entry *out)
{
    struct key key = entry_key(job, *contact);
    struct str found, value;
    if (!table_seek(txn, TABLE_LEDGER, &key, &found, &value) ||
        !entry_read(txn, found, value, out) || out->job != job)
        return false;
    *contact = out->contact;
    return true;
}

const char *skip_reason_text(enum skip_reason reason)
{
    switch (reason) {
    case SKIP_NONE:
        return "";
    case SKIP_SUPPRESSED:
        return "the contact is suppressed";
    case SKIP_NO_CONTACT:
        return "the contact was erased";
    case SKIP_RENDER:
        return "the message could not be rendered for this contact";
    }
    return "a reason that this version does not know";
}
