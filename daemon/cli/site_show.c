/* tocsin site show: all that is known of a site, or of a provider. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/site_table.h"
#include "cli/site_words.h"
#include "cli/table.h"
#include "cli/text.h"

static void add_words(struct table *record, const char *name, struct buf *words)
{
    if (words->len > 0)
        record_text(record, name, buf_str(words));
    buf_release(words);
}

static void add_text(struct table *record, const char *name, const json_t *object, const char *key)
{
    const char *text = json_text(object, key);
    if (*text)
        record_text(record, name, str_of(text));
}

static void add_number(struct table *record, const char *name, const json_t *site, const char *key)
{
    struct buf words = BUF_INIT;
    text_number(&words, json_count(site, key));
    add_words(record, name, &words);
}

static void add_hosts(struct table *record, const json_t *site)
{
    struct buf words = BUF_INIT;
    json_add_value(&words, json_object_get(site, "hosts"));
    add_words(record, "hosts", &words);
}

/* "limit rate" | "80/s, of site "*"". */
static void add_limits(struct table *record, const json_t *limits)
{
    const char *key;
    json_t *limit;
    json_object_foreach((json_t *)limits, key, limit)
    {
        struct buf name = BUF_INIT, words = BUF_INIT;
        buf_addf(&name, "limit %s", key);
        if (*json_text(limit, "value"))
            buf_addf(&words, "%s, of %s", json_text(limit, "value"), json_text(limit, "from"));
        add_words(record, name.at, &words);
        buf_release(&name);
    }
}

/* "connections 5, rate 100/s" of what limits as the configuration says; nothing if there is none.
 */
static void say_limits(struct buf *out, const json_t *limits)
{
    uint64_t connections = json_count(limits, "connections");
    const char *opened = json_text(limits, "connection_rate"), *rate = json_text(limits, "rate");
    if (connections) {
        buf_add_text(out, "at most ");
        text_count(out, connections, "connection", "connections");
    }
    if (*opened)
        buf_addf(out, "%s%s new ones", out->len ? ", " : "", opened);
    if (*rate)
        buf_addf(out, "%s%s", out->len ? ", " : "", rate);
}

static void add_provider_limits(struct table *record, const json_t *limits)
{
    struct buf together = BUF_INIT, total = BUF_INIT;
    say_limits(&together, json_object_get(limits, "together"));
    add_words(record, "provider, from a source", &together);
    say_limits(&total, json_object_get(limits, "total"));
    add_words(record, "provider, from all", &total);
}

static void print_facts(const json_t *site)
{
    struct table *record = record_new();
    struct buf connections = BUF_INIT, reply = BUF_INIT;
    add_text(record, "site", site, "site");
    add_text(record, "provider", site, "provider");
    add_text(record, "state", site, "state");
    add_text(record, "why", site, "why");
    add_hosts(record, site);
    add_number(record, "domains", site, "domains");
    add_number(record, "queued", site, "queued");
    add_number(record, "in flight", site, "in_flight");
    add_number(record, "answered", site, "answered");
    site_say_connections(&connections, site);
    add_words(record, "connections", &connections);
    site_say_reply(&reply, site, clock_wall_s());
    add_words(record, "last refusal", &reply);
    add_text(record, "lesson", site, "lesson");
    add_limits(record, json_object_get(site, "limits"));
    add_provider_limits(record, json_object_get(site, "provider_limits"));
    table_print(record);
    table_free(record);
}

static const struct column source_columns[] = {
    {"SOURCE", COLUMN_TEXT},   {"STATE", COLUMN_TEXT},      {"CONN", COLUMN_NUMBER},
    {"FLYING", COLUMN_NUMBER}, {"LIMITS NOW", COLUMN_TEXT}, {"UNTIL", COLUMN_TEXT},
    {"BECAUSE", COLUMN_WRAP},
};

static void add_source(struct table *table, const json_t *source)
{
    struct buf limits = BUF_INIT, until = BUF_INIT;
    table_row(table);
    table_text(table, 0, str_of(json_text(source, "source")));
    table_text(table, 1, str_of(json_text(source, "state")));
    table_number(table, 2, json_count(source, "connections"));
    table_number(table, 3, json_count(source, "in_flight"));
    say_limits(&limits, json_object_get(source, "limits"));
    table_text(table, 4, buf_str(&limits));
    if (*json_text(source, "until"))
        text_clock(&until, json_text(source, "until"), clock_wall_s());
    table_text(table, 5, buf_str(&until));
    table_text(table, 6, str_of(json_text(source, "because")));
    buf_release(&limits);
    buf_release(&until);
}

static const struct column restraint_columns[] = {
    {"RESTRAINT", COLUMN_TEXT}, {"AT", COLUMN_TEXT},    {"SOURCE", COLUMN_TEXT},
    {"WHEN", COLUMN_TEXT},      {"CAUSE", COLUMN_TEXT}, {"TEXT", COLUMN_WRAP},
};

static void add_restraint(struct table *table, const json_t *restraint)
{
    struct buf cells[4] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
    static const size_t at[4] = {0, 1, 3, 4};
    restraint_say_what(&cells[0], restraint);
    restraint_say_place(&cells[1], restraint);
    restraint_say_time(&cells[2], restraint, clock_wall_s());
    restraint_say_cause(&cells[3], restraint);
    table_row(table);
    table_text(table, 2, str_of(json_text(restraint, "source")));
    table_text(table, 5, str_of(json_text(restraint, "text")));
    for (size_t i = 0; i < 4; i++) {
        table_text(table, at[i], buf_str(&cells[i]));
        buf_release(&cells[i]);
    }
}

static const struct column job_columns[] = {
    {"JOB", COLUMN_NUMBER},    {"NAME", COLUMN_CUT},      {"LANE", COLUMN_TEXT},
    {"WEIGHT", COLUMN_NUMBER}, {"QUEUED", COLUMN_NUMBER}, {"HELD UNTIL", COLUMN_TEXT},
};

static void add_job(struct table *table, const json_t *job)
{
    struct buf until = BUF_INIT;
    table_row(table);
    table_number(table, 0, json_count(job, "job"));
    table_text(table, 1, str_of(json_text(job, "name")));
    table_text(table, 2, str_of(json_text(job, "lane")));
    table_number(table, 3, json_count(job, "weight"));
    table_number(table, 4, json_count(job, "queued"));
    if (*json_text(job, "held_until"))
        text_clock(&until, json_text(job, "held_until"), clock_wall_s());
    table_text(table, 5, buf_str(&until));
    buf_release(&until);
}

static void print_rows(const json_t *rows, const struct column *columns, size_t count,
                       void (*add_row)(struct table *table, const json_t *row))
{
    struct table *table = table_new(columns, count);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) add_row(table, row);
    if (table_rows(table) > 0)
        putchar('\n');
    table_print(table);
    table_free(table);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void print_restraints(const json_t *owner)
{
    print_rows(json_object_get(owner, "restraints"), restraint_columns, COUNT(restraint_columns),
               add_restraint);
}

static void print_site(const json_t *site)
{
    print_facts(site);
    print_rows(json_object_get(site, "sources"), source_columns, COUNT(source_columns), add_source);
    print_restraints(site);
    print_rows(json_object_get(site, "jobs"), job_columns, COUNT(job_columns), add_job);
}

/* A provider or a source, or a place that no mail goes to now. */
static void print_place(const json_t *place)
{
    struct table *record = record_new();
    const json_t *sites = json_object_get(place, "sites");
    add_text(record, json_text(place, "scope"), place, "name");
    add_provider_limits(record, json_object_get(place, "limits"));
    table_print(record);
    table_free(record);
    print_restraints(place);
    if (json_array_size(sites) > 0)
        putchar('\n');
    site_table_print(sites);
}

static void print_answer(const json_t *place)
{
    const json_t *sites = json_object_get(place, "sites");
    if (json_array_size(sites) == 1)
        print_site(json_array_get(sites, 0));
    else
        print_place(place);
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf target = BUF_INIT;
    json_t *place;
    target_add(&target, "/v1/sites/", args->words[0]);
    int status = ask_get(cli, target.at, &place);
    buf_release(&target);
    return status == CLI_OK ? json_show(cli, place, print_answer) : status;
}

const struct command site_show_command = {
    .group = "site",
    .name = "show",
    .words = "NAME",
    .words_min = 1,
    .words_max = 1,
    .summary = "Show a receiver: limits, sources, what restrains it, its jobs",
    .about = "NAME is a site as \"tocsin site list\" shows it; a provider, with all\n"
             "its sites; or a source, with what restrains it at all receivers.",
    .run = run,
};
