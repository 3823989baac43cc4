#include "cli/job.h"

#include <inttypes.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/forecast.h"
#include "cli/table.h"
#include "cli/text.h"

/* Columns of the bar, and of the numbers behind it. */
enum { BAR_MIN = 10, BAR_MAX = 40, NUMBERS = 34 };

void job_read(struct job *job, const json_t *object)
{
    *job = (struct job){
        .id = json_count(object, "id"),
        .name = json_text(object, "name"),
        .state = json_text(object, "state"),
        .lane = json_text(object, "lane"),
        .guarantee = json_text(object, "guarantee"),
        .to = json_text(object, "to"),
        .message = json_count(object, "message"),
        .identity = json_text(object, "identity"),
        .pool = json_text(object, "pool"),
        .weight = json_count(object, "weight"),
        .created = json_text(object, "created_at"),
        .started = json_text(object, "started_at"),
        .finished = json_text(object, "finished_at"),
        .message_version = json_count(object, "message_version"),
        .recipients = json_count(object, "recipients"),
        .queued = json_count(object, "queued"),
        .in_flight = json_count(object, "in_flight"),
        .in_doubt = json_count(object, "in_doubt"),
        .delivered = json_count(object, "delivered"),
        .deferred = json_count(object, "deferred"),
        .bounced = json_count(object, "bounced"),
        .skipped = json_count(object, "skipped"),
        .expired = json_count(object, "expired"),
        .cancelled = json_count(object, "cancelled"),
        .spread = json_count(json_object_get(object, "queueing"), "done"),
        .left_s = forecast_is_there(object) ? forecast_left_s(object) : 0,
    };
}

static bool is_ended(const struct job *job)
{
    return strcmp(job->state, "finished") == 0 || strcmp(job->state, "cancelled") == 0;
}

bool job_is_over(const struct job *job)
{
    return is_ended(job) && job->in_flight == 0;
}

uint64_t job_done(const struct job *job)
{
    uint64_t open = job->queued + job->in_flight + job->deferred;
    if (!is_ended(job) && strcmp(job->guarantee, "at-most-once") != 0)
        open += job->in_doubt; /* they are sent again */
    return job->recipients > open ? job->recipients - open : 0;
}

/* The numbers of a report, and in this order those of a frame that are not 0. */
struct part {
    const char *name;
    uint64_t count;
};

enum { PARTS = 9 };

static void list_parts(const struct job *job, struct part parts[PARTS])
{
    const struct part all[PARTS] = {
        {"delivered", job->delivered}, {"deferred", job->deferred}, {"bounced", job->bounced},
        {"in flight", job->in_flight}, {"in doubt", job->in_doubt}, {"skipped", job->skipped},
        {"expired", job->expired},     {"queued", job->queued},     {"cancelled", job->cancelled},
    };
    memcpy(parts, all, sizeof(all));
}

/* Gathers one line, cuts it and ends it. */
static void end_line(struct buf *out, struct buf *line, unsigned columns)
{
    text_cut(out, buf_str(line), columns);
    buf_add_byte(out, '\n');
    buf_reset(line);
}

static void add_title(struct buf *line, const struct job *job)
{
    buf_addf(line, "Job %" PRIu64 " \"", job->id);
    text_clean(line, str_of(job->name));
    buf_add_text(line, "\": ");
    text_clean(line, str_of(job->state));
    if (job->spread > 0 && job->spread < job->recipients && !job_is_over(job)) {
        buf_add_text(line, " (queueing ");
        text_percent(line, job->spread, job->recipients);
        buf_add_byte(line, ')');
    }
}

static void add_bar(struct buf *line, const struct job *job, unsigned columns, bool utf8)
{
    unsigned cells = columns > NUMBERS + BAR_MIN ? columns - NUMBERS : BAR_MIN;
    cells = cells < BAR_MAX ? cells : BAR_MAX;
    text_bar(line, job_done(job), job->recipients, cells, utf8);
    buf_add_text(line, "  ");
    text_percent(line, job_done(job), job->recipients);
    buf_add_text(line, "  ");
    text_number(line, job_done(job));
    buf_add_text(line, " of ");
    text_number(line, job->recipients);
}

static void add_parts(struct buf *line, const struct job *job)
{
    struct part parts[PARTS];
    list_parts(job, parts);
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].count == 0 && i > 2)
            continue;
        buf_addf(line, "%s%s ", i > 0 ? "   " : "", parts[i].name);
        text_number(line, parts[i].count);
    }
}

/* What can be said about the end: a rate and the time left, or what is waited for. */
static void add_outlook(struct buf *line, const struct job *job, const struct pace *pace)
{
    uint64_t to_go = job->recipients - job_done(job);
    uint64_t again = to_go - job->queued - job->in_flight; /* deferred, or in doubt */
    int64_t left = job->left_s > 0 ? job->left_s : pace_left_s(pace, to_go);
    if (strcmp(job->state, "paused") == 0) {
        buf_addf(line, "\"tocsin job resume %" PRIu64 "\" goes on.", job->id);
    } else if (to_go > 0 && again == to_go) {
        buf_add_text(line, "Waiting to try ");
        text_count(line, again, "copy", "copies");
        buf_add_text(line, " again.");
    } else {
        text_rate(line, pace_rate(pace));
        if (left < 0)
            return;
        buf_add_text(line, job->left_s > 0 ? "   about " : "   ");
        if (job->left_s > 0)
            forecast_say_about(line, (uint64_t)left);
        else
            text_duration(line, (uint64_t)left);
        buf_add_text(line, " left");
    }
}

void job_frame(struct buf *out, const struct job *job, const struct pace *pace, unsigned columns,
               bool utf8)
{
    struct buf line = BUF_INIT;
    add_title(&line, job);
    end_line(out, &line, columns);
    add_bar(&line, job, columns, utf8);
    end_line(out, &line, columns);
    add_parts(&line, job);
    end_line(out, &line, columns);
    add_outlook(&line, job, pace);
    end_line(out, &line, columns);
    buf_release(&line);
}

static void report_text(struct table *record, const char *name, const char *value)
{
    if (*value)
        record_text(record, name, str_of(value));
}

static void report_message(struct table *record, const struct job *job)
{
    struct buf value = BUF_INIT;
    buf_addf(&value, "%" PRIu64 ", version %" PRIu64, job->message, job->message_version);
    record_text(record, "message", buf_str(&value));
    buf_release(&value);
}

static void report_number(struct table *record, const char *name, uint64_t count, uint64_t whole)
{
    struct buf value = BUF_INIT;
    text_number(&value, count);
    if (whole > 0) {
        buf_add_text(&value, "  (");
        text_percent(&value, count, whole);
        buf_add_byte(&value, ')');
    }
    record_text(record, name, buf_str(&value));
    buf_release(&value);
}

static void report_time_taken(struct table *record, const struct job *job)
{
    struct buf value = BUF_INIT;
    int64_t from = text_time_read(job->started), to = text_time_read(job->finished);
    if (from >= 0 && to >= from) {
        text_duration(&value, (uint64_t)(to - from));
        if (to > from) {
            buf_add_text(&value, ", ");
            text_rate(&value, (double)(job->delivered + job->bounced) / (double)(to - from));
        }
        record_text(record, "took", buf_str(&value));
    }
    buf_release(&value);
}

static void report_numbers(struct table *record, const struct job *job)
{
    struct part parts[PARTS];
    list_parts(job, parts);
    report_number(record, "recipients", job->recipients, 0);
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].count > 0 || i == 0)
            report_number(record, parts[i].name, parts[i].count, job->recipients);
}

void job_report(const struct job *job)
{
    struct table *record = record_new();
    report_number(record, "job", job->id, 0);
    report_text(record, "name", job->name);
    report_text(record, "state", job->state);
    report_text(record, "to", job->to);
    report_message(record, job);
    report_text(record, "lane", job->lane);
    report_text(record, "guarantee", job->guarantee);
    report_text(record, "identity", job->identity);
    report_text(record, "pool", job->pool);
    report_number(record, "weight", job->weight, 0);
    record_time(record, "created", job->created);
    record_time(record, "started", job->started);
    record_time(record, "finished", job->finished);
    report_time_taken(record, job);
    report_numbers(record, job);
    table_print(record);
    table_free(record);
}
