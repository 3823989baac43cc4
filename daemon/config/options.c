#include "config/options.h"

#include <assert.h>

#include "config/config.h"
#include "config/schedule.h"
#include "config/units.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define BETWEEN(least, most) .low = (least), .high = (most)
/* A list of 1 to `most` values behind a pointer; and one that is a `struct rates`. */
#define LIST(type, field, count, most) \
    AT(type, field), .count_offset = offsetof(struct type, count), .list_max = (most)
#define RATES(type, field)                                                                         \
    AT(type, field), .count_offset = offsetof(struct type, field) + offsetof(struct rates, count), \
                     .list_max = RATES_IN_A_LIST, .in_place = true

static_assert(offsetof(struct rates, at) == 0, "the list of a struct rates begins with it");

enum { NAMES_MAX = 64, PATTERNS_MAX = 64, REPLIES_MAX = 32, DAYS_MAX = OPTION_LIST_LONGEST };

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const rule_actions[] = {"suspend", "slow", "block", "hold_job",
                                           "plain",   "none", NULL};
static const char *const rule_scopes[] = {"site", "provider", "source", NULL};
static const char *const tls_policies[] = {"none", "opportunistic", "required", NULL};

/* clang-format off */
const struct block blocks[BLOCK_COUNT] = {
    [BLOCK_TOP] = {.name = "root", .help = "Outside every block."},
    [BLOCK_CONTROL] = {
        .name = "control", AT(config, control), .example = "control { socket = \"control.sock\" }",
        .help = "The control API, which the tocsin program talks to."},
    [BLOCK_METRICS] = {
        .name = "metrics", AT(config, metrics_listen),
        .help = "Numbers for Prometheus, at /metrics."},
    [BLOCK_TRACKING] = {
        .name = "tracking", AT(config, tracking_base_url),
        .help = "Links that lead back to this daemon."},
    [BLOCK_LOG] = {.name = "log", AT(config, log), .help = "One line for each thing worth knowing."},
    [BLOCK_THREADS] = {
        .name = "threads", AT(config, threads), .help = "How many threads do the work."},
    [BLOCK_IDENTITY] = {
        .name = "identity", AT(config, identities), .titled = true, .many = true,
        .size = sizeof(struct identity), .count_offset = offsetof(struct config, identity_count),
        .title_offset = offsetof(struct identity, name),
        .example = "identity \"NAME\" { domain = \"send.example\" }",
        .help = "Whom mail comes from. One or more; the first is the default."},
    [BLOCK_DKIM] = {
        .name = "dkim", AT(identity, dkim), .parent = BLOCK_IDENTITY, .many = true,
        .size = sizeof(struct dkim_key_config),
        .count_offset = offsetof(struct identity, dkim_count),
        .help = "A key that signs the identity's mail, RSA or Ed25519 by what the file holds. Several "
                "blocks make several signatures; without any, mail is not signed."},
    [BLOCK_SOURCE] = {
        .name = "source", AT(config, sources), .titled = true, .many = true,
        .size = sizeof(struct source), .count_offset = offsetof(struct config, source_count),
        .title_offset = offsetof(struct source, name),
        .example = "source \"NAME\" { ehlo = \"mail.send.example\" }",
        .help = "Where mail leaves from. One or more, at most 64."},
    [BLOCK_WARM_UP] = {
        .name = "warm_up", AT(source, warm_up), .parent = BLOCK_SOURCE,
        .help = "How a new address is made known: what it may send to each provider on each day. What is "
                "more goes by the warm sources of the pool, and waits if there is none. After the last day "
                "the source is warm, as it is without this block."},
    [BLOCK_POOL] = {
        .name = "pool", AT(config, pools), .titled = true, .many = true, .size = sizeof(struct pool),
        .count_offset = offsetof(struct config, pool_count),
        .title_offset = offsetof(struct pool, name),
        .help = "Sources that stand in for each other, by their weights; a job names one. Without any, there "
                "is the pool `default` with all sources."},
    [BLOCK_ROUTE] = {
        .name = "route", AT(config, routes), .titled = true, .many = true,
        .size = sizeof(struct route), .count_offset = offsetof(struct config, route_count),
        .title_offset = offsetof(struct route, pattern), .title_check = units_pattern,
        .help = "Where the mail for a domain goes instead of its mail exchangers (MX). The title is a "
                "domain, `*.suffix` for every name below it, or `*`; an exact match beats the longest "
                "suffix, which beats `*`."},
    [BLOCK_TLS] = {
        .name = "tls", AT(config, tls), .help = "How safely to connect to receivers."},
    [BLOCK_DNS] = {
        .name = "dns", AT(config, dns),
        .help = "Who answers questions about names, and how long that may take."},
    [BLOCK_SITE] = {
        .name = "site", AT(config, sites), .titled = true, .many = true,
        .size = sizeof(struct site_limits), .count_offset = offsetof(struct config, site_count),
        .title_offset = offsetof(struct site_limits, pattern), .title_check = units_pattern,
        .presets_for = "*",
        .help = "What one receiver accepts from one source. The title is matched with the name of its best "
                "mail exchanger, or with the host of the route, as a route's title is with the domain. What "
                "a block leaves out comes from the site's provider, then from `site \"*\"`, which has the "
                "defaults."},
    [BLOCK_PROVIDER] = {
        .name = "provider", AT(config, providers), .titled = true, .many = true,
        .size = sizeof(struct provider), .count_offset = offsetof(struct config, provider_count),
        .title_offset = offsetof(struct provider, name), .shaping = true,
        .help = "A receiver with many sites, known by the names of its mail exchangers. Outside the inner "
                "blocks, `connections`, `connection_rate` and `rate` hold for one source and all sites of "
                "the provider together. `tocsind --providers` prints the table that ships; a block with "
                "the name of one in it changes the options that it has and leaves the others."},
    [BLOCK_EACH] = {
        .name = "each", AT(provider, each), .parent = BLOCK_PROVIDER,
        .help = "From one source to each of the provider's sites."},
    [BLOCK_TOTAL] = {
        .name = "total", AT(provider, total), .parent = BLOCK_PROVIDER,
        .help = "From all sources together to all of the provider's sites."},
    [BLOCK_RULE] = {
        .name = "rule", AT(config, rules), .titled = true, .many = true, .size = sizeof(struct rule),
        .count_offset = offsetof(struct config, rule_count),
        .title_offset = offsetof(struct rule, name), .shaping = true,
        .help = "What to do for a time when a receiver answers in certain words. The first rule that matches "
                "counts: those of this file in their order, then those that ship. A block with the name of "
                "one that ships replaces the whole of it; `action = none` switches it off."},
    [BLOCK_RETRY] = {
        .name = "retry", AT(config, retry),
        .help = "When a copy that was deferred is tried again: after `first`, then after `factor` "
                "times the last wait, at most `max`, until it is `max_age` old. Blocks `schedule` say "
                "otherwise for a lane or a kind of failure."},
    [BLOCK_SCHEDULE] = {
        .name = "schedule", AT(config, schedules), .titled = true, .many = true,
        .size = sizeof(struct schedule_block),
        .count_offset = offsetof(struct config, schedule_count),
        .title_offset = offsetof(struct schedule_block, name), .title_check = schedule_name,
        .help = "Waits of their own for some copies. The title is a lane (`transactional`, `bulk`), a kind "
                "of failure (`greylisted`, `mailbox_full`, `unreachable`, `in_doubt`), or both "
                "(`transactional greylisted`). What a block leaves out comes from the next of: lane and "
                "kind, kind, lane, `retry`. Without a block, what is greylisted waits 4m first, 1.5 times "
                "as long each time and at most 30m, or as `retry` says where that is shorter. Where the "
                "reply says when to come back, that is done instead, between 1m and `max`."},
    [BLOCK_TIMEOUTS] = {
        .name = "timeouts", AT(config, timeouts),
        .help = "How long to wait for a receiver. From `greeting` to `data_end` the defaults are what RFC "
                "5321 §4.5.3.2 asks for at least."},
    [BLOCK_STORE] = {.name = "store", AT(config, store), .help = "How the truth is kept on disk."},
};

const struct option options[] = {
    {BLOCK_TOP, KIND_FOLDER, "data_dir", AT(config, data_dir), .required = true, .restart = true,
     .help = "The folder of the store, its keys and its imports; made if it is missing."},

    {BLOCK_TOP, KIND_FILE, "providers", AT(config, providers_file),
     .help = "A file of blocks `provider` and `rule` instead of those that ship; without it, those."},

    {BLOCK_TOP, KIND_PATH, "templates", AT(config, templates),
     .help = "The folder of your own layouts and partials, which come before those that ship under the same names."},
    {BLOCK_TOP, KIND_ZONE, "timezone", AT(config, timezone),
     .help = "The time zone of dates in messages, as `Europe/Brussels`; without it, UTC."},

    {BLOCK_CONTROL, KIND_SOCKET, "socket", AT(control_config, socket), .required = true,
     .restart = true, .help = "The unix socket to listen on."},
    {BLOCK_CONTROL, KIND_MODE, "mode", "0660", AT(control_config, mode), .restart = true,
     .help = "Who may connect, as chmod writes it."},

    {BLOCK_METRICS, KIND_LISTEN, "listen", .offset = 0, .restart = true,
     .help = "Where to listen; without it there is no listener."},

    {BLOCK_TRACKING, KIND_URL, "base_url", .offset = 0,
     .help = "What links in mail begin with; without it, `https://` and the identity's domain."},

    {BLOCK_LOG, KIND_PATH, "file", AT(log_config, file),
     .help = "The file to append to; without it, standard error."},
    {BLOCK_LOG, KIND_CHOICE, "level", "info", .choices = log_levels, AT(log_config, level),
     .help = "The least important lines that are written."},

    {BLOCK_THREADS, KIND_INTEGER, "delivery", "0", BETWEEN("0", "64"), AT(threads_config, delivery),
     .restart = true, .help = "Loops that hold connections; 0 is one a core."},
    {BLOCK_THREADS, KIND_INTEGER, "composers", "0", BETWEEN("0", "64"),
     AT(threads_config, composers), .restart = true,
     .help = "Workers that render and sign; 0 is one a core."},

    {BLOCK_IDENTITY, KIND_DOMAIN, "domain", AT(identity, domain), .required = true,
     .help = "The domain of the return path, the Message-ID and DKIM's d=."},
    {BLOCK_IDENTITY, KIND_EMAIL, "from", AT(identity, from),
     .help = "The From of messages that have none, as `Name <user@example.org>`."},
    {BLOCK_IDENTITY, KIND_EMAIL, "list_unsubscribe_mailto", AT(identity, list_unsubscribe_mailto),
     .help = "An address for List-Unsubscribe, beside the link."},
    {BLOCK_IDENTITY, KIND_BOOL, "require_consent", "false", AT(identity, require_consent),
     .help = "Whether contacts of whom it is not known that they consented to mail are skipped; who refused always is."},
    {BLOCK_IDENTITY, KIND_NAME, "pool", AT(identity, pool),
     .help = "The pool for jobs that name none; without it, the first pool."},

    {BLOCK_IDENTITY, KIND_TEXT, "footer", AT(identity, footer),
     .help = "Who writes, with a postal address: it stands at the foot of every layout. `\\n` begins a new line."},
    {BLOCK_IDENTITY, KIND_BOOL, "track", "false", AT(identity, track),
     .help = "Whether links in the HTML part lead through `base_url`, so that clicks are known."},

    {BLOCK_DKIM, KIND_DOMAIN, "selector", AT(dkim_key_config, selector), .required = true,
     .help = "The selector: DKIM's s=."},
    {BLOCK_DKIM, KIND_FILE, "key", AT(dkim_key_config, key), .required = true,
     .help = "The file of the private key, PEM."},

    {BLOCK_SOURCE, KIND_DOMAIN, "ehlo", AT(source, ehlo), .required = true,
     .help = "The name in EHLO; the address's PTR record should name it."},
    {BLOCK_SOURCE, KIND_ADDRESS, "address", AT(source, address),
     .help = "The local address to connect from; without it, the kernel chooses."},
    {BLOCK_SOURCE, KIND_INTEGER, "weight", "1", BETWEEN("1", "1000"), AT(source, weight),
     .help = "Its share of the mail of a pool, beside the weights of the other sources."},

    {BLOCK_WARM_UP, KIND_DATE, "start", AT(warm_up, start), .required = true,
     .help = "The first day; days begin at midnight UTC."},
    {BLOCK_WARM_UP, KIND_INTEGER, "days", BETWEEN("1", "1000000000"),
     LIST(warm_up, days, day_count, DAYS_MAX), .required = true,
     .help = "Messages on the first day, the second, and so on."},

    {BLOCK_POOL, KIND_NAME, "sources", LIST(pool, source_names, source_count, NAMES_MAX),
     .required = true, .help = "The names of its sources."},

    {BLOCK_ROUTE, KIND_HOST, "host", AT(route, host), .required = true,
     .help = "The host to connect to: a name or an address."},
    {BLOCK_ROUTE, KIND_PORT, "port", "25", BETWEEN("1", "65535"), AT(route, port),
     .help = "Its port."},
    {BLOCK_ROUTE, KIND_CHOICE, "tls", .choices = tls_policies, AT(route, tls),
     .help = "The policy for this route; without it, the one of `tls`."},

    {BLOCK_TLS, KIND_CHOICE, "policy", "opportunistic", .choices = tls_policies,
     AT(tls_config, policy),
     .help = "Never STARTTLS, when it is offered, or no mail without it."},
    {BLOCK_TLS, KIND_BOOL, "verify", "false", AT(tls_config, verify),
     .help = "Whether the certificate must be valid for the host, where the policy is `required`; under `opportunistic` a bad one is better than clear text."},
    {BLOCK_TLS, KIND_FILE, "ca_file", AT(tls_config, ca_file),
     .help = "Certificates to trust, PEM; without it, the system's."},

    {BLOCK_DNS, KIND_SERVER, "server", AT(dns_config, server),
     .help = "The name server to ask, as `127.0.0.1` or with a port; without it, those of /etc/resolv.conf."},
    {BLOCK_DNS, KIND_DURATION, "timeout", "5s", BETWEEN("100ms", "1m"), AT(dns_config, timeout_ms),
     .help = "How long one try waits for an answer."},
    {BLOCK_DNS, KIND_INTEGER, "tries", "3", BETWEEN("1", "10"), AT(dns_config, tries),
     .help = "How often a question is asked before it counts as unanswered."},
    {BLOCK_DNS, KIND_PORT, "mx_port", "25", BETWEEN("1", "65535"), AT(dns_config, mx_port),
     .help = "The port of mail exchangers: another one is for tests."},

    {BLOCK_SITE, KIND_INTEGER, "connections", "10", BETWEEN("1", "10000"),
     AT(site_limits, throttle.connections), .help = "Connections at the same time."},
    {BLOCK_SITE, KIND_RATE, "connection_rate", AT(site_limits, throttle.connection_rate),
     .help = "The most new connections in a time."},
    {BLOCK_SITE, KIND_RATE, "rate", RATES(site_limits, throttle.rates),
     .help = "The most messages in a time. Several rates hold together."},
    {BLOCK_SITE, KIND_INTEGER, "messages_per_connection", "100", BETWEEN("1", "1000000"),
     AT(site_limits, connection.messages), .help = "Messages before a connection is closed."},
    {BLOCK_SITE, KIND_INTEGER, "in_flight", "1", BETWEEN("1", "16"),
     AT(site_limits, connection.in_flight),
     .help = "Transactions that may overlap on a connection."},
    {BLOCK_SITE, KIND_DURATION, "idle", "60s", BETWEEN("10ms", "1h"),
     AT(site_limits, connection.idle_ms), .help = "How long a connection without work is kept."},

    {BLOCK_PROVIDER, KIND_PATTERN, "mx", LIST(provider, mx, mx_count, PATTERNS_MAX),
     .help = "Its mail exchangers, as titles of sites are written. **Required** for a provider that does not ship."},
    {BLOCK_PROVIDER, KIND_CHOICE, "tls", .choices = tls_policies, AT(provider, tls),
     .help = "The policy for its sites; without it, the one of `tls`."},
    {BLOCK_PROVIDER, KIND_INTEGER, "connections", BETWEEN("1", "10000"),
     AT(provider, together.connections), .help = "Connections at the same time."},
    {BLOCK_PROVIDER, KIND_RATE, "connection_rate", AT(provider, together.connection_rate),
     .help = "The most new connections in a time."},
    {BLOCK_PROVIDER, KIND_RATE, "rate", RATES(provider, together.rates),
     .help = "The most messages in a time. Several rates hold together."},
    {BLOCK_PROVIDER, KIND_INTEGER, "messages_per_connection", BETWEEN("1", "1000000"),
     AT(provider, connection.messages), .help = "Messages before a connection is closed."},
    {BLOCK_PROVIDER, KIND_INTEGER, "in_flight", BETWEEN("1", "16"),
     AT(provider, connection.in_flight), .help = "Transactions that may overlap on a connection."},
    {BLOCK_PROVIDER, KIND_DURATION, "idle", BETWEEN("10ms", "1h"), AT(provider, connection.idle_ms),
     .help = "How long a connection without work is kept."},

    {BLOCK_EACH, KIND_INTEGER, "connections", BETWEEN("1", "10000"),
     AT(throttle_limits, connections), .help = "Connections at the same time."},
    {BLOCK_EACH, KIND_RATE, "connection_rate", AT(throttle_limits, connection_rate),
     .help = "The most new connections in a time."},
    {BLOCK_EACH, KIND_RATE, "rate", RATES(throttle_limits, rates),
     .help = "The most messages in a time. Several rates hold together."},

    {BLOCK_TOTAL, KIND_INTEGER, "connections", BETWEEN("1", "10000"),
     AT(throttle_limits, connections), .help = "Connections at the same time."},
    {BLOCK_TOTAL, KIND_RATE, "connection_rate", AT(throttle_limits, connection_rate),
     .help = "The most new connections in a time."},
    {BLOCK_TOTAL, KIND_RATE, "rate", RATES(throttle_limits, rates),
     .help = "The most messages in a time. Several rates hold together."},

    {BLOCK_RULE, KIND_NAME, "provider", AT(rule, provider),
     .help = "The provider whose replies are looked at; without it, everybody's."},
    {BLOCK_RULE, KIND_REPLY, "reply", LIST(rule, replies, reply_count, REPLIES_MAX),
     .help = "Patterns, one of which the whole reply matches, written as `CODE TEXT` on one line with single spaces: `*` is any run of characters, `?` is one, the rest stands for itself in either case. **Required** but for `none`."},
    {BLOCK_RULE, KIND_CHOICE, "action", .choices = rule_actions, AT(rule, action), .required = true,
     .help = "Send nothing there; send slower; send nothing and tell the administrator that the address needs care; keep the job's copies back there, for its content is refused; use no PIPELINING and no CHUNKING; or do nothing at all."},
    {BLOCK_RULE, KIND_CHOICE, "scope", "site", .choices = rule_scopes, AT(rule, scope),
     .help = "Where: at the site, at all sites of its provider (at the site, if it has none), or wherever this source sends."},
    {BLOCK_RULE, KIND_DURATION, "for", "15m", BETWEEN("1s", "7d"), AT(rule, for_ms),
     .help = "How long, before it begins to recover."},
    {BLOCK_RULE, KIND_INTEGER, "count", "1", BETWEEN("1", "10000"), AT(rule, count),
     .help = "So many replies must match first, …"},
    {BLOCK_RULE, KIND_DURATION, "within", "10m", BETWEEN("1s", "1d"), AT(rule, within_ms),
     .help = "… within this time."},
    {BLOCK_RULE, KIND_RATE, "rate", AT(rule, rate),
     .help = "For `slow`: the most messages in a time."},
    {BLOCK_RULE, KIND_INTEGER, "connections", BETWEEN("1", "10000"), AT(rule, connections),
     .help = "For `slow`: the most connections."},

    {BLOCK_RETRY, KIND_DURATION, "first", "5m", BETWEEN("10ms", "7d"), AT(retry_config, first_ms),
     .help = "The first wait."},
    {BLOCK_RETRY, KIND_NUMBER, "factor", "2", BETWEEN("1", "100"), AT(retry_config, factor),
     .help = "How much longer every further wait is."},
    {BLOCK_RETRY, KIND_DURATION, "max", "4h", BETWEEN("10ms", "7d"), AT(retry_config, max_ms),
     .help = "The longest wait; not less than `first`."},
    {BLOCK_RETRY, KIND_DURATION, "max_age", "3d", BETWEEN("10ms", "30d"),
     AT(retry_config, max_age_ms), .help = "When to give up; not less than `first`."},

    {BLOCK_SCHEDULE, KIND_DURATION, "first", BETWEEN("10ms", "7d"),
     AT(schedule_block, waits.first_ms), .help = "The first wait."},
    {BLOCK_SCHEDULE, KIND_NUMBER, "factor", BETWEEN("1", "100"), AT(schedule_block, waits.factor),
     .help = "How much longer every further wait is."},
    {BLOCK_SCHEDULE, KIND_DURATION, "max", BETWEEN("10ms", "7d"), AT(schedule_block, waits.max_ms),
     .help = "The longest wait; not less than `first`."},
    {BLOCK_SCHEDULE, KIND_DURATION, "max_age", BETWEEN("10ms", "30d"),
     AT(schedule_block, max_age_ms), .help = "When to give up. Only where the title is a lane."},

    {BLOCK_TIMEOUTS, KIND_DURATION, "connect", "30s", BETWEEN("10ms", "1h"),
     AT(timeouts_config, connect_ms), .help = "The TCP connection."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "tls_handshake", "60s", BETWEEN("10ms", "1h"),
     AT(timeouts_config, tls_handshake_ms), .help = "The TLS handshake after STARTTLS."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "greeting", "5m", BETWEEN("10ms", "1h"),
     AT(timeouts_config, greeting_ms), .help = "The 220 that opens a session."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "ehlo", "5m", BETWEEN("10ms", "1h"),
     AT(timeouts_config, ehlo_ms), .help = "The answer to EHLO or HELO."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "mail", "5m", BETWEEN("10ms", "1h"),
     AT(timeouts_config, mail_ms), .help = "The answer to MAIL."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "rcpt", "5m", BETWEEN("10ms", "1h"),
     AT(timeouts_config, rcpt_ms), .help = "The answer to RCPT."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "data_init", "2m", BETWEEN("10ms", "1h"),
     AT(timeouts_config, data_init_ms), .help = "The 354 after DATA."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "data_end", "10m", BETWEEN("10ms", "1h"),
     AT(timeouts_config, data_end_ms), .help = "The message to be taken, and the answer to its end."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "command", "5m", BETWEEN("10ms", "1h"),
     AT(timeouts_config, command_ms), .help = "Any other answer: to QUIT, and what still comes after a 421."},
    {BLOCK_TIMEOUTS, KIND_DURATION, "stop", "10s", BETWEEN("0s", "1h"), AT(timeouts_config, stop_ms),
     .help = "How long SIGTERM waits for what is in flight."},

    {BLOCK_STORE, KIND_SIZE, "map_size", "256MiB", BETWEEN("1MiB", "16TiB"),
     AT(store_config, map_size), .restart = true,
     .help = "The size of the memory map at the start; it grows by itself."},
    {BLOCK_STORE, KIND_DURATION, "commit_interval", "50ms", BETWEEN("0ms", "10s"),
     AT(store_config, commit_interval_ms), .restart = true,
     .help = "How long writes gather before they are committed together."},
    {BLOCK_STORE, KIND_INTEGER, "commit_records", "10000", BETWEEN("1", "10000000"),
     AT(store_config, commit_records), .restart = true,
     .help = "How many gathered writes are committed without waiting longer."},
    {BLOCK_STORE, KIND_SIZE, "journal_size", "4MiB", BETWEEN("64KiB", "1GiB"),
     AT(store_config, journal_size), .restart = true,
     .help = "The size of each delivery thread's journal, taken from the disk at the start; it bounds how many transactions can be under way: some 3,000 in 4 MiB."},
    {BLOCK_STORE, KIND_INTEGER, "unsynced", "8192", BETWEEN("1", "1000000"),
     AT(store_config, unsynced),
     .help = "How many answers a delivery thread may hold that are not on disk yet: so many copies can be sent twice when the machine loses its power."},
    {BLOCK_STORE, KIND_SIZE, "min_free", "64MiB", BETWEEN("0B", "16TiB"),
     AT(store_config, min_free),
     .help = "With less room than this on the disk of `data_dir`, nothing new is taken in or sent, so "
             "that what is known can still be written; `0B`: the room does not matter."},
};
/* clang-format on */

const size_t option_count = sizeof(options) / sizeof(options[0]);

const struct option *option_find(enum block_id block, struct str name)
{
    for (size_t i = 0; i < option_count; i++)
        if (options[i].block == block && str_eq(str_of(options[i].name), name))
            return &options[i];
    return NULL;
}

enum block_id block_find(struct str name)
{
    for (int i = BLOCK_TOP + 1; i < BLOCK_COUNT; i++)
        if (str_eq(str_of(blocks[i].name), name))
            return (enum block_id)i;
    return BLOCK_TOP;
}
