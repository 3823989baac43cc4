#include "campaign/repeat.h"

/* The parts in the order in which they are stored, as people call them. */
static const char *const part_names[] = {"message",      "audience", "job name",
                                         "message name", "identity", "lane",
                                         "guarantee",    "pool",     "weight"};

_Static_assert(sizeof(part_names) / sizeof(part_names[0]) == JOB_KEY_PARTS, "a name for each part");

/* Nothing for what is so without being said: also for keys from before there were weights. */
static struct str weight_text(uint32_t weight, char text[16])
{
    if (weight <= 1)
        return STR("");
    snprintf(text, 16, "%u", weight);
    return str_of(text);
}

void repeat_describe(const struct submission *what, struct job_key *out)
{
    char weight[16];
    const struct str parts[JOB_KEY_PARTS] = {
        what->source,
        what->segment,
        what->name,
        what->message_name,
        what->identity,
        str_of(job_lane_name(what->lane)),
        str_of(job_guarantee_name(what->guarantee)),
        what->pool,
        weight_text(what->weight, weight),
    };
    for (size_t i = 0; i < JOB_KEY_PARTS; i++)
        job_key_hash(parts[i], out->parts[i]);
}

/* "message, audience": the parts that are not the same; nothing when all are. */
static void add_differences(struct buf *out, const struct job_key *a, const struct job_key *b)
{
    for (size_t i = 0; i < JOB_KEY_PARTS; i++) {
        if (memcmp(a->parts[i], b->parts[i], JOB_KEY_HASH) == 0)
            continue;
        buf_add_text(out, out->len ? ", " : "");
        buf_add_text(out, part_names[i]);
    }
}

bool repeat_find(struct txn *txn, struct str key, const struct job_key *description,
                 struct campaign_answer *answer)
{
    struct job_key known;
    struct job_record job;
    struct buf differences = BUF_INIT;
    if (!job_key_read(txn, key, &known) || !job_read(txn, known.job, &job))
        return false;
    add_differences(&differences, &known, description);
    answer->result = differences.len ? CAMPAIGN_CONFLICT : CAMPAIGN_OK;
    answer->repeated = true;
    answer->job = job.id;
    answer->recipients = job.recipients;
    if (differences.len)
        err_set(&answer->err,
                "The key \"%.*s\" was used for job %u, and this submission is another one (other "
                "%s): give it a key of its own.",
                STR_ARG(key), job.id, differences.at);
    buf_release(&differences);
    return true;
}
