/*
 * Example, mail3 has taken 50 messages to google on 2026-12-01:
 *     6d61696c33 00 676f6f676c65 → 01 00005134 00000032
 */
#include "store/warm_up.h"

#include "store/record.h"
#include "store/table.h"

enum { WARM_UP_VERSION = 1, WARM_UP_SIZE = 9 };

_Static_assert(WARM_UP_NAMES_MAX + 1 <= KEY_MAX, "a key is never cut");

static bool is_place(const struct warm_up_place *place)
{
    return place->source.len > 0 && place->source.len + place->provider.len <= WARM_UP_NAMES_MAX &&
           !str_find(place->source, '\0') && !str_find(place->provider, '\0');
}

static struct key place_key(const struct warm_up_place *place)
{
    struct key key;
    KEY_INIT(&key);
    key_str(&key, place->source);
    key_u8(&key, 0);
    key_str(&key, place->provider);
    return key;
}

bool warm_up_parse(struct str key, struct str value, struct warm_up_record *out)
{
    const char *end = str_find(key, '\0');
    size_t source = end ? (size_t)(end - key.at) : key.len;
    struct warm_up_place place = {str_from(key.at, source), str_skip(key, source + 1)};
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == WARM_UP_VERSION;
    out->day = read_u32(&r);
    out->taken = read_u32(&r);
    return end && is_place(&place) && known && !r.bad && r.left == 0 && out->taken > 0;
}

bool warm_up_read(struct txn *txn, const struct warm_up_place *place, struct warm_up_record *out)
{
    struct key key = place_key(place);
    struct str value;
    *out = (struct warm_up_record){.day = 0};
    if (!is_place(place) || !table_get(txn, TABLE_WARM_UP, &key, &value))
        return false;
    return warm_up_parse(key_view(&key), value, out) ||
           txn_damaged(txn, TABLE_WARM_UP, key_view(&key));
}

static void record_write(struct txn *txn, const struct warm_up_place *place,
                         const struct warm_up_record *record)
{
    struct key key = place_key(place);
    uint8_t value[WARM_UP_SIZE], *at = value;
    at = write_u8(at, WARM_UP_VERSION);
    at = write_u32(at, record->day);
    write_u32(at, record->taken);
    table_put(txn, TABLE_WARM_UP, &key, str_from(value, sizeof(value)));
}

uint32_t warm_up_take(struct txn *txn, const struct warm_up_place *place, uint32_t day,
                      uint32_t budget, uint32_t want, uint32_t *taken)
{
    struct warm_up_record record;
    if (!warm_up_read(txn, place, &record) || record.day < day)
        record = (struct warm_up_record){.day = day};
    uint32_t left = record.taken < budget ? budget - record.taken : 0;
    uint32_t got = want < left ? want : left;
    *taken = record.taken += got;
    if (!is_place(place) || got == 0)
        return 0;
    record_write(txn, place, &record);
    return got;
}

void warm_up_give_back(struct txn *txn, const struct warm_up_place *place, uint32_t day,
                       uint32_t count)
{
    struct warm_up_record record;
    struct key key = place_key(place);
    if (!warm_up_read(txn, place, &record) || record.day != day)
        return;
    record.taken -= count < record.taken ? count : record.taken;
    if (record.taken > 0)
        record_write(txn, place, &record);
    else
        table_delete(txn, TABLE_WARM_UP, &key);
}

/* The next record after `at`, which is empty at first; false at the end. */
static bool next(struct txn *txn, struct key *at, struct warm_up_record *out)
{
    struct str key, value;
    key_u8(at, 0); /* the smallest key that is greater */
    if (!table_seek(txn, TABLE_WARM_UP, at, &key, &value))
        return false;
    KEY_INIT(at);
    key_str(at, key);
    return warm_up_parse(key, value, out) || txn_damaged(txn, TABLE_WARM_UP, key);
}

void warm_up_forget(struct txn *txn, uint32_t day)
{
    struct warm_up_record record;
    struct key at;
    KEY_INIT(&at);
    while (next(txn, &at, &record))
        if (record.day < day)
            table_delete(txn, TABLE_WARM_UP, &at);
}
