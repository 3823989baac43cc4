/*
 * Example, job 12, sending in bulk, at least once, message 3 version 2, two recipients, one of them
 * delivered, fan-out complete, weight 3, name "May", segment "list:a", identity "x", pool "news":
 *     0000000c →
 *     03 02 01 00 00000003 00000002 65000000 65000001 00000000 ffffffff 00000002
 *     00000001 00000000 00000000 00000001 00000000 00000000 00000000 00000000
 *     65000001 00 00000000 0003
 *     0003 4d6179 0006 6c6973743a61 0001 78 0004 6e657773
 */
#include "store/jobs.h"

#include "store/record.h"
#include "store/table.h"

enum { JOB_VERSION = 3, JOB_STATES = JOB_FINISHED + 1 };

static struct key job_key(uint32_t id)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, id);
    return key;
}

static bool parse_kind(struct reader *r, unsigned version, struct job_record *out)
{
    bool known = version >= 1 && version <= JOB_VERSION;
    unsigned state = read_u8(r), lane = read_u8(r), guarantee = read_u8(r);
    out->state = (enum job_state)state;
    out->lane = (enum job_lane)lane;
    out->guarantee = (enum job_guarantee)guarantee;
    return known && state < JOB_STATES && lane < LANES && guarantee <= GUARANTEE_AT_MOST_ONCE;
}

bool job_parse(struct str value, struct job_record *out)
{
    struct reader r = reader_of(value);
    unsigned version = read_u8(&r);
    bool known = parse_kind(&r, version, out);
    out->message.id = read_u32(&r);
    out->message.version = read_u32(&r);
    out->created = read_u32(&r);
    out->started = read_u32(&r);
    out->finished = read_u32(&r);
    out->fanned = read_u32(&r);
    out->recipients = read_u32(&r);
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        out->counts[i] = read_u32(&r);
    out->opened = version == 1 ? out->started : read_u32(&r);
    out->retry_states = version == 1 ? 0 : read_u8(&r);
    out->retry_next = version == 1 ? 0 : read_u32(&r);
    out->weight = version < 3 ? 1 : read_u16(&r);
    out->name = read_bytes(&r, read_u16(&r));
    out->segment = read_bytes(&r, read_u16(&r));
    out->identity = read_bytes(&r, read_u16(&r));
    out->pool = version < 3 ? STR("") : read_bytes(&r, read_u16(&r));
    return known && out->weight >= 1 && out->weight <= JOB_WEIGHT_MAX && !r.bad && r.left == 0;
}

bool job_read(struct txn *txn, uint32_t id, struct job_record *out)
{
    struct key key = job_key(id);
    struct str value;
    if (!table_get(txn, TABLE_JOBS, &key, &value))
        return false;
    out->id = id;
    return job_parse(value, out) || txn_damaged(txn, TABLE_JOBS, key_view(&key));
}

static void add_byte(struct buf *out, unsigned n)
{
    buf_add_byte(out, (char)n);
}

static void add_text(struct buf *out, struct str text)
{
    size_t len = text.len < JOB_TEXT_MAX ? text.len : JOB_TEXT_MAX;
    buf_add_u16be(out, (uint16_t)len);
    buf_add(out, text.at, len);
}

void job_write(struct txn *txn, const struct job_record *job)
{
    struct key key = job_key(job->id);
    struct buf value = BUF_INIT;
    add_byte(&value, JOB_VERSION);
    add_byte(&value, job->state);
    add_byte(&value, job->lane);
    add_byte(&value, job->guarantee);
    const uint32_t numbers[] = {job->message.id, job->message.version, job->created,   job->started,
                                job->finished,   job->fanned,          job->recipients};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        buf_add_u32be(&value, numbers[i]);
    for (size_t i = 0; i < RECIPIENT_STATES; i++)
        buf_add_u32be(&value, job->counts[i]);
    buf_add_u32be(&value, job->opened);
    add_byte(&value, job->retry_states);
    buf_add_u32be(&value, job->retry_next);
    buf_add_u16be(&value, (uint16_t)(job->weight ? job->weight : 1));
    add_text(&value, job->name);
    add_text(&value, job->segment);
    add_text(&value, job->identity);
    add_text(&value, job->pool);
    table_put(txn, TABLE_JOBS, &key, buf_str(&value));
    buf_release(&value);
}

void job_keep(struct job_record *job, struct buf *texts)
{
    struct str *all[] = {&job->name, &job->segment, &job->identity, &job->pool};
    buf_reset(texts);
    buf_reserve(texts, job->name.len + job->segment.len + job->identity.len + job->pool.len);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        size_t from = texts->len;
        buf_add_str(texts, *all[i]);
        *all[i] = str_from(texts->at + from, all[i]->len);
    }
}

uint32_t job_next_id(struct txn *txn)
{
    struct str found, value;
    if (!table_last(txn, TABLE_JOBS, &found, &value))
        return 1;
    struct reader r = reader_of(found);
    return read_u32(&r) + 1;
}

bool job_seek_down(struct txn *txn, uint32_t *id, struct job_record *out)
{
    struct key key = job_key(*id);
    struct str found, value;
    if (!table_seek_down(txn, TABLE_JOBS, &key, &found, &value))
        return false;
    struct reader r = reader_of(found);
    *id = out->id = read_u32(&r);
    return job_parse(value, out) || txn_damaged(txn, TABLE_JOBS, found);
}

static const char *const states[] = {"draft",  "scheduled", "sending",
                                     "paused", "cancelled", "finished"};
static const char *const lanes[] = {"transactional", "bulk"};
static const char *const recipients[] = {"queued",  "deferred", "in_doubt", "delivered",
                                         "bounced", "skipped",  "expired",  "cancelled"};

_Static_assert(sizeof(states) / sizeof(states[0]) == JOB_STATES, "a name for each state");
_Static_assert(sizeof(lanes) / sizeof(lanes[0]) == LANES, "a name for each lane");
_Static_assert(sizeof(recipients) / sizeof(recipients[0]) == RECIPIENT_STATES,
               "a name for each recipient state");

const char *job_state_name(enum job_state state)
{
    return states[state];
}

const char *job_lane_name(enum job_lane lane)
{
    return lanes[lane];
}

const char *recipient_state_name(enum recipient_state state)
{
    return recipients[state];
}

const char *job_guarantee_name(enum job_guarantee guarantee)
{
    return guarantee == GUARANTEE_AT_MOST_ONCE ? "at-most-once" : "at-least-once";
}

static bool parse_name(const char *const *names, size_t count, struct str name, unsigned *out)
{
    for (*out = 0; *out < count; (*out)++)
        if (str_eq(name, str_of(names[*out])))
            return true;
    return false;
}

bool job_lane_parse(struct str name, enum job_lane *out)
{
    unsigned n;
    if (!parse_name(lanes, LANES, name, &n))
        return false;
    *out = (enum job_lane)n;
    return true;
}

bool recipient_state_parse(struct str name, enum recipient_state *out)
{
    unsigned n;
    if (!parse_name(recipients, RECIPIENT_STATES, name, &n))
        return false;
    *out = (enum recipient_state)n;
    return true;
}
