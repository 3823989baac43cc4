/*
 * The restraints in force (delivery/restraint.h), as each delivery thread has them: all threads
 * have the same list, since a source may be restrained everywhere. What a rule decides in one
 * thread, or an administrator through the API, is told to all of them; the first thread keeps the
 * store's table in step. Few at a time: at most RESTRAINTS_MAX, beyond which rules add no more.
 */
#ifndef TOCSIN_DELIVERY_RESTRAINTS_H
#define TOCSIN_DELIVERY_RESTRAINTS_H

#include "delivery/restraint.h"
#include "delivery/rules.h"
#include "loop/timer.h"

struct delivery_thread;
struct outlet;
struct site;

enum { RESTRAINTS_MAX = 1024 };

struct restraint_entry {
    struct restraint_entry *next;
    struct restraint restraint;
    int64_t changes_at; /* steady seconds: its effect is another one then; INT64_MAX: never */
};

/* A thread's; a member of struct delivery_thread. */
struct restraints {
    struct restraint_entry *first;
    size_t count;
    struct timer timer; /* when the next one changes */
    struct rules_memory memory;
};

/* Registers the metrics. */
void restraints_init(void);

/* Reads what the store has. */
int restraints_start(struct delivery_thread *thread, struct err *err);
void restraints_stop(struct delivery_thread *thread);
void restraints_release(struct delivery_thread *thread);

/* What restrains a source at a site, whatever scope that has; a provider's rates are its
 * throttle's.
 */
void restraints_at_site(const struct delivery_thread *thread, const struct site *site,
                        struct str source, struct effect *effect);

/* What lessens the limits of a source at a provider. */
void restraints_at_provider(const struct delivery_thread *thread, struct str provider,
                            struct str source, const struct throttle_limits *usual,
                            struct effect *effect);

/* Until when a job is held back at a site, in steady seconds; 0: it is not. */
uint32_t restraints_hold_job(const struct delivery_thread *thread, const struct site *site,
                             uint32_t job);

/* Whether no source at all may send to the site; then `until` is when that changes, at the
 * earliest. Looks at all restraints: `suspended` of the site is the answer as it stands. */
bool restraints_suspend(const struct site *site, uint32_t *until);

/*
 * An outlet heard a reply: if a rule says so, a restraint begins, in all threads, and here before
 * this returns. Gives the rule that matched, or NULL. `job` is that of the copy, 0 when it was an
 * answer to the session.
 */
const struct rule *restraints_hear(struct outlet *outlet, const struct smtp_reply *reply,
                                   uint32_t job);

/* Puts one in force (its texts are copied), or lifts all those of a place (a site's key, a
 * provider's name, or a source's for those that hold everywhere, empty for all sources), in all
 * threads. From any thread. */
struct delivery;
void restraints_put(struct delivery *delivery, const struct restraint_record *record);
void restraints_lift(struct delivery *delivery, struct str place);

#endif
