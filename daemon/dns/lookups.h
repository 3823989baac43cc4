/*
 * What one loop asks and knows: the cache of (name, type), the line of those that are to be asked,
 * and everybody who waits for one of them. Sends nothing itself: `send` does, and whoever gets the
 * answer brings it to lookups_answered.
 *
 *                 lookups_ask                   lookups_work, send
 *     (nothing) ───────────────► in the line ─────────────────────► on the wire
 *         ▲                       ▲    ▲                                 │
 *         │ least recently used   │    └──── lookups_ask_again ──────────┤ other servers
 *         │                       │ lookups_ask, out of date             │
 *         └──────────────────── known ◄──────────────────────────────────┘ lookups_answered
 *
 * A question is on the wire once, however many wait for it. At most `most` are kept; only the known
 * ones, which have nobody waiting, make room. Nobody is told anything from inside lookups_ask:
 * waiting ends in lookups_work, a chore at the end of the loop's turn.
 */
#ifndef TOCSIN_DNS_LOOKUPS_H
#define TOCSIN_DNS_LOOKUPS_H

#include "base/hash.h"
#include "dns/records.h"
#include "loop/chore.h"

enum { LOOKUPS_MOST = 20000, LOOKUPS_WIRE_MOST = 256 };

/* A member of whatever waits, zeroed before its first use. */
struct wait {
    struct wait *next, **link; /* link is NULL: it does not wait */
    struct wait_list *list;
    struct lookup *lookup;   /* until there is an answer */
    struct records *records; /* then; the reference is the owner's */
    void (*on_ready)(struct wait *wait);
};

struct wait_list {
    struct wait *first, **end;
    size_t count;
};

enum lookup_place { LOOKUP_IN_LINE, LOOKUP_ON_WIRE, LOOKUP_KNOWN, LOOKUP_PLACES };

struct lookup {
    UT_hash_handle hh;
    struct lookups *owner;
    struct lookup *next, *previous; /* in the list of its place */
    enum lookup_place place;
    enum dns_type type;
    struct records *known;  /* the last answer, perhaps out of date; NULL: none yet */
    struct wait_list waits; /* empty when it is known */
    char key[];             /* the type as one byte, then the name with a NUL */
};

struct lookup_list {
    struct lookup *first, *last;
    size_t count;
};

struct lookups {
    struct lookup *all; /* uthash, by key */
    struct lookup_list places[LOOKUP_PLACES];
    struct wait_list ready;
    size_t most, wire_most;
    void (*send)(void *ctx, struct lookup *lookup); /* may be answered from inside */
    void *ctx;
    struct chore chore;
};

void lookups_init(struct lookups *lookups, struct loop *loop,
                  void (*send)(void *ctx, struct lookup *lookup), void *ctx);

/* Everybody who waits must have been cancelled. */
void lookups_release(struct lookups *lookups);

/* `host` is in lower case, as dns_name_host writes it, at most DNS_HOST_MAX long. True if the
 * answer is known already and comes without a question. */
bool lookups_ask(struct lookups *lookups, struct str host, enum dns_type type, struct wait *wait);

/* The wait gets these records as if it had asked for them; it takes the reference. */
void lookups_give(struct lookups *lookups, struct wait *wait, struct records *records);

/* Ends the waiting and drops what it has. What is on the wire goes on, for the cache. */
void lookups_cancel(struct lookups *lookups, struct wait *wait);

/* What came of a lookup that was sent. */
void lookups_answered(struct lookups *lookups, struct lookup *lookup,
                      const struct dns_message *message);

/* What is on the wire goes back to the head of the line: nobody is going to answer it. */
void lookups_ask_again(struct lookups *lookups);

/* Forgets what is known. */
void lookups_forget(struct lookups *lookups);

/* Tells those who have what they waited for, then sends from the line. The chore calls it. */
void lookups_work(struct lookups *lookups);

static inline const char *lookup_host(const struct lookup *lookup)
{
    return lookup->key + 1;
}

#endif
