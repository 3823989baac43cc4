/*
 * The parsers of stored records, on any bytes: whatever they accept lies within the input, keeps
 * the bounds of the headers, and is read the same by the walks that callers use. The first byte
 * chooses the parser.
 */
#include <assert.h>
#include <xxhash.h>

#include "store/record.h"
#include "store/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_within(struct str part, struct str whole)
{
    assert(part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

static void try_contact(struct str value)
{
    struct contact c;
    struct contact_attribute a;
    if (!contact_parse(value, &c))
        return;
    assert_within(c.address, value);
    assert_within(c.attributes, value);
    struct str rest = c.attributes;
    size_t before = rest.len + 1;
    while (contact_next_attribute(&rest, &a)) {
        assert(rest.len < before);
        assert_within(a.value, value);
        assert(a.id <= UINT16_MAX && contact_value(&c, a.id).at);
        before = rest.len;
    }
    assert(rest.len == 0);
}

static void try_job(struct str value)
{
    struct job_record job;
    if (!job_parse(value, &job))
        return;
    assert_within(job.name, value);
    assert_within(job.segment, value);
    assert_within(job.identity, value);
    assert(job_state_name(job.state) && job_lane_name(job.lane));
    assert(job.name.len + job.segment.len + job.identity.len < value.len);
}

static void try_ledger(struct str value)
{
    struct ledger_entry entry;
    if (!ledger_parse(value, &entry))
        return;
    assert_within(entry.text, value);
    assert(entry.text.len <= LEDGER_TEXT_MAX);
    assert(recipient_state_name(entry.state) && skip_reason_text(entry.reason));
}

static void try_site_lesson(struct str value)
{
    struct site_lesson lesson;
    if (!site_lesson_parse(value, &lesson))
        return;
    assert_within(lesson.why, value);
    assert(lesson.why.len <= SITE_LESSON_WHY_MAX && lesson.why.len + 8 == value.len);
    assert(lesson.flags >= SITE_NO_OVERLAP && lesson.flags <= 7);
}

/* A key behind its length, and a value. */
static void try_restraint(struct str input)
{
    struct restraint_record r;
    size_t len = input.len ? (uint8_t)input.at[0] : 0;
    struct str rest = str_skip(input, 1), key = str_from(rest.at, len < rest.len ? len : rest.len);
    struct str value = str_skip(rest, key.len);
    if (!restraint_parse(key, value, &r))
        return;
    assert_within(r.place, key);
    assert_within(r.source, key);
    assert_within(r.rule, key);
    assert_within(r.text, value);
    assert(r.place.len + r.source.len + r.rule.len + 8 == key.len && key.len <= KEY_MAX);
    assert(r.text.len <= RESTRAINT_TEXT_MAX && r.text.len + 24 == value.len);
    assert(r.began <= r.until && (r.job != 0) == (r.action == RESTRAINT_HOLD_JOB));
    assert((r.rate.count || r.connections) == (r.action == RESTRAINT_SLOW));
}

static void try_warm_up(struct str input)
{
    struct warm_up_record r;
    size_t len = input.len ? (uint8_t)input.at[0] : 0;
    struct str rest = str_skip(input, 1), key = str_from(rest.at, len < rest.len ? len : rest.len);
    struct str value = str_skip(rest, key.len);
    if (!warm_up_parse(key, value, &r))
        return;
    assert(key.len <= WARM_UP_NAMES_MAX + 1 && memchr(key.at, '\0', key.len) > (void *)key.at);
    assert(value.len == 9 && r.taken > 0);
}

static void try_queue_count(struct str input)
{
    struct queue_count count;
    struct str key = str_from(input.at, input.len < 8 ? input.len : 8);
    struct str value = str_skip(input, key.len);
    if (!queue_count_parse(key, value, &count))
        return;
    assert(key.len == 8 && value.len == 4 && count.count > 0);
}

static void try_counter(struct str input)
{
    struct counter c;
    size_t len = input.len ? (uint8_t)input.at[0] : 0;
    struct str rest = str_skip(input, 1), key = str_from(rest.at, len < rest.len ? len : rest.len);
    struct str value = str_skip(rest, key.len);
    if (!counter_parse(key, value, &c))
        return;
    assert(str_eq(str_of(c.name), key) && counter_name_is_kept(key) && value.len == 13);
    assert(key.len > 0 && key.len <= COUNTER_NAME_MAX && counter_name_check(key, NULL) == 0);
}

static void try_counter_key(struct str input)
{
    struct counter_key k;
    struct str key = str_from(input.at, input.len < 16 ? input.len : 16);
    struct str value = str_skip(input, key.len);
    if (!counter_key_parse(key, value, &k))
        return;
    assert(key.len == 16 && counter_name_is_kept(str_of(k.name)));
    assert(strlen(k.name) + 13 == value.len);
}

static void try_message(struct str value)
{
    struct str source;
    if (!message_parse(value, &source))
        return;
    assert_within(source, value);
    assert(source.at && source.len + 5 == value.len);
}

static void try_job_key(struct str value)
{
    struct job_key key;
    if (!job_key_parse(value, &key))
        return;
    size_t stored = value.len - 9; /* version 1 has fewer parts */
    assert(key.job > 0 && stored % JOB_KEY_HASH == 0 && stored <= sizeof(key.parts));
    assert(memcmp(key.parts, value.at + 9, stored) == 0);
}

/* The checksum is put right, or no input would ever pass it. */
static void try_set(struct str value)
{
    if (value.len < 4)
        return;
    uint8_t *copy = malloc(value.len);
    assert(copy);
    memcpy(copy, value.at, value.len);
    write_u32(copy, (uint32_t)XXH3_64bits(copy + 4, value.len - 4));
    roaring_bitmap_t *set = set_chunk_parse(str_from(copy, value.len), 0);
    if (set) {
        assert(!roaring_bitmap_is_empty(set));
        assert(roaring_bitmap_maximum(set) <= 0xFFFF);
        roaring_bitmap_free(set);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct str) = {
        try_contact, try_job,       try_ledger,      try_set,     try_site_lesson, try_job_key,
        try_message, try_restraint, try_queue_count, try_warm_up, try_counter,     try_counter_key};
    if (size > 0)
        tries[data[0] % (sizeof(tries) / sizeof(tries[0]))](str_from(data + 1, size - 1));
    return 0;
}
