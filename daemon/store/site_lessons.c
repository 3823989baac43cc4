/*
 * Example, mx.example:25 without overlap, because of "lost count":
 *     6d782e6578616d706c653a3235 → 01 01 65000000 000a 6c6f737420636f756e74
 */
#include "store/site_lessons.h"

#include "store/record.h"
#include "store/table.h"

enum {
    SITE_LESSON_VERSION = 1,
    SITE_LESSON_FIXED = 8,
    SITE_FLAGS_ALL = SITE_NO_OVERLAP | SITE_PLAIN | SITE_NO_CHUNKING
};

static bool is_kept(struct str site)
{
    return site.len > 0 && site.len <= SITE_LESSON_KEY_MAX;
}

static struct key site_key(struct str site)
{
    struct key key;
    KEY_INIT(&key);
    key_str(&key, site);
    return key;
}

bool site_lesson_parse(struct str value, struct site_lesson *out)
{
    struct reader r = reader_of(value);
    bool known = read_u8(&r) == SITE_LESSON_VERSION;
    out->flags = read_u8(&r);
    out->learned_at = read_u32(&r);
    out->why = read_bytes(&r, read_u16(&r));
    return known && !r.bad && r.left == 0 && out->flags && !(out->flags & ~SITE_FLAGS_ALL) &&
           out->why.len <= SITE_LESSON_WHY_MAX;
}

bool site_lesson_read(struct txn *txn, struct str site, struct site_lesson *out)
{
    struct key key = site_key(site);
    struct str value;
    if (!is_kept(site) || !table_get(txn, TABLE_SITES, &key, &value))
        return false;
    return site_lesson_parse(value, out) || txn_damaged(txn, TABLE_SITES, key_view(&key));
}

void site_lesson_write(struct txn *txn, struct str site, const struct site_lesson *lesson)
{
    uint8_t value[SITE_LESSON_FIXED + SITE_LESSON_WHY_MAX], *at = value;
    struct key key = site_key(site);
    struct str why = text_cut(lesson->why, SITE_LESSON_WHY_MAX);
    if (!is_kept(site))
        return;
    at = write_u8(at, SITE_LESSON_VERSION);
    at = write_u8(at, lesson->flags);
    at = write_u32(at, lesson->learned_at);
    at = write_u16(at, (uint16_t)why.len);
    at = write_bytes(at, why);
    table_put(txn, TABLE_SITES, &key, str_from(value, (size_t)(at - value)));
}

void site_lesson_forget(struct txn *txn, struct str site)
{
    struct key key = site_key(site);
    if (is_kept(site))
        table_delete(txn, TABLE_SITES, &key);
}
