/*
 * A site, a restraint and limits as JSON (docs/api.md has the fields). Only writes: what is said is
 * a survey's (delivery/survey.h) and the configuration's.
 */
#ifndef TOCSIN_API_SITE_JSON_H
#define TOCSIN_API_SITE_JSON_H

#include "api/json.h"
#include "api/place.h"

/* What is written from, all of the same moment. */
struct site_report {
    const struct survey *survey;
    const struct config *config;
    struct txn *txn; /* for the names of jobs */
};

/* How a site is written. */
enum site_detail {
    SITE_IN_LIST,
    SITE_IN_FULL, /* with its hosts, limits and jobs */
};

void write_site(struct json *json, const struct site_report *report, const struct site_view *site,
                enum site_detail detail);

void write_restraint(struct json *json, const struct restraint_record *restraint);

/* What a provider allows all its sites together, as its block says; null for none. */
void write_provider_limits(struct json *json, const char *key, const struct provider *provider);

/* A moment of the steady clock as the wall clock shows it now; null for 0 and "until resumed". */
void json_add_steady(struct json *json, const char *key, uint32_t steady_s);

/* "100/s", "5000/day", "1 in 10.0 s". */
void rate_say(struct buf *out, struct rate rate);

#endif
