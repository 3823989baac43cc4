#include "delivery/rules.h"

#include "base/alloc.h"
#include "base/glob.h"
#include "base/hash.h"

/* --- Which rule --- */

struct str rules_text(const struct smtp_reply *reply, char room[RULES_TEXT_MAX])
{
    struct buf line = BUF_INIT;
    size_t len = 0;
    smtp_reply_format(reply, &line);
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] != ' ' || (len && line.at[len - 1] != ' '))
            line.at[len++] = line.at[i];
    len = smtp_text_fit(str_trim(str_from(line.at, len)), RULES_TEXT_MAX);
    memcpy(room, line.at, len);
    buf_release(&line);
    return str_from(room, len);
}

static bool is_for(const struct rule *rule, const struct provider *provider)
{
    return rule->provider.len == 0 || (provider && str_eq_nocase(rule->provider, provider->name));
}

static bool matches(const struct rule *rule, struct str text)
{
    for (size_t i = 0; i < rule->reply_count; i++)
        if (glob_match(rule->replies[i], text))
            return true;
    return false;
}

bool rules_match(const struct config *config, const struct provider *provider,
                 const struct smtp_reply *reply, const struct rule **out)
{
    char room[RULES_TEXT_MAX];
    if (reply->code < 400 || reply->code > 599)
        return false;
    struct str text = rules_text(reply, room);
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct rule *rule = &config->rules[i];
        if (!is_for(rule, provider) || !matches(rule, text))
            continue;
        *out = rule;
        return true;
    }
    return false;
}

bool rule_spares_recipient(const struct rule *rule)
{
    return rule->action == RULE_SUSPEND || rule->action == RULE_SLOW || rule->action == RULE_BLOCK;
}

/* --- How often --- */

/* Matches that are close together, known by the first of them. */
struct mark {
    int64_t at_ms;
    uint32_t matches;
};

struct rule_count {
    UT_hash_handle hh;
    struct mark marks[RULES_EXACT]; /* the oldest first */
    size_t mark_count;
    size_t key_len;
    char key[];
};

/* job · rule · 0 · place · 0 · source: none of them has a NUL */
static void make_key(struct buf *key, const struct rule *rule, struct str place, struct str source,
                     uint32_t job)
{
    buf_add_u32be(key, job);
    buf_add_str(key, rule->name);
    buf_add_byte(key, '\0');
    buf_add_str(key, place);
    buf_add_byte(key, '\0');
    buf_add_str(key, source);
}

static void drop(struct rules_memory *memory, struct rule_count *count)
{
    HASH_DEL(memory->counts, count);
    free(count);
}

static void put_last(struct rules_memory *memory, struct rule_count *count)
{
    HASH_ADD_KEYPTR(hh, memory->counts, count->key, count->key_len, count);
}

static struct rule_count *make_count(struct rules_memory *memory, struct str key)
{
    if (HASH_COUNT(memory->counts) >= RULES_COUNTS_MAX)
        drop(memory, memory->counts);
    struct rule_count *count = alloc_zero(1, sizeof(*count) + key.len);
    memcpy(count->key, key.at, key.len);
    count->key_len = key.len;
    put_last(memory, count);
    return count;
}

/* The one of this key, as the one that was met last. */
static struct rule_count *get_count(struct rules_memory *memory, struct str key)
{
    struct rule_count *count;
    HASH_FIND(hh, memory->counts, key.at, key.len, count);
    if (!count)
        return make_count(memory, key);
    HASH_DEL(memory->counts, count);
    put_last(memory, count);
    return count;
}

static void drop_old(struct rule_count *count, const struct rule *rule, int64_t now_ms)
{
    size_t old = 0;
    while (old < count->mark_count && now_ms - count->marks[old].at_ms >= rule->within_ms)
        old++;
    count->mark_count -= old;
    memmove(count->marks, count->marks + old, count->mark_count * sizeof(count->marks[0]));
}

/* A mark covers a sixteenth of the time, rounded up, so there is always room for those that still
 * count; but for a reload that gave the rule other numbers. */
static bool joins_last(const struct rule_count *count, const struct rule *rule, int64_t now_ms)
{
    if (count->mark_count == 0)
        return false;
    int64_t covers = (rule->within_ms + RULES_EXACT - 1) / RULES_EXACT;
    bool close = now_ms - count->marks[count->mark_count - 1].at_ms < covers;
    return count->mark_count == RULES_EXACT || (rule->count > RULES_EXACT && close);
}

static void add_match(struct rule_count *count, const struct rule *rule, int64_t now_ms)
{
    if (!joins_last(count, rule, now_ms))
        count->marks[count->mark_count++] = (struct mark){now_ms, 0};
    count->marks[count->mark_count - 1].matches++;
}

static uint64_t sum(const struct rule_count *count)
{
    uint64_t matches = 0;
    for (size_t i = 0; i < count->mark_count; i++)
        matches += count->marks[i].matches;
    return matches;
}

bool rules_count(struct rules_memory *memory, const struct rule *rule, struct str place,
                 struct str source, uint32_t job, int64_t now_ms)
{
    struct buf key = BUF_INIT;
    if (rule->count <= 1)
        return true;
    make_key(&key, rule, place, source, job);
    struct rule_count *count = get_count(memory, buf_str(&key));
    buf_release(&key);
    drop_old(count, rule, now_ms);
    add_match(count, rule, now_ms);
    if (sum(count) < rule->count)
        return false;
    drop(memory, count);
    return true;
}

void rules_memory_release(struct rules_memory *memory)
{
    struct rule_count *count, *next;
    HASH_ITER(hh, memory->counts, count, next)
    drop(memory, count);
}
