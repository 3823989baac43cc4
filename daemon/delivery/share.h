/*
 * A job's share of a site: its feeds there, which take turns, what was loaded from them, and how
 * much it was given. Jobs in the same lane get copies through in proportion to their weights,
 * however large they are, by stride scheduling: each copy costs a share's time 1/weight, and the
 * share that has spent least is next.
 *
 *   feeds ──read──► loaded ──┐
 *                  returned ─┴─► taken by an outlet, the share that has spent least first
 *
 * A share that has something to read stands in its lane's ring of readers, and one that has
 * something loaded in its lane's heap; `share_turn` puts it where it belongs.
 */
#ifndef TOCSIN_DELIVERY_SHARE_H
#define TOCSIN_DELIVERY_SHARE_H

#include "base/hash.h"
#include "base/heap.h"
#include "delivery/feed.h"
#include "delivery/parcel.h"

struct share {
    uint32_t job;
    struct site *site;
    struct mailing *mailing;
    struct feed_ring ring; /* those that are READY */
    size_t feeds;
    uint64_t queued; /* of all its feeds */
    struct parcel_line returned, loaded;
    struct share_early early;      /* what is loaded for new sources */
    struct share *next, *previous; /* among the readers; NULL: it is not */
    struct heap_item turn;         /* in the lane's heap; the key is what it has spent */
    int64_t spent;
    uint64_t sources;    /* a bit for each that may send it */
    uint32_t held_until; /* nothing of it is sent here before; seconds, steady */
    UT_hash_handle hh;   /* in the site's, by job */
};

/* What a copy costs a share, or a source, of weight 1. */
enum { COPY_COSTS = 1 << 20 };

/* A lane of a site. */
struct share_lane {
    struct heap heap;     /* shares that have something loaded, by what they have spent */
    struct share *reader; /* the one that reads next; a ring */
    size_t reader_count;
    size_t copies; /* loaded and returned, in all shares, */
    size_t early;  /* and those that are for new sources only */
};

/* The share of a job at a site, made if there is none. */
struct share *share_get(struct site *site, struct mailing *mailing);

/* When it has neither feeds nor copies. */
void share_free_if_done(struct share *share);

/* Puts it where it belongs. */
void share_turn(struct share *share);

/* A copy was loaded, or comes back and goes before the loaded ones. */
void share_add(struct share *share, struct parcel *parcel);
void share_return(struct share *share, struct parcel *parcel);

/* The same for a favourite that is kept for new sources; and all of them are for anybody now. */
void share_add_early(struct share *share, struct parcel *parcel);
void share_let_in(struct share *share);

/* Reads for the lane's shares, in turns, until about `target` copies are loaded. May free shares.
 */
void share_lane_read(struct share_lane *lane, struct txn *txn, size_t target);

/* Whether reading would bring something. */
static inline bool share_lane_can_read(const struct share_lane *lane)
{
    return lane->reader != NULL;
}

/* Takes the next copy that a source may send, of the share that has spent least; NULL: none. */
struct parcel *share_lane_take(struct share_lane *lane, unsigned source);

/* Whether one that could read is for an able source for which nothing is loaded. */
bool share_lane_starves(const struct share_lane *lane, uint64_t able);

/* Whether something is loaded that this source may send. */
bool share_lane_has(const struct share_lane *lane, unsigned source);

/* Moves those that came back, and are not kept for new sources, to the end of `out`. */
void share_take_returned(struct share *share, struct parcel_line *out);

/* Moves the copies that `wanted` names out of the share, to the end of `out`. */
void share_take_out(struct share *share, bool (*wanted)(void *ctx, const struct parcel *parcel),
                    void *ctx, struct parcel_line *out);

void share_lane_init(struct share_lane *lane);
void share_lane_release(struct share_lane *lane);

#endif
