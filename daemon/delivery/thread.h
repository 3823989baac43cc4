/*
 * One delivery thread: what its sites share. Everything in here belongs to the thread.
 */
#ifndef TOCSIN_DELIVERY_THREAD_H
#define TOCSIN_DELIVERY_THREAD_H

#include <openssl/ssl.h>

#include "base/u64set.h"
#include "base/hash.h"
#include "delivery/delivery.h"
#include "delivery/domains.h"
#include "delivery/expiry.h"
#include "delivery/restraints.h"
#include "delivery/warmth.h"
#include "loop/loop.h"

struct journal;
struct site;
struct feed;
struct parcel;
struct report;
struct scout_part;

/* The settings of one configuration, shared by a thread's sites; replaced as a whole by a reload.
 */
struct delivery_settings {
    struct config *config;
    SSL_CTX *tls[TLS_POLICY_REQUIRED + 1]; /* by policy; none for TLS_POLICY_NONE */
    unsigned refs;                         /* this thread's connections that still use it */
};

struct delivery_thread {
    struct loop loop;
    unsigned index;
    struct delivery_thread *peers; /* all threads, this one among them */
    unsigned peer_count;
    struct store *store;
    struct composers *composers;
    struct own_composer *own_composer;
    const struct delivery_hooks *hooks;
    struct delivery_settings *settings;
    struct journal *journal;
    bool starved; /* somebody found no room in it, or too many tails, and wants to hear when there
                     is some */
    size_t tails; /* bytes of files that are on their way, each perhaps in a connection's buffer */
    bool held;    /* somebody heard that nothing may begin (thread_may_begin), and wants the same */
    struct source_name *source_names; /* of all settings that there ever were */
    int64_t unknown_until_us; /* clock_mono_us: what limits let go until then counts as used up */
    struct domains domains;
    struct restraints restraints;
    int64_t source_spent[SOURCES_MAX]; /* connections opened from each, by weight */
    struct tenancy *tenancies;         /* uthash, by the domain's number */
    struct site *sites;                /* uthash, by key */
    struct site_provider *providers;   /* delivery/provider.h */
    struct feed *feeds;                /* uthash, by job and domain */
    struct u64set taken; /* job · contact of every copy under way, until its report is committed */
    struct parcel *spare; /* parcels that are not in use, with their buffers */
    size_t spare_count;
    struct sheet *sheets; /* to write messages on, not in use */
    size_t sheet_count;
    struct report *report; /* being filled, or NULL */
    struct report *sent;   /* with the writer */
    struct timer report_due;
    size_t uncommitted;
    struct timer store_look;   /* hold.h: once a second */
    unsigned recoveries;       /* of the store, as of the last look */
    uint64_t connect_after_ms; /* hold.h: no new connection before (on the loop's clock) */
    size_t parcels;            /* in use */
    struct expiry expiry;
    struct warmth warmth;
    struct timer stop_due;
    struct timer observe_due;
    struct scout_part *scouts; /* under way: delivery/scout.h */
    bool stopping;
    bool ended;     /* its loop and the front's are over: nobody answers any more */
    bool giving_up; /* stopping, and the store cannot take what is still to be reported */
};

struct delivery_settings *settings_new(struct config *config, struct err *err);
struct delivery_settings *settings_ref(struct delivery_settings *settings);
void settings_unref(struct delivery_settings *settings);

/* A name that stays as long as the thread, whatever becomes of the settings: outcomes point to it.
 */
struct str thread_source(struct delivery_thread *thread, struct str name);

/* False while more would be lost with the machine's power than `store.unsynced` allows, and while
 * the store takes no new work (store_healthy): then all sites work again when it may. */
bool thread_may_begin(struct delivery_thread *thread);

/* Ends the loop when the thread is stopping and nothing is under way any more. */
void thread_end_if_done(struct delivery_thread *thread);

/* The home of a domain, by its number: delivery/domains.h. */
unsigned thread_of_domain(uint32_t number, unsigned threads);

static inline uint64_t taken_key(uint32_t job, uint32_t contact)
{
    return (uint64_t)job << 32 | contact;
}

#endif
