/*
 * Example, "raif" stands at 46,443 since 2023-11-14 22:13:20, and "left" at -1:
 *     72616966 → 01 000000000000b56b 6553f100
 *     6c656674 → 01 ffffffffffffffff 6553f100
 */
#include "store/counters.h"

#include <inttypes.h>

#include "store/record.h"
#include "store/table.h"

_Static_assert(COUNTER_NAME_MAX + 1 <= KEY_MAX, "a key is never cut");

enum { COUNTER_VERSION = 1, COUNTER_SIZE = 13 };

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool counter_name_is_kept(struct str name)
{
    if (name.len == 0 || name.len > COUNTER_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* False if the name is no label. */
static bool name_key(struct str name, struct key *key)
{
    KEY_INIT(key);
    for (size_t i = 0; i < name.len && i <= COUNTER_NAME_MAX; i++)
        key_u8(key, (uint8_t)small(name.at[i]));
    return counter_name_is_kept(key_view(key));
}

bool counter_parse(struct str key, struct str value, struct counter *out)
{
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == COUNTER_VERSION;
    *out = (struct counter){.value = 0};
    out->value = (int64_t)read_u64(&r);
    out->changed = read_u32(&r);
    if (!counter_name_is_kept(key) || !known || r.bad || r.left)
        return false;
    memcpy(out->name, key.at, key.len);
    return true;
}

static bool find(struct txn *txn, const struct key *key, struct counter *out)
{
    struct str value;
    if (!table_get(txn, TABLE_COUNTERS, key, &value))
        return false;
    return counter_parse(key_view(key), value, out) ||
           txn_damaged(txn, TABLE_COUNTERS, key_view(key));
}

bool counter_find(struct txn *txn, struct str name, struct counter *out)
{
    struct key key;
    return name_key(name, &key) && find(txn, &key, out);
}

bool counter_read(struct txn *txn, struct str name, int64_t *value)
{
    struct counter counter;
    bool found = counter_find(txn, name, &counter);
    if (found)
        *value = counter.value;
    return found;
}

bool counter_next(struct txn *txn, struct counter *at)
{
    struct key key;
    struct str found, value;
    KEY_INIT(&key);
    key_str(&key, str_of(at->name));
    key_u8(&key, 0); /* the smallest key that is greater */
    if (!table_seek(txn, TABLE_COUNTERS, &key, &found, &value))
        return false;
    return counter_parse(found, value, at) || txn_damaged(txn, TABLE_COUNTERS, found);
}

static void counter_write(struct txn *txn, const struct counter *counter)
{
    uint8_t value[COUNTER_SIZE], *at = value;
    struct key key;
    KEY_INIT(&key);
    key_str(&key, str_of(counter->name));
    at = write_u8(at, COUNTER_VERSION);
    at = write_u64(at, (uint64_t)counter->value);
    write_u32(at, counter->changed);
    table_put(txn, TABLE_COUNTERS, &key, str_from(value, sizeof(value)));
}

int counter_name_check(struct str name, struct err *err)
{
    struct key key;
    if (name_key(name, &key))
        return 0;
    return err_set(err,
                   "\"%.*s\" cannot be the name of a counter: use 1 to %d letters (a-z), digits, "
                   "\"-\", \"_\" and \".\".",
                   STR_ARG(text_cut(name, COUNTER_NAME_MAX)), COUNTER_NAME_MAX);
}

/* The counter of this name, or a new one, which is 0. */
static int look(struct txn *txn, struct str name, struct counter_change *out, struct err *err)
{
    struct key key;
    *out = (struct counter_change){.made = false};
    if (counter_name_check(name, err) != 0)
        return -1;
    name_key(name, &key);
    if (find(txn, &key, &out->after))
        return 0;
    if (table_count(txn, TABLE_COUNTERS) >= COUNTERS_MAX)
        return err_set(err,
                       "There are %d counters already, which is the most there can be: delete "
                       "some that no message shows any more.",
                       COUNTERS_MAX);
    memcpy(out->after.name, key.at, key.len);
    out->made = true;
    return 0;
}

static void change(struct txn *txn, struct counter_change *it, int64_t value, uint32_t now)
{
    if (it->after.value == value && !it->made)
        return;
    it->after.value = value;
    it->after.changed = now;
    counter_write(txn, &it->after);
}

int counter_set(struct txn *txn, struct str name, int64_t value, uint32_t now,
                struct counter_change *out, struct err *err)
{
    if (look(txn, name, out, err) != 0)
        return -1;
    change(txn, out, value, now);
    return 0;
}

int counter_add(struct txn *txn, struct str name, int64_t by, uint32_t now,
                struct counter_change *out, struct err *err)
{
    int64_t sum;
    if (look(txn, name, out, err) != 0)
        return -1;
    if (__builtin_add_overflow(out->after.value, by, &sum))
        return err_set(err,
                       "The counter \"%s\" is %" PRId64 ": with %" PRId64
                       " more it would not fit into 64 bits.",
                       out->after.name, out->after.value, by);
    change(txn, out, sum, now);
    return 0;
}

bool counter_delete(struct txn *txn, struct str name)
{
    struct key key;
    return name_key(name, &key) && table_delete(txn, TABLE_COUNTERS, &key);
}
