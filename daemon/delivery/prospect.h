/*
 * What is to be expected of a job, receiver by receiver: puts together whom it is for, what the
 * configuration allows, what a survey (delivery/survey.h) shows of the sites, and lets
 * delivery/forecast.h say when each group will have been served. Pure: no I/O and no clock.
 *
 *   prospect_new ─► add what is known of its recipients ─► prospect_make ─► groups
 *
 * A group is a provider with all its sites, or a site that has none. Recipients of whom it is not
 * known where their mail goes are one group of their own, at the pace of site "*". Everything that
 * it is made from must outlive it.
 */
#ifndef TOCSIN_DELIVERY_PROSPECT_H
#define TOCSIN_DELIVERY_PROSPECT_H

#include "delivery/destination.h"
#include "delivery/forecast.h"
#include "delivery/survey.h"

enum { PROSPECT_GROUPS_MAX = 40 };

enum prospect_kind {
    PROSPECT_PROVIDER,
    PROSPECT_SITE,
    PROSPECT_SMALL_SITES,   /* those that are too small to be listed, together */
    PROSPECT_OTHER_DOMAINS, /* nobody knows yet where their mail goes */
    PROSPECT_NO_MAIL,       /* domains that take none: these recipients bounce */
};

struct prospect_group {
    enum prospect_kind kind;
    struct str name; /* of the provider, or the site's key; empty otherwise */
    size_t site_count;
    uint64_t recipients;
    double observed; /* messages a second, of all jobs, as seen; 0: too little was */
    struct forecast forecast;
};

/* The job: its place beside others. */
struct prospect_job {
    uint32_t id; /* 0: it does not exist yet */
    bool transactional;
    unsigned weight;
    const struct pool *pool; /* of the configuration */
    int64_t now_s;           /* clock_steady_s */
    int64_t wall_s;          /* clock_wall_s */
};

struct prospect {
    struct prospect_group groups[PROSPECT_GROUPS_MAX]; /* the largest first */
    size_t count;
    size_t slowest; /* the group that ends last, if there is any */
    double seconds; /* until all are served; FORECAST_NEVER: something waits for a person */
};

struct prospector;
struct prospector *prospect_new(const struct config *config, const struct survey *survey,
                                const struct prospect_job *job);
void prospect_free(struct prospector *p);

/* So many at a domain whose mail goes there; NULL: nobody knows. */
void prospect_add(struct prospector *p, const struct destination *to, uint64_t recipients);

/* Those of the job that the survey, which was asked about it, found at sites and at domains that
 * wait to be tried later. */
void prospect_add_found(struct prospector *p);

/* There are `open` in all: those who have not been added are like the others as long as they are
 * still being queued, and otherwise at domains of which nothing is known. */
void prospect_complete(struct prospector *p, uint64_t open, bool being_queued);

void prospect_make(struct prospector *p, struct prospect *out);

#endif
