/*
 * Example, nothing from mail1 to mx.example:25 for 15 minutes, says rule "busy" after a "421":
 *     01 6d782e6578616d706c653a3235 00 6d61696c31 00 01 00000000 62757379
 *     → 01 65000000 65000384 00 00000000 00000000 00000000 0003 343231
 */
#include "store/restraints.h"

#include "store/record.h"
#include "store/table.h"

enum {
    RESTRAINT_VERSION = 1,
    KEY_FIXED = 8, /* of a key, beside the names */
    VALUE_FIXED = 24,
};

_Static_assert(RESTRAINT_NAMES_MAX + KEY_FIXED <= KEY_MAX, "a key is never cut");

static bool has_nul(struct str s)
{
    return str_find(s, '\0') != NULL;
}

static bool has_names(const struct restraint_record *r)
{
    return r->place.len + r->source.len + r->rule.len <= RESTRAINT_NAMES_MAX &&
           !has_nul(r->place) && !has_nul(r->source) && !has_nul(r->rule) &&
           (r->place.len == 0) == (r->scope == RESTRAINT_EVERYWHERE);
}

static bool is_key(const struct restraint_record *r)
{
    return r->scope >= RESTRAINT_AT_SITE && r->scope <= RESTRAINT_EVERYWHERE &&
           r->action >= RESTRAINT_SUSPEND && r->action <= RESTRAINT_PLAIN &&
           (r->job != 0) == (r->action == RESTRAINT_HOLD_JOB) && has_names(r);
}

/* What is written can be read again, and nothing else is taken for a record: one question. */
static bool is_record(const struct restraint_record *r)
{
    bool has_rate = r->rate.count > 0;
    return r->began <= r->until && r->strikes <= RESTRAINT_STRIKES_MAX &&
           r->rate.count <= UINT32_MAX && r->rate.period_ms >= 0 &&
           r->rate.period_ms <= UINT32_MAX && has_rate == (r->rate.period_ms > 0) &&
           (has_rate || r->connections > 0) == (r->action == RESTRAINT_SLOW);
}

static struct key restraint_key(const struct restraint_record *r)
{
    struct key key;
    KEY_INIT(&key);
    key_u8(&key, (uint8_t)r->scope);
    if (!r->scope) /* before all others */
        return key;
    key_str(&key, r->place);
    key_u8(&key, 0);
    key_str(&key, r->source);
    key_u8(&key, 0);
    key_u8(&key, (uint8_t)r->action);
    key_u32(&key, r->job);
    key_str(&key, r->rule);
    return key;
}

static struct str read_name(struct reader *r)
{
    const char *end = str_find(str_from(r->at, r->left), '\0');
    struct str name = read_bytes(r, end ? (size_t)(end - (const char *)r->at) : r->left);
    read_u8(r);
    return name;
}

static bool key_parse(struct str key, struct restraint_record *out)
{
    struct reader r = reader_of(key);
    out->scope = read_u8(&r);
    out->place = read_name(&r);
    out->source = read_name(&r);
    out->action = read_u8(&r);
    out->job = read_u32(&r);
    out->rule = read_bytes(&r, r.left);
    return !r.bad && is_key(out);
}

static bool value_parse(struct str value, struct restraint_record *out)
{
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == RESTRAINT_VERSION;
    out->began = read_u32(&r);
    out->until = read_u32(&r);
    out->strikes = read_u8(&r);
    out->rate.count = read_u32(&r);
    out->rate.period_ms = read_u32(&r);
    out->connections = read_u32(&r);
    out->text = read_bytes(&r, read_u16(&r));
    return known && !r.bad && r.left == 0 && out->text.len <= RESTRAINT_TEXT_MAX;
}

bool restraint_parse(struct str key, struct str value, struct restraint_record *out)
{
    return key_parse(key, out) && value_parse(value, out) && is_record(out);
}

bool restraint_next(struct txn *txn, struct restraint_record *at)
{
    struct key key = restraint_key(at);
    struct str found, value;
    bool more = table_seek(txn, TABLE_RESTRAINTS, &key, &found, &value);
    if (more && at->scope && str_eq(found, key_view(&key)))
        more = table_next(txn, TABLE_RESTRAINTS, &found, &value);
    if (!more)
        return false;
    return restraint_parse(found, value, at) || txn_damaged(txn, TABLE_RESTRAINTS, found);
}

void restraint_write(struct txn *txn, const struct restraint_record *restraint)
{
    uint8_t value[VALUE_FIXED + RESTRAINT_TEXT_MAX], *at = value;
    struct str text = text_cut(restraint->text, RESTRAINT_TEXT_MAX);
    if (!is_key(restraint) || !is_record(restraint))
        return;
    struct key key = restraint_key(restraint);
    at = write_u8(at, RESTRAINT_VERSION);
    at = write_u32(at, restraint->began);
    at = write_u32(at, restraint->until);
    at = write_u8(at, restraint->strikes);
    at = write_u32(at, (uint32_t)restraint->rate.count);
    at = write_u32(at, (uint32_t)restraint->rate.period_ms);
    at = write_u32(at, restraint->connections);
    at = write_u16(at, (uint16_t)text.len);
    at = write_bytes(at, text);
    table_put(txn, TABLE_RESTRAINTS, &key, str_from(value, (size_t)(at - value)));
}

void restraint_forget(struct txn *txn, const struct restraint_record *which)
{
    if (!is_key(which))
        return;
    struct key key = restraint_key(which);
    table_delete(txn, TABLE_RESTRAINTS, &key);
}

void restraint_keep(struct restraint_record *restraint, struct buf *texts)
{
    struct str *all[] = {&restraint->place, &restraint->source, &restraint->rule, &restraint->text};
    size_t count = sizeof(all) / sizeof(all[0]), total = 0;
    for (size_t i = 0; i < count; i++)
        total += all[i]->len;
    buf_reset(texts);
    buf_reserve(texts, total);
    for (size_t i = 0; i < count; i++) {
        size_t from = texts->len;
        buf_add_str(texts, *all[i]);
        *all[i] = str_from(texts->at + from, all[i]->len);
    }
}
