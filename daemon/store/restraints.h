/*
 * What receivers' replies (or an administrator) made us refrain from, so that a restart does not
 * forget it: sending to a site or provider, from one source or all, for a time, in whole or above
 * some rate; a job's copies there; or pipelining. What follows from a restraint at some moment, and
 * when it is over, is the reader's to say (delivery/restraint.h).
 *
 * Table `restraints`: key: scope (u8) · place (text: the site's key or the provider's name; empty:
 *                     everywhere) · 0 · source (text; empty: all) · 0 · action (u8) · job (u32 BE;
 *                     0 unless it holds a job) · rule (text; empty: an administrator's)
 *                     value: version (u8 = 1) · began, until (u32 BE each, seconds of
 * clock_steady_s) · strikes (u8) · rate: count, period in milliseconds (u32 BE each, 0: it leaves
 * the rate) · connections (u32 BE, 0: it leaves them) · length of the text (u16 BE) · text: the
 * reply that caused it, or what an administrator wrote, at most RESTRAINT_TEXT_MAX bytes
 *
 * Each rule has a restraint of its own, for each knows how long it is to last. Nothing is written
 * or forgotten for names that take more than RESTRAINT_NAMES_MAX bytes together, or have a NUL.
 */
#ifndef TOCSIN_STORE_RESTRAINTS_H
#define TOCSIN_STORE_RESTRAINTS_H

#include "base/buf.h"
#include "config/units.h"
#include "store/store.h"

enum {
    RESTRAINT_NAMES_MAX = 248, /* bytes of place, source and rule: what fits into a key */
    RESTRAINT_TEXT_MAX = 400,
    RESTRAINT_STRIKES_MAX = 2,
};

#define RESTRAINT_UNTIL_RESUMED UINT32_MAX /* no end of its own */

/* Stored as numbers: never renumber. */
enum restraint_scope {
    RESTRAINT_AT_SITE = 1,
    RESTRAINT_AT_PROVIDER = 2,
    RESTRAINT_EVERYWHERE = 3,
};

/* Stored as numbers: never renumber. */
enum restraint_action {
    RESTRAINT_SUSPEND = 1,
    RESTRAINT_SLOW = 2, /* the only one with a rate or connections, and with at least one of them */
    RESTRAINT_BLOCK = 3,
    RESTRAINT_HOLD_JOB = 4, /* the only one with a job */
    RESTRAINT_PLAIN = 5,
};

struct restraint_record {
    /* Which one it is. */
    enum restraint_scope scope;
    enum restraint_action action;
    uint32_t job;
    struct str place, source, rule;

    /* What it says. */
    uint32_t began, until; /* clock_steady_s; not before it began */
    uint8_t strikes;       /* how often it came again while it was hardly over */
    struct rate rate;      /* count 0: none */
    unsigned connections;  /* 0: none */
    struct str text;       /* cut to RESTRAINT_TEXT_MAX when written, at a UTF-8 boundary */
};

/* The one after `at` in the order of keys, or the first when `at` is all zeroes; false when there
 * is none. Its texts are valid until the transaction ends or writes. */
bool restraint_next(struct txn *txn, struct restraint_record *at);

/* Replaces the one with the same key. Writer only. */
void restraint_write(struct txn *txn, const struct restraint_record *restraint);

/* Also when there is none; of `which`, only the key counts. Writer only. */
void restraint_forget(struct txn *txn, const struct restraint_record *which);

/* Copies the texts of a record into `texts` and points the record there, so that it outlives its
 * transaction. */
void restraint_keep(struct restraint_record *restraint, struct buf *texts);

#endif
