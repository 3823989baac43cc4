#include "cli/forecast.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/table.h"
#include "cli/text.h"

static const struct column columns[] = {
    {"RECEIVER", COLUMN_CUT}, {"RECIPIENTS", COLUMN_NUMBER}, {"SHARE", COLUMN_NUMBER},
    {"PACE", COLUMN_NUMBER},  {"FINISHED", COLUMN_TEXT},     {"LIMITED BY", COLUMN_WRAP},
};

bool forecast_is_there(const json_t *object)
{
    return json_array_size(json_object_get(object, "forecast")) > 0;
}

/* -1: null, or nothing. */
static int64_t number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
                                                                    : -1;
}

int64_t forecast_left_s(const json_t *object)
{
    return number_of(object, "finished_in_s");
}

/* -- Words. */

void forecast_say_about(struct buf *out, uint64_t seconds)
{
    uint64_t minutes = (seconds + 59) / 60, hours = (seconds + 3599) / 3600;
    if (seconds < 120)
        buf_addf(out, "%" PRIu64 " s", seconds);
    else if (minutes < 60)
        buf_addf(out, "%" PRIu64 " min", minutes);
    else if (hours < 24)
        buf_addf(out, "%" PRIu64 " h %" PRIu64 " min", minutes / 60, minutes % 60);
    else
        buf_addf(out, "%" PRIu64 " d %" PRIu64 " h", hours / 24, hours % 24);
}

static void say_clock(struct buf *out, int64_t at, int64_t now)
{
    time_t seconds = (time_t)at;
    char iso[32];
    struct tm tm;
    if (gmtime_r(&seconds, &tm) && strftime(iso, sizeof(iso), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        text_clock(out, iso, now);
}

void forecast_say_end(struct buf *out, uint64_t seconds, int64_t now)
{
    buf_add_text(out, "in about ");
    forecast_say_about(out, seconds);
    buf_add_text(out, " (");
    say_clock(out, now + (int64_t)seconds, now);
    buf_add_byte(out, ')');
}

static void say_group_end(struct buf *out, const json_t *group, int64_t now)
{
    int64_t seconds = number_of(group, "seconds");
    if (seconds >= 0)
        forecast_say_end(out, (uint64_t)seconds, now);
    else
        buf_add_text(out, "nobody knows");
}

/* "2 connections", "suspended until 14:05". */
static void say_limit(struct buf *out, const json_t *group, int64_t now)
{
    const char *until = json_text(group, "waits_until");
    buf_add_text(out, json_text(group, "limited_by"));
    if (*until) {
        buf_add_text(out, " until ");
        text_clock(out, until, now);
    } else if (number_of(group, "seconds") < 0) {
        buf_add_text(out, " until somebody resumes it");
    }
}

/* The one that ends last; one of which nobody knows ends after all others. */
static const json_t *slowest(const json_t *groups)
{
    const json_t *last = NULL;
    int64_t longest = -1;
    size_t i;
    json_t *group;
    json_array_foreach(groups, i, group)
    {
        int64_t seconds = number_of(group, "seconds");
        if (seconds < 0)
            return group;
        if (seconds > longest) {
            longest = seconds;
            last = group;
        }
    }
    return last;
}

void forecast_say_whole(struct buf *out, const json_t *object, int64_t now)
{
    const json_t *last = slowest(json_object_get(object, "forecast"));
    int64_t left = forecast_left_s(object);
    struct buf words = BUF_INIT;
    if (left >= 0) {
        buf_add_text(out, "All of it is finished ");
        forecast_say_end(out, (uint64_t)left, now);
    } else {
        buf_add_text(out, "Nobody knows when it is finished");
    }
    if (last) {
        say_limit(&words, last, now);
        buf_add_text(out, "; what takes longest is ");
        text_clean(out, str_of(json_text(last, "group")));
        buf_add_text(out, ": ");
        text_clean(out, buf_str(&words));
    }
    buf_add_byte(out, '.');
    buf_release(&words);
}

/* -- The table. */

static uint64_t all_of(const json_t *groups)
{
    uint64_t sum = 0;
    size_t i;
    json_t *group;
    json_array_foreach(groups, i, group) sum += json_count(group, "recipients");
    return sum;
}

static void set_cell(struct table *table, size_t column, struct buf *text)
{
    table_text(table, column, buf_str(text));
    buf_reset(text);
}

static void say_name(struct buf *out, const json_t *group)
{
    uint64_t sites = json_count(group, "sites");
    buf_add_text(out, json_text(group, "group"));
    if (sites > 1)
        buf_addf(out, " (%" PRIu64 " sites)", sites);
}

static void say_pace(struct buf *out, const json_t *group)
{
    int64_t pace = number_of(group, "rate_per_hour"), seen = number_of(group, "observed_per_hour");
    if (pace < 0)
        return;
    text_number(out, (uint64_t)(seen > 0 && seen < pace ? seen : pace));
    buf_add_text(out, "/h");
}

static void add_group(struct table *table, const json_t *group, uint64_t whole, int64_t now)
{
    struct buf text = BUF_INIT;
    table_row(table);
    say_name(&text, group);
    set_cell(table, 0, &text);
    table_number(table, 1, json_count(group, "recipients"));
    text_percent(&text, json_count(group, "recipients"), whole);
    set_cell(table, 2, &text);
    say_pace(&text, group);
    set_cell(table, 3, &text);
    say_group_end(&text, group, now);
    set_cell(table, 4, &text);
    say_limit(&text, group, now);
    set_cell(table, 5, &text);
    buf_release(&text);
}

void forecast_print(const json_t *object, int64_t now)
{
    const json_t *groups = json_object_get(object, "forecast");
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    struct buf line = BUF_INIT;
    uint64_t whole = all_of(groups);
    size_t i;
    json_t *group;
    json_array_foreach(groups, i, group) add_group(table, group, whole, now);
    table_print(table);
    table_free(table);
    forecast_say_whole(&line, object, now);
    puts(line.at);
    buf_release(&line);
}
