#include "cli/site_table.h"

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/site_words.h"
#include "cli/table.h"

enum { SITE, PROVIDER, STATE, QUEUED, IN_FLIGHT, CONNECTIONS, RATE, WHY, COLUMNS };

static const struct column columns[COLUMNS] = {
    [SITE] = {"SITE", COLUMN_CUT},           [PROVIDER] = {"PROVIDER", COLUMN_TEXT},
    [STATE] = {"STATE", COLUMN_TEXT},        [QUEUED] = {"QUEUED", COLUMN_NUMBER},
    [IN_FLIGHT] = {"FLYING", COLUMN_NUMBER}, [CONNECTIONS] = {"CONN", COLUMN_TEXT},
    [RATE] = {"RATE", COLUMN_TEXT},          [WHY] = {"WHY", COLUMN_CUT},
};

static void add_cell(struct table *table, size_t column, struct buf *text)
{
    table_text(table, column, buf_str(text));
    buf_release(text);
}

static void add_row(struct table *table, const json_t *site)
{
    struct buf connections = BUF_INIT, rate = BUF_INIT, why = BUF_INIT;
    table_row(table);
    table_text(table, SITE, str_of(json_text(site, "site")));
    table_text(table, PROVIDER, str_of(json_text(site, "provider")));
    table_text(table, STATE, str_of(json_text(site, "state")));
    table_number(table, QUEUED, json_count(site, "queued"));
    table_number(table, IN_FLIGHT, json_count(site, "in_flight"));
    site_say_connections(&connections, site);
    add_cell(table, CONNECTIONS, &connections);
    site_say_rate(&rate, site);
    add_cell(table, RATE, &rate);
    site_say_why_or_reply(&why, site, clock_wall_s());
    add_cell(table, WHY, &why);
}

void site_table_print(const json_t *sites)
{
    struct table *table = table_new(columns, COLUMNS);
    size_t i;
    json_t *site;
    json_array_foreach(sites, i, site) add_row(table, site);
    table_print(table);
    table_free(table);
}
