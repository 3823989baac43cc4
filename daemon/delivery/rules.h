/*
 * Which replies are a receiver's word about us, and when that word was said often enough. A rule of
 * the configuration has patterns; the first rule with one that matches a reply is the reply's, and
 * it acts once it was met `count` times `within` its time at one place, from one source (and for
 * one job, if that is what it holds back). What follows then is delivery/restraint.h's.
 *
 * Patterns are held against one line: the code, the enhanced code if there is one, and the text,
 * with any run of spaces as one (smtp/reply.h has made spaces of tabs, and of the ends of lines).
 *
 * The counts live in one thread and not on the disk: after a restart they begin anew. They are
 * bounded; those that were met longest ago go first. No match that is older than `within` is ever
 * counted. Up to RULES_EXACT matches each is known by its time; above that, neighbours within a
 * sixteenth of the time are kept as one, as old as the oldest of them: then a rule may see up to
 * that much less of the past than it asked for.
 */
#ifndef TOCSIN_DELIVERY_RULES_H
#define TOCSIN_DELIVERY_RULES_H

#include "config/config.h"
#include "smtp/reply.h"

enum {
    RULES_TEXT_MAX = 1024, /* bytes of a reply that patterns see */
    RULES_COUNTS_MAX = 4096,
    RULES_EXACT = 16,
};

/* The line of a reply, cut at a character's end; returns its view, in `room`. */
struct str rules_text(const struct smtp_reply *reply, char room[RULES_TEXT_MAX]);

/* The first rule that a reply matches at a provider (NULL: at a site without one); false for none,
 * and for all replies but 4xx and 5xx. */
bool rules_match(const struct config *config, const struct provider *provider,
                 const struct smtp_reply *reply, const struct rule **out);

/* Whether a 5xx that matches speaks of us, so that its copy is to be deferred, not bounced. */
bool rule_spares_recipient(const struct rule *rule);

struct rule_count;

/* A thread's counts. All zeroes is an empty one. */
struct rules_memory {
    struct rule_count *counts; /* a hash; in the order in which they were met last */
};

void rules_memory_release(struct rules_memory *memory);

/* The rule was met: true when that was often enough, and then it counts from zero again. `job` is 0
 * unless the rule holds jobs. `now_ms` never goes back. */
bool rules_count(struct rules_memory *memory, const struct rule *rule, struct str place,
                 struct str source, uint32_t job, int64_t now_ms);

#endif
