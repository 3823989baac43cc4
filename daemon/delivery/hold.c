#include "delivery/hold.h"

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "base/metrics.h"
#include "delivery/connection.h"
#include "store/health.h"

enum { STORE_LOOK_MS = 1000, SAY_AGAIN_MS = 10 * 60 * 1000 };

static struct metric shortages = {
    .name = "tocsin_connections_held_total",
    .help = "Times that connections had to wait for a descriptor, memory or a local port.",
    .kind = METRIC_COUNTER,
};

void hold_init(void)
{
    metric_register(&shortages);
}

static void on_store_look(void *ctx)
{
    struct delivery_thread *thread = ctx;
    unsigned recoveries = store_recoveries(thread->store);
    if (recoveries != thread->recoveries)
        sites_work(thread);
    thread->recoveries = recoveries;
    timer_start(&thread->store_look, STORE_LOOK_MS);
}

void hold_begin(struct delivery_thread *thread)
{
    thread->recoveries = store_recoveries(thread->store);
    timer_init(&thread->store_look, &thread->loop, on_store_look, thread);
    timer_start(&thread->store_look, STORE_LOOK_MS);
}

void hold_end(struct delivery_thread *thread)
{
    timer_stop(&thread->store_look);
}

/* True once for a time of trouble: threads, sites and seconds all meet the same one. */
static bool is_news(_Atomic int64_t *said_at)
{
    int64_t now = clock_mono_ms(), before = atomic_load(said_at);
    return (!before || now - before >= SAY_AGAIN_MS) &&
           atomic_compare_exchange_strong(said_at, &before, now);
}

static void note_descriptors(void)
{
    static _Atomic int64_t said_at;
    uint64_t limit = descriptors_limit();
    metric_add(&shortages, 1);
    if (is_news(&said_at))
        log_say(LOG_WARN, "descriptors_out",
                "There are no file descriptors for more connections to receivers: the limit is "
                "%llu, of which %llu are kept for the daemon itself. Mail goes on over the "
                "connections that there are. Raise LimitNOFILE= in the unit, or lower "
                "site.connections.",
                (unsigned long long)limit, (unsigned long long)descriptors_kept(limit));
}

void hold_note_shortage(const struct site *site, const char *sentence)
{
    static _Atomic int64_t said_at;
    metric_add(&shortages, 1);
    if (is_news(&said_at))
        log_say(
            LOG_WARN, "connect_held",
            "This machine lacks something for a connection to %s: %s It is tried again every "
            "second, and no receiver and no copy is blamed. Look at the memory, the local ports "
            "(net.ipv4.ip_local_port_range), and whether source.address is on this machine.",
            site->key, sentence);
}

static void quit_idle(const struct site *site)
{
    if (site_waiting_copies(site) > 0)
        return;
    for (struct outlet *o = site->outlets; o; o = o->next)
        for (struct connection *c = o->connections, *next; c; c = next) {
            next = c->next;
            if (c->ready && !c->leaving && c->in_flight == 0)
                connection_quit(c);
        }
}

bool hold_allows_connecting(struct delivery_thread *thread)
{
    uint64_t now = loop_now_ms(&thread->loop);
    if (now < thread->connect_after_ms)
        return false;
    if (descriptors_left(descriptors_kept(descriptors_limit())))
        return true;
    note_descriptors();
    thread->connect_after_ms = now + HOLD_MS;
    for (struct site *site = thread->sites; site; site = site->hh.next)
        quit_idle(site);
    return false;
}

/* Whether a route before this one leads to the same host and port. */
static bool is_known(const struct config *config, size_t route)
{
    const struct route *r = &config->routes[route];
    for (size_t i = 0; i < route; i++)
        if (config->routes[i].port == r->port && str_eq_nocase(config->routes[i].host, r->host))
            return true;
    return false;
}

uint64_t delivery_connections_max(const struct config *config)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < config->route_count; i++) {
        struct site_terms terms;
        config_site_terms(config, config->routes[i].host, &terms);
        if (!is_known(config, i))
            sum += terms.throttle.connections;
    }
    return sum * config->source_count;
}
