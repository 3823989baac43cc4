/*
 * What a reply of a certain kind (or an administrator) makes us refrain from for a time, and how we
 * come back from it. Pure: no I/O, no clock, no list of restraints; whoever keeps them asks for
 * those that concern an outlet, adds them up, and throws away what is over. Time is
 * clock_steady_s().
 *
 *         restraint_by_rule, or by hand
 *                      │
 *                      ▼      until          usual limits reached
 *      ┌───────────► HOLDS ──────────► RECOVERS ─────────────────► over: it goes
 *      │ again: until  │ again             │    (hold_job and plain: over at once)
 *      └───────────────┘ strike            │
 *      ▲                                   │
 *      └──────────── again: ───────────────┘
 *
 *   HOLDS      suspend, block: nothing goes · slow: its rate and its connections · plain: no
 *              PIPELINING and no CHUNKING · hold_job: this job's copies stay
 *   RECOVERS   what the limits were at the end, doubled every RECOVERY_STEP_S, until the usual ones
 *              are reached. After a suspension that begins with one connection and with
 *              - a tenth of the usual rate (of the slowest one, if there are several), but two a
 *                minute at least: each step is to show how a message is taken;
 *              - one a second where no rate is usual: nothing is known of what is right there, and
 *                at that pace few have left before the first is answered. It counts as back at
 *                RECOVERY_GOAL_RATE a second, which most receivers take.
 *              Where connections have no limit, they count as back at RECOVERY_GOAL_CONNECTIONS.
 *   strikes    a rule that acts again while the same restraint recovers came too early back: each
 *              time it then lasts twice as long, up to four times what the rule says. While it
 *              holds, it only ends later: replies to what was under way say nothing new.
 *
 * Somebody who resumes a site by hand wants the usual limits at once: the restraint is dropped.
 */
#ifndef TOCSIN_DELIVERY_RESTRAINT_H
#define TOCSIN_DELIVERY_RESTRAINT_H

#include "config/config.h"
#include "store/restraints.h"

enum {
    RECOVERY_STEP_S = 60,
    RECOVERY_GOAL_RATE = 100, /* a second */
    RECOVERY_GOAL_CONNECTIONS = 10,
};

/* One in memory. It owns its texts, and `is` may be written to the store as it stands. */
struct restraint {
    struct restraint_record is;
    struct buf texts;
};

/* What a rule that acts puts in force, as views of what is given. A site without a provider (empty)
 * stands for its provider. A job is held back whatever source its copies would leave from. */
struct restraint_record restraint_by_rule(const struct rule *rule, struct str site,
                                          struct str provider, struct str source, uint32_t job,
                                          int64_t now_s, struct str reply);

/* Copies the texts. One from the future (somebody set the clock back before the start) begins now
 * and lasts as long as it was to last. */
void restraint_init(struct restraint *r, const struct restraint_record *from, int64_t now_s);
void restraint_release(struct restraint *r);

/* Whether `which` has the same key. */
bool restraint_is(const struct restraint *r, const struct restraint_record *which);

/* The rule acted again: `by` is restraint_by_rule's answer of now, with the same key. `usual` are
 * the limits of what is restrained, here and below; NULL: it has none. An administrator's (without
 * a rule) only replaces what it was. */
void restraint_again(struct restraint *r, const struct restraint_record *by, int64_t now_s,
                     const struct throttle_limits *usual);

/* All that concerns an outlet, taken together; all zeroes to begin with. */
struct effect {
    bool suspended;       /* nothing goes */
    bool blocked;         /* … because of a block */
    bool plain;           /* no PIPELINING, no CHUNKING */
    struct rate rate;     /* beside the usual ones; count 0: none */
    unsigned connections; /* below the usual ones; 0: as usual */

    const struct restraint *because; /* the one that weighs most: of suspensions the longest, else
                                        the slowest; NULL: there is no effect */
    uint32_t until; /* when that holds no more, or RESTRAINT_UNTIL_RESUMED; if it recovers already:
                       when the usual limits are reached */
};

/* The stricter wins, in each respect. Restraints that hold a job have no effect on others. The same
 * `now_s` and `usual` for all that are added up. */
void restraint_add_to(const struct restraint *r, int64_t now_s, const struct throttle_limits *usual,
                      struct effect *effect);

/* Whether the copies of this job stay. */
bool restraint_holds_job(const struct restraint *r, uint32_t job, int64_t now_s);

bool restraint_is_over(const struct restraint *r, int64_t now_s,
                       const struct throttle_limits *usual);

/* When its effect changes next: later than `now_s`, unless it is over; INT64_MAX: never. */
int64_t restraint_next_change(const struct restraint *r, int64_t now_s,
                              const struct throttle_limits *usual);

#endif
