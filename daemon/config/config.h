/*
 * The configuration: one file, read once into one frozen struct. `config_load` reads, checks
 * everything that can be checked without starting, and gives either a `struct config` or the list
 * of all errors it found. Nobody changes a configuration: a reload loads a second one beside it.
 *
 * A configuration is counted: `config_load` gives the first reference, `config_ref` another one
 * (from any thread), and the last `config_unref` frees it with every string in it. Loading uses
 * libconfuse, whose parser is global: main thread only.
 *
 * Every `struct str` here ends with a NUL, so `.at` serves where C wants a path; an option that was
 * left out has `.at == NULL`. Paths are absolute or relative to the working directory, already
 * joined with the folder of the file. Times are milliseconds, sizes bytes.
 *
 * Not here: the parsing of keys (dkim/), the choice of a source, anything that changes while
 * running.
 */
#ifndef TOCSIN_CONFIG_CONFIG_H
#define TOCSIN_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "config/units.h"

enum tls_policy {
    TLS_POLICY_NONE,
    TLS_POLICY_OPPORTUNISTIC,
    TLS_POLICY_REQUIRED,
    TLS_POLICY_UNSET, /* of a provider that says nothing */
};

/* A signing key of an identity; its kind (RSA, Ed25519) is what the file holds. */
struct dkim_key_config {
    struct str selector;
    struct str key; /* path of a PEM file */
};

/* Whom mail comes from: return path, Message-ID and DKIM d= carry the domain. */
struct identity {
    struct str name;
    struct str domain;
    struct str from;                    /* optional: default From mailbox */
    struct str list_unsubscribe_mailto; /* optional */
    bool require_consent;               /* skip contacts of whom no consent is known */
    struct str pool;                    /* for jobs that name none; empty: the first pool */
    struct str footer;                  /* optional: who writes, for the foot of the mail */
    bool track;                         /* links in HTML lead through base_url */
    struct str base_url; /* tracking.base_url, or "https://" and the domain; no final / */
    struct dkim_key_config *dkim;
    size_t dkim_count; /* may be 0: then mail is not signed */
};

/* How a new address is made known: what it may send to each provider on each day, day 1 being
 * `start`. All zeroes: it is warm. After the last day it is warm too. */
struct warm_up {
    int64_t start;  /* midnight UTC of the first day, seconds since 1970 */
    uint32_t *days; /* messages on each */
    size_t day_count;
};

/* Where mail leaves from. */
struct source {
    struct str name;
    struct str ehlo;
    struct str address; /* optional: a literal local address */
    unsigned weight;    /* its share of the mail of a pool, beside the other sources' */
    struct warm_up warm_up;
};

/* Sources that stand in for each other. */
struct pool {
    struct str name;
    struct str *source_names;
    size_t source_count;
    uint64_t members; /* a bit for each of config.sources that is in it */
};

enum { SOURCES_MAX = 64 };

/* Where the mail for a domain goes, instead of its MX. */
struct route {
    struct str pattern; /* "dest.example", "*.example" or "*" */
    struct str host;    /* name or literal address, without brackets */
    uint16_t port;
    enum tls_policy tls; /* the route's own, or tls.policy */
};

enum { RATES_IN_A_LIST = 4, RATES_MAX = 5 }; /* what is configured, and one more in force */

/* Several rates that hold together: "100/s" and "5000/day". */
struct rates {
    struct rate at[RATES_MAX];
    size_t count; /* 0: no limit */
};

/* What may go on at the same time, and how fast. 0 in each: no limit of its own. */
struct throttle_limits {
    unsigned connections;
    struct rate connection_rate; /* new connections */
    struct rates rates;          /* messages */
};

/* How one connection is used. 0 in each, TLS_POLICY_UNSET: not said here. */
struct connection_limits {
    unsigned messages;  /* in all, before it is closed */
    unsigned in_flight; /* transactions that may overlap */
    int64_t idle_ms;    /* how long it is kept without work */
};

/* What one site (a receiver) accepts from one source, as a block says it. */
struct site_limits {
    struct str pattern;
    struct throttle_limits throttle;
    struct connection_limits connection;
};

/* A named group of sites, known by the names of their mail exchangers. */
struct provider {
    struct str name;
    struct str *mx; /* patterns as those of sites, "*.google.com" */
    size_t mx_count;
    enum tls_policy tls; /* TLS_POLICY_UNSET: as tls.policy says */
    struct connection_limits connection;
    struct throttle_limits together; /* from one source to all its sites */
    struct throttle_limits each;     /* from one source to each of its sites */
    struct throttle_limits total;    /* from all sources to all its sites */
};

/* Everything that holds for one site: what a specific block says, else its provider, else "*". */
struct site_terms {
    const struct provider *provider; /* NULL: it has none */
    struct throttle_limits throttle; /* from one source to this site */
    struct connection_limits connection;
    enum tls_policy tls; /* of the provider, or of `tls` */
};

/* What to do when a receiver answers in certain words. */
enum rule_action {
    RULE_SUSPEND,  /* nothing goes there from this source for the time */
    RULE_SLOW,     /* fewer connections, or a lower rate, for the time */
    RULE_BLOCK,    /* as suspend; said to the administrator, for the address needs care */
    RULE_HOLD_JOB, /* this job's copies are kept back there: its content is refused */
    RULE_PLAIN,    /* no PIPELINING and no CHUNKING */
    RULE_NONE,     /* only in a block of the file: a rule that ships is switched off */
};

enum rule_scope { RULE_SITE, RULE_PROVIDER, RULE_SOURCE };

struct rule {
    struct str name;
    struct str provider; /* only there; empty: everywhere */
    struct str *replies; /* patterns for base/glob.h, any of which matches */
    size_t reply_count;
    enum rule_action action;
    enum rule_scope scope;
    int64_t for_ms;
    unsigned count;       /* so many matches … */
    int64_t within_ms;    /* … in this time make it act */
    struct rate rate;     /* RULE_SLOW; count 0: it leaves the rate */
    unsigned connections; /* RULE_SLOW; 0: it leaves them */
};

/* Who answers questions about names. */
struct dns_config {
    struct listen_address server; /* port 0: those of /etc/resolv.conf */
    int64_t timeout_ms;           /* of one try */
    unsigned tries;
    uint16_t mx_port; /* where mail exchangers listen: 25, but in tests */
};

struct control_config {
    struct str socket;
    unsigned mode; /* of the socket file, as chmod takes it */
};

struct log_config {
    struct str file; /* absent: stderr */
    enum log_level level;
};

/* Numbers of threads, never 0: "one a core" has been counted. */
struct threads_config {
    unsigned delivery;
    unsigned composers;
};

struct tls_config {
    enum tls_policy policy;
    bool verify;
    struct str ca_file; /* absent: the system's */
};

/* What kept a copy from being delivered for now; each may have a schedule of its own. */
enum retry_kind {
    RETRY_ORDINARY, /* a 4xx that is none of those below */
    RETRY_GREYLISTED,
    RETRY_MAILBOX_FULL,
    RETRY_UNREACHABLE, /* no session came far enough to send it */
    RETRY_IN_DOUBT,    /* sent whole, and no answer seen */
    RETRY_KINDS
};

/* Numbered as enum job_lane of store/, which is above this room. */
enum { RETRY_LANES = 2 };

/* The waits between attempts: the first one, how much longer each further one is, the longest. */
struct retry_schedule {
    int64_t first_ms;
    double factor;
    int64_t max_ms;
};

/* A block `schedule "NAME"` as the file has it; what it leaves out is 0. */
struct schedule_block {
    struct str name;
    struct retry_schedule waits;
    int64_t max_age_ms;
};

/* The plain block `retry`, and what comes of it and the schedule blocks together. */
struct retry_config {
    int64_t first_ms;
    double factor;
    int64_t max_ms;
    int64_t max_age_ms;
    struct retry_schedule schedules[RETRY_LANES][RETRY_KINDS];
    int64_t max_ages_ms[RETRY_LANES];
};

/* How long to wait for what, as RFC 5321 §4.5.3.2 names it, in milliseconds. */
struct timeouts_config {
    int64_t connect_ms;
    int64_t tls_handshake_ms;
    int64_t greeting_ms;
    int64_t ehlo_ms;
    int64_t mail_ms;
    int64_t rcpt_ms;
    int64_t data_init_ms;
    int64_t data_end_ms;
    int64_t command_ms; /* any other command: STARTTLS, RSET, QUIT */
    int64_t stop_ms;    /* how long SIGTERM waits for what is in flight */
};

struct store_config {
    uint64_t map_size;
    int64_t commit_interval_ms;
    unsigned commit_records;
    uint64_t journal_size; /* bytes of each delivery thread's journal */
    unsigned unsynced;     /* outcomes of a delivery thread that may wait for the disk */
    uint64_t min_free;
};

struct config {
    struct str file; /* its name, as errors show it */
    struct str data_dir;
    struct str providers_file; /* absent: the table that ships */
    struct str templates;      /* absent: only the layouts and partials that ship */
    struct str timezone;       /* "Europe/Brussels"; absent: UTC */
    struct control_config control;
    struct listen_address metrics_listen; /* port 0: no listener */
    struct str tracking_base_url;         /* optional: use the identity's base_url */
    struct log_config log;
    struct threads_config threads;
    struct tls_config tls;
    struct retry_config retry;
    struct timeouts_config timeouts;
    struct store_config store;

    struct identity *identities; /* one or more; the first is the default */
    size_t identity_count;
    struct source *sources; /* one or more */
    size_t source_count;
    struct pool *pools; /* one or more: without any in the file, "default" with all sources */
    size_t pool_count;
    struct route *routes; /* may be none: then all mail goes by MX */
    size_t route_count;
    struct site_limits *sites; /* the last is "*", made from the defaults if the file has none */
    size_t site_count;
    struct provider *providers; /* the file's own, then those that ship, as the file changes them */
    size_t provider_count;
    struct rule *rules; /* the file's own first, then those that ship */
    size_t rule_count;
    struct dns_config dns;
    struct schedule_block *schedules; /* read `retry.schedules` instead */
    size_t schedule_count;

    _Atomic unsigned refs; /* config_ref and config_unref only */
    struct arena memory;   /* everything above that is pointed to */
};

/* What was wrong: one line for each error, "FILE:LINE: Sentence." and a newline, in order of lines;
 * those of a file of providers after those of the main one. */
struct config_errors {
    struct buf text;
    int count;
};

#define CONFIG_ERRORS_INIT ((struct config_errors){BUF_INIT, 0})

void config_errors_release(struct config_errors *errors);

/* Both give NULL and at least one error, or a configuration that the caller unrefs, and none. */
struct config *config_load(const char *path, struct config_errors *errors);

/* `name` stands in the errors where the file's name would; relative paths are joined to `base_dir`.
 */
struct config *config_load_text(struct str text, const char *name, const char *base_dir,
                                struct config_errors *errors);

struct config *config_ref(struct config *config);
void config_unref(struct config *config); /* NULL is fine */

/*
 * Lookups compare ASCII letters without case. An exact pattern beats the longest "*.suffix", which
 * beats "*"; "*.example" covers every name below example, not example itself. They walk the list:
 * keep the answer (with a reference to the configuration) rather than ask for every recipient.
 */
const struct route *config_route(const struct config *config, struct str domain); /* or NULL: MX */

/* The provider of a mail exchanger, or of a route's host; NULL if it is nobody's. */
const struct provider *config_provider(const struct config *config, struct str host);
const struct provider *config_provider_named(const struct config *config, struct str name);

/* What holds for a site whose first host this is. */
void config_site_terms(const struct config *config, struct str host, struct site_terms *out);

/* The block that was written for such a site; NULL: only "*", the last one, is for it. */
const struct site_limits *config_site_block(const struct config *config, struct str host);

/* By name; an empty name is the first pool. NULL if there is none of that name. */
const struct pool *config_pool(const struct config *config, struct str name);

/* By name; an empty name is the default identity. NULL if there is none of that name. */
const struct identity *config_identity(const struct config *config, struct str name);

/*
 * A running daemon cannot change some options. Adds one sentence for each of those that differ to
 * `out` ("data_dir cannot change while tocsind runs; …\n") and returns how many there were.
 */
int config_diff_needs_restart(const struct config *running, const struct config *loaded,
                              struct buf *out);

/* The manual: every block and option as Markdown, from the table that the parser uses. */
void config_print_options(struct buf *out);

#endif
