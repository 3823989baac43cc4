/*
 * Example, job 12, contact 17, deferred after one attempt from source 1 by "450 4.2.1 busy":
 *     0000000c 00000011 →
 *     02 01 00 00 0001 00 65000000 65000000 00000001 0001 01c2 040201 6500012c 65000000 62757379
 */
#include "store/ledger.h"

#include "store/names.h"
#include "store/record.h"
#include "store/replies.h"
#include "store/table.h"

enum { LEDGER_VERSION = 2, LEDGER_FIXED = 27, LEDGER_WAITING = 8, FORM_NUMBER = 1 };

static struct key entry_key(uint32_t job, uint32_t contact)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, job);
    key_u32(&key, contact);
    return key;
}

static void read_answer(struct reader *r, struct ledger_entry *out)
{
    out->code = read_u16(r);
    for (size_t i = 0; i < sizeof(out->enhanced); i++)
        out->enhanced[i] = read_u8(r);
}

static void parse_first_version(struct reader *r, struct ledger_entry *out)
{
    out->attempts = read_u16(r);
    out->first = out->since = read_u32(r);
    out->last = read_u32(r);
    out->due = read_u32(r);
    out->message_version = read_u32(r);
    read_answer(r, out);
    out->text = read_bytes(r, r->left);
}

static bool can_wait(enum recipient_state state)
{
    return state <= RECIPIENT_IN_DOUBT;
}

static void parse_fields(struct reader *r, struct ledger_entry *out)
{
    unsigned form = read_u8(r);
    out->attempts = read_u16(r);
    out->doubts = read_u8(r);
    out->first = read_u32(r);
    out->last = read_u32(r);
    out->message_version = read_u32(r);
    out->source = read_u16(r);
    read_answer(r, out);
    if (can_wait(out->state)) {
        out->due = read_u32(r);
        out->since = read_u32(r);
    }
    if (form == FORM_NUMBER)
        out->text_number = read_u32(r);
    else
        out->text = read_bytes(r, r->left);
    r->bad |= form > FORM_NUMBER || r->left > 0;
}

bool ledger_parse(struct str value, struct ledger_entry *out)
{
    struct reader r = reader_of(value);
    unsigned version = read_u8(&r), state = read_u8(&r), reason = read_u8(&r);
    *out = (struct ledger_entry){.job = out->job,
                                 .contact = out->contact,
                                 .state = (enum recipient_state)state,
                                 .reason = (enum skip_reason)reason};
    if (version == 1)
        parse_first_version(&r, out);
    else
        parse_fields(&r, out);
    return version >= 1 && version <= LEDGER_VERSION && !r.bad && state < RECIPIENT_STATES &&
           out->text.len <= LEDGER_TEXT_MAX;
}

static bool entry_read(struct txn *txn, struct str key, struct str value, struct ledger_entry *out)
{
    struct reader r = reader_of(key);
    out->job = read_u32(&r);
    out->contact = read_u32(&r);
    if (r.bad || r.left || !ledger_parse(value, out))
        return txn_damaged(txn, TABLE_LEDGER, key);
    if (out->text_number) {
        out->text = name_text(txn, NAME_REPLY, out->text_number);
        if (!out->text.at)
            return txn_damaged(txn, TABLE_LEDGER, key);
    }
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
    uint8_t value[LEDGER_FIXED + LEDGER_WAITING + LEDGER_TEXT_MAX], *at = value;
    char kept[LEDGER_TEXT_MAX];
    struct key key = entry_key(entry->job, entry->contact);
    struct str text = text_cut(entry->text, LEDGER_TEXT_MAX);
    if (text.len)
        memcpy(kept, text.at, text.len);
    text.at = kept;
    uint32_t number = reply_number(txn, text);
    at = write_u8(at, LEDGER_VERSION);
    at = write_u8(at, (uint8_t)entry->state);
    at = write_u8(at, (uint8_t)entry->reason);
    at = write_u8(at, number ? FORM_NUMBER : 0);
    at = write_u16(at, entry->attempts);
    at = write_u8(at, entry->doubts);
    at = write_u32(at, entry->first);
    at = write_u32(at, entry->last);
    at = write_u32(at, entry->message_version);
    at = write_u16(at, entry->source);
    at = write_u16(at, entry->code);
    at = write_bytes(at, str_from(entry->enhanced, sizeof(entry->enhanced)));
    if (can_wait(entry->state))
        at = write_u32(write_u32(at, entry->due), entry->since);
    at = number ? write_u32(at, number) : write_bytes(at, text);
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
    case SKIP_UNSUBSCRIBED:
        return "the contact unsubscribed";
    case SKIP_LEFT_LIST:
        return "the contact left a list that the job is for";
    case SKIP_LEFT_TOPIC:
        return "the contact left the topic of the message";
    case SKIP_CONSENT_REFUSED:
        return "the contact refused consent to mail";
    case SKIP_NO_CONSENT:
        return "the contact has not given consent to mail, which the identity requires";
    case SKIP_ABORTED:
        return "the message leaves this contact out";
    }
    return "a reason that this version does not know";
}
