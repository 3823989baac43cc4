/*
 * How plainly a site must be spoken to: a small machine that weighs what its sessions saw of the
 * server's manners (smtp/transaction.h). Pure: no I/O, no clock, no memory of its own. conduct.c
 * feeds it, and does what follows from its news.
 *
 * A server that says that it lost count, or that it does not know BDAT, has taught its lesson at
 * once. One that falls silent, closes the connection or makes no sense has not, for networks do the
 * same: that is a suspicion, and an experiment decides.
 *
 *                 broke in flight            a session opened after that broke too
 *     CALM ─────────────────────> SUSPICIOUS ─────────────────────────────────────> TRIAL
 *      ▲ ▲                            │                                              │ │
 *      │ └── as many answers in flight as it takes ◄─┘                               │ │
 *      ├───── a session on trial broke, too: it was not that ◄───────────────────────┘ │
 *      └───── learned: as many messages accepted on trial as it takes ◄────────────────┘
 *
 * On trial, sessions go one step down: without overlap where messages overlapped, else plain. When
 * the first step explains nothing, the next experiment is the second; when that explains nothing
 * either, there is peace for an hour. What it takes grows with what the sessions achieved that
 * broke; one that achieved MANNERS_PROVEN answers in flight shows that the server can do it, and
 * its end is no suspicion at all.
 */
#ifndef TOCSIN_DELIVERY_MANNERS_H
#define TOCSIN_DELIVERY_MANNERS_H

#include "smtp/transaction.h"

enum {
    MANNERS_FEW = 3,     /* answers that clear or confirm a suspicion, and four times as many … */
    MANNERS_PROVEN = 16, /* … as were given before it arose, which are fewer than these */
    MANNERS_PEACE_S = 60 * 60,
    MANNERS_BELIEVED_S = 7 * 24 * 60 * 60, /* how long a lesson holds */
};

enum manners_level {
    MANNERS_FULL, /* as configured */
    MANNERS_NO_OVERLAP,
    MANNERS_PLAIN, /* no PIPELINING, no CHUNKING, one at a time */
};

/* How a site is spoken to. */
struct manners_terms {
    enum manners_level level;
    bool no_chunking;
};

enum manners_stage { MANNERS_CALM, MANNERS_SUSPICIOUS, MANNERS_TRIAL };

/* All zeroes is a site of which nothing is known. */
struct manners {
    struct manners_terms learned;
    int64_t learned_at; /* wall clock, seconds; the latest lesson's */
    enum manners_stage stage;
    enum manners_level trial;  /* on trial: the level that is tried */
    enum manners_level failed; /* the level that was tried in vain last */
    enum smtp_depth suspected; /* how deep in flight it broke, at least */
    unsigned round;            /* grows with each suspicion and each trial's end */
    unsigned carried, enough;  /* of what it takes */
    int64_t peace_until;
};

/* A session's part, from its beginning to its end. */
struct manners_session {
    struct manners_terms terms;
    unsigned round;
    unsigned accepted[SMTP_DEPTHS]; /* messages, by how deep they flew */
};

enum manners_news {
    MANNERS_NO_NEWS,
    MANNERS_LEARNED_NO_OVERLAP,
    MANNERS_LEARNED_PLAIN,
    MANNERS_LEARNED_NO_CHUNKING,
    MANNERS_TRIAL_BEGAN,
    MANNERS_TRIAL_FAILED,
    MANNERS_FORGOT,
};

/* How new sessions are to speak. */
struct manners_terms manners_in_force(const struct manners *m);

bool manners_is_lesson(const struct manners *m);
bool manners_same(struct manners_terms a, struct manners_terms b);

/* Forgets a lesson that is too old. */
enum manners_news manners_age(struct manners *m, int64_t now);

struct manners_session manners_begin(const struct manners *m);

/* A message of the session, which flew so deep, was accepted. */
enum manners_news manners_accepted(struct manners *m, struct manners_session *s,
                                   enum smtp_depth depth, int64_t now);

/* Judges what the session saw; whenever something of it is new, and in the end. */
enum manners_news manners_lost_count(struct manners *m, int64_t now);
enum manners_news manners_no_bdat(struct manners *m, int64_t now);
enum manners_news manners_broke(struct manners *m, const struct manners_session *s,
                                enum smtp_depth depth, int64_t now);

#endif
