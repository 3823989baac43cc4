/*
 * The failure policy, all of it: what an answer, a loss or a skip means for the recipient, and when
 * to try again (RFC 5321 §4.5.4.1). Pure: time and chance come in as arguments.
 *
 *   2xx after the body         delivered
 *   4xx                        deferred, until the lane's max_age is over: then expired
 *     that speaks of greylisting or a full mailbox (failure.h) on the schedule of these
 *   5xx                        bounced, unless a rule says that it speaks of us: then as a 4xx
 *   lost after the last byte   in doubt; sent again under at-least-once, on a schedule of its own
 *   lost before it, often      deferred, as unreachable
 *
 * When a greylisting reply says when to come back, that is when: not before, and at most a tenth
 * later.
 */
#ifndef TOCSIN_DELIVERY_VERDICT_H
#define TOCSIN_DELIVERY_VERDICT_H

#include "config/config.h"
#include "smtp/transaction.h"
#include "store/jobs.h"

struct verdict {
    enum recipient_state state;
    uint32_t due; /* deferred, or in doubt and to be sent again; else 0 */
};

/* What is known of the copy. */
struct attempt {
    enum job_lane lane;
    uint16_t attempts; /* before this one */
    uint32_t first;    /* since when it ages, seconds since 1970; 0: since now */
    uint32_t now;
    uint32_t chance; /* 0 to 999, evenly: spreads the retries */
    enum job_guarantee guarantee;
    bool spared; /* a 5xx speaks of us, not of the recipient (rules.h): as if it were a 4xx */
};

struct verdict verdict_of_answer(const struct retry_config *retry, const struct attempt *attempt,
                                 const struct smtp_answer *answer);

/* The session ended without an answer. */
struct verdict verdict_of_loss(const struct retry_config *retry, const struct attempt *attempt,
                               enum smtp_loss loss);

/* Seconds until the next attempt: first × factor^attempts, at most max, ± 10 %. */
uint32_t retry_delay_s(const struct retry_schedule *schedule, uint16_t attempts, uint32_t chance);

/* Whether a copy of that lane is too old to be tried any more. `since` is later than `now` when the
 * clock was set back: then it is not. */
bool retry_is_over(const struct retry_config *retry, enum job_lane lane, uint32_t since,
                   uint32_t now);

#endif
