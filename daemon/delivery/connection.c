#include "delivery/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "delivery/conduct.h"
#include "delivery/report.h"
#include "loop/stream.h"
#include "store/journal.h"

/* Between attempts at several addresses (RFC 8305 §5), where two connections at once are allowed.
 */
enum { APART_MS = 250 };

static struct metric open_now = {
    .name = "tocsin_connections",
    .help = "Connections to receivers, the ones being opened included.",
    .kind = METRIC_GAUGE,
};
static struct metric opened = {
    .name = "tocsin_connections_opened_total",
    .help = "Connections to receivers that were ready for mail.",
    .kind = METRIC_COUNTER,
};
static struct metric secured = {
    .name = "tocsin_connections_tls_total",
    .help = "Connections to receivers that were secured by TLS.",
    .kind = METRIC_COUNTER,
};
static struct metric resumed = {
    .name = "tocsin_connections_tls_resumed_total",
    .help = "Connections to receivers whose TLS session was resumed.",
    .kind = METRIC_COUNTER,
};
static struct metric in_flight_now = {
    .name = "tocsin_in_flight",
    .help = "Transactions whose answer is awaited.",
    .kind = METRIC_GAUGE,
};

void connection_init(void)
{
    struct metric *all[] = {&open_now, &opened, &secured, &resumed, &in_flight_now};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        metric_register(all[i]);
}

static struct delivery_thread *thread_of(const struct connection *c)
{
    return c->site->thread;
}

static void on_idle(void *ctx)
{
    connection_quit(ctx);
}

/* Counts it among its site's ready connections, or takes it out. */
static void count_ready(const struct connection *c, int by)
{
    c->outlet->ready_count += (unsigned)by;
    if (c->secure)
        c->outlet->secure_count += (unsigned)by;
    if (!c->takes_8bit)
        c->outlet->bare_count += (unsigned)by;
}

static void leave(struct connection *c)
{
    if (c->leaving)
        return;
    c->leaving = true;
    c->outlet->leaving_count++;
    if (c->ready)
        count_ready(c, -1);
}

/* Other outlets wait for a connection of which there may be only so many together. */
static bool is_in_the_way(const struct connection *c)
{
    const struct throttle_path *path = &c->outlet->path;
    for (size_t i = 1; i < path->count; i++)
        if (path->at[i]->slots.first && site_waiting_copies(c->site) == 0)
            return true;
    return false;
}

static void rest(struct connection *c)
{
    if (c->in_flight > 0 || !c->ready || c->leaving)
        return;
    uint64_t idle_ms = (uint64_t)c->site->terms.connection.idle_ms;
    timer_start(&c->idle, is_in_the_way(c) ? 0 : idle_ms);
}

/* Until one is connected, the first that is tried. */
static void set_peer(struct connection *c, int address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr_storage *a = &c->params.addresses[address < 0 ? 0 : address];
    const void *bytes =
        a->ss_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)(const void *)a)->sin_addr;
    inet_ntop(a->ss_family, bytes, host, sizeof(host));
    snprintf(c->peer, sizeof(c->peer), "%s", host);
}

/* The addresses that failed, or that another one overtook. */
static unsigned passed_over(const struct smtp_client *client)
{
    int reached = smtp_client_reached(client);
    unsigned before = reached > 0 ? (1u << reached) - 1 : 0;
    return smtp_client_failed(client) | before;
}

static void on_ready(struct smtp_client *client, void *owner,
                     const struct smtp_extensions *extensions, const struct stream_tls_info *tls)
{
    struct connection *c = owner;
    c->ready = true;
    c->secure = tls != NULL;
    set_peer(c, smtp_client_reached(client));
    c->mail_limit = extensions->mail_limit;
    c->takes_8bit = extensions->eightbitmime;
    count_ready(c, 1);
    c->outlet->lessons.failures = 0;
    c->site->failures_before = 0;
    host_learn(c->host, &c->params, passed_over(client));
    metric_add(&opened, 1);
    if (tls) {
        metric_add(&secured, 1);
        metric_add(&resumed, tls->resumed);
    }
    rest(c);
    site_work(c->site);
}

static void on_began(struct smtp_client *client, void *owner, struct smtp_transaction *tx)
{
    struct connection *c = owner;
    struct parcel *p = tx->owner;
    (void)client;
    p->begun = true;
    warmth_use(p);
    p->began_us = clock_mono_us();
    p->open =
        journal_began(thread_of(c)->journal,
                      &(struct journal_began){.job = p->copy.mailing->job,
                                              .contact = p->copy.contact,
                                              .domain = p->copy.domain,
                                              .message_version = p->copy.mailing->message_version,
                                              .at = (uint32_t)clock_steady_s(),
                                              .attempt = p->copy.attempts,
                                              .source = p->source});
    atomic_fetch_add(&p->copy.mailing->begun[p->copy.was], 1);
    metric_add(&in_flight_now, 1);
}

/* The transaction is over, one way or the other. */
static void ended(struct connection *c, struct parcel *p)
{
    uint64_t now = loop_now_ms(&thread_of(c)->loop);
    tempo_busy(&c->site->tempo, now - c->busy_since_ms);
    c->busy_since_ms = now;
    c->in_flight--;
    c->outlet->in_flight--;
    thread_of(c)->tails -= p->copy.mailing->message->tail.len;
    if (p->begun)
        metric_add(&in_flight_now, -1);
    rest(c);
}

/* Its end is written down: its room is somebody else's, and sites that found none try again. */
static void give_back(struct delivery_thread *thread)
{
    journal_give_back(thread->journal);
    if (!thread->starved)
        return;
    thread->starved = false;
    sites_work(thread);
}

static bool take_room(struct delivery_thread *thread)
{
    bool taken = journal_take(thread->journal);
    thread->starved |= !taken;
    return taken;
}

/* While it waits for its answer, a copy holds no message: the next one is written where this one
 * still lies in the cache. */
static void on_handed_over(struct smtp_client *client, void *owner, struct smtp_transaction *tx)
{
    struct connection *c = owner;
    (void)client;
    parcel_take_sheet(thread_of(c), tx->owner);
}

/* A refusal: whether it speaks of us, not of the recipient. */
static bool hear(struct connection *c, const struct parcel *p, const struct smtp_reply *reply)
{
    site_note_reply(c->site, reply);
    const struct rule *rule = restraints_hear(c->outlet, reply, p->copy.mailing->job);
    return rule && rule_spares_recipient(rule);
}

static void on_answer(struct smtp_client *client, void *owner, struct smtp_transaction *tx,
                      const struct smtp_answer *answer)
{
    struct connection *c = owner;
    struct parcel *p = tx->owner;
    bool spared = false;
    (void)client;
    c->answered++;
    ended(c, p);
    c->site->answered++;
    tempo_count(&c->site->tempo);
    if (smtp_answer_accepted(answer))
        conduct_accepted(c->site, &c->session, answer->depth);
    else if (!answer->local)
        spared = hear(c, p, answer->reply);
    report_answer(thread_of(c), p, answer, spared, c->peer);
    give_back(thread_of(c));
}

/*
 * What was not sent goes again at once, until a few sessions have achieved nothing; then it waits
 * like any failure. One that answered something was worth it, however many flew behind. A cancelled
 * job wants to hear of every copy that began.
 */
static bool is_over(const struct connection *c, struct parcel *p, enum smtp_loss loss)
{
    if (loss == SMTP_IN_DOUBT || mailing_gate(p->copy.mailing) == GATE_CLOSED)
        return true;
    return c->answered == 0 && ++p->losses >= PARCEL_LOSSES_MAX;
}

static void go_back(struct connection *c, struct parcel *p)
{
    if (p->begun) {
        atomic_fetch_sub(&p->copy.mailing->begun[p->copy.was], 1);
        journal_returned(thread_of(c)->journal, p->open);
    }
    p->begun = false;
    site_return(c->site, p);
}

static void on_lost(struct smtp_client *client, void *owner, struct smtp_transaction *tx,
                    enum smtp_loss loss, const char *sentence)
{
    struct connection *c = owner;
    struct parcel *p = tx->owner;
    ended(c, p);
    conduct_lost(c->site, smtp_client_manners(client), sentence);
    if (is_over(c, p, loss))
        report_loss(thread_of(c), p, loss, sentence, c->peer);
    else
        go_back(c, p);
    give_back(thread_of(c));
}

/* What is ready goes at once: without CHUNKING it travels with the end of the message before it
 * (RFC 2920 §3.1). */
static void on_room(struct smtp_client *client, void *owner)
{
    struct connection *c = owner;
    (void)client;
    connection_fill(c);
    site_work(c->site);
}

static void log_end_of(const struct connection *c, enum smtp_end end, const char *sentence)
{
    struct log_line line;
    bool expected = end == SMTP_END_QUIT || end == SMTP_END_ABORTED || end == SMTP_END_SHORTAGE;
    if (!log_begin(&line, expected ? LOG_DEBUG : LOG_INFO, "connection_ended"))
        return;
    log_str(&line, "site", site_key(c->site));
    log_text(&line, "peer", c->peer);
    log_text(&line, "end", smtp_end_name(end));
    log_str(&line, "source", c->outlet->source_name);
    log_u64(&line, "messages", c->served);
    log_text(&line, "message", sentence ? sentence : "");
    log_end(&line);
}

/* Not one that was made under settings that are no longer in force. */
static void keep_session(struct connection *c)
{
    SSL_SESSION *session = NULL;
    if (c->settings == thread_of(c)->settings)
        session = smtp_client_tls_session(c->client);
    if (!session)
        return;
    SSL_SESSION_free(c->host->session);
    c->host->session = session;
}

static enum session_reach reach_of(const struct connection *c)
{
    return c->answered ? REACH_ANSWER : c->ready ? REACH_READY : REACH_NOTHING;
}

static void on_closed(struct smtp_client *client, void *owner, enum smtp_end end,
                      const struct smtp_reply *reply, const char *sentence)
{
    struct connection *c = owner;
    struct site *site = c->site;
    struct session_end seen = {reach_of(c), end, reply, sentence};
    log_end_of(c, end, sentence);
    keep_session(c);
    timer_stop(&c->idle);
    leave(c);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->outlet->connection_count--;
    c->outlet->leaving_count--;
    throttle_disconnected(&c->outlet->path);
    metric_add(&open_now, -1);
    conduct_ended(site, &c->session, smtp_client_manners(client), sentence);
    site_learn(c->outlet, c->host, &seen);
    settings_unref(c->settings);
    SSL_SESSION_free(c->params.tls_resume);
    free(c);
    site_work(site);
    thread_end_if_done(site->thread);
}

static const struct smtp_events events = {
    .on_ready = on_ready,
    .on_began = on_began,
    .on_handed_over = on_handed_over,
    .on_answer = on_answer,
    .on_lost = on_lost,
    .on_room = on_room,
    .on_closed = on_closed,
};

static struct smtp_timeouts timeouts_of(const struct timeouts_config *t)
{
    return (struct smtp_timeouts){.connect = t->connect_ms,
                                  .greeting = t->greeting_ms,
                                  .ehlo = t->ehlo_ms,
                                  .starttls = t->tls_handshake_ms,
                                  .mail = t->mail_ms,
                                  .rcpt = t->rcpt_ms,
                                  .data = t->data_init_ms,
                                  .body = t->data_end_ms,
                                  .quit = t->command_ms};
}

static enum smtp_tls_policy policy_now(const struct site *site)
{
    if (site->tls == TLS_POLICY_REQUIRED)
        return SMTP_TLS_REQUIRED;
    bool clear = loop_now_ms(&site->thread->loop) < site->clear_until_ms;
    return site->tls == TLS_POLICY_NONE || clear ? SMTP_TLS_NONE : SMTP_TLS_OPPORTUNISTIC;
}

/* The family of the source's address; AF_UNSPEC if it has none. */
static int set_source(struct smtp_params *p, const struct source *source)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&p->source4;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&p->source6;
    if (!source->address.at)
        return AF_UNSPEC;
    if (inet_pton(AF_INET, source->address.at, &v4->sin_addr) == 1)
        return p->source4.ss_family = AF_INET;
    if (inet_pton(AF_INET6, source->address.at, &v6->sin6_addr) == 1)
        return p->source6.ss_family = AF_INET6;
    return AF_UNSPEC;
}

/* Two attempts at once are two connections to the receiver: each one that is being opened must have
 * room for a second. */
static bool may_race(const struct connection *c)
{
    const struct outlet *o = c->outlet;
    unsigned opening = 0;
    for (const struct connection *other = o->connections; other; other = other->next)
        opening += !other->ready && !other->leaving;
    return throttle_room(&o->path) >= opening;
}

static void set_params(struct connection *c)
{
    struct site *site = c->site;
    const struct config *config = c->settings->config;
    const struct source *source = &config->sources[c->outlet->source];
    struct smtp_params *p = &c->params;
    p->ehlo_name = source->ehlo.at;
    p->server_name = c->host->name;
    host_addresses(c->host, set_source(p, source), p);
    p->apart_ms = may_race(c) ? APART_MS : 0;
    p->tls = policy_now(site);
    p->tls_context = c->settings->tls[site->tls];
    p->tls_resume = c->host->session;
    if (p->tls_resume)
        SSL_SESSION_up_ref(p->tls_resume);
    p->timeouts = timeouts_of(&config->timeouts);
    conduct_set(site, &c->session, p);
    if (!c->outlet->effect.plain)
        return;
    p->in_flight = 1;
    p->no_pipelining = p->no_chunking = true;
}

void connection_open(struct outlet *outlet, struct site_host *host)
{
    struct connection *c = NEW(struct connection);
    struct site *site = outlet->site;
    c->outlet = outlet;
    c->site = site;
    c->host = host;
    c->session = conduct_begin(site);
    c->settings = settings_ref(site->thread->settings);
    c->next = outlet->connections;
    c->link = &outlet->connections;
    if (c->next)
        c->next->link = &c->next;
    outlet->connections = c;
    outlet->connection_count++;
    throttle_connected(&outlet->path, clock_mono_us());
    metric_add(&open_now, 1);
    timer_init(&c->idle, &site->thread->loop, on_idle, c);
    set_params(c);
    set_peer(c, 0);
    c->client = smtp_client_new(&site->thread->loop, &c->params, &events, c);
}

static void send_parcel(struct connection *c, struct parcel *p)
{
    p->transaction = (struct smtp_transaction){
        .owner = p,
        .sender = buf_str(&p->copy.sender),
        .recipient = buf_str(&p->copy.recipient),
        .body = {buf_str(&p->copy.sheet->head), buf_str(&p->copy.sheet->body),
                 p->copy.mailing->message->tail},
        .body_count = 3,
        .eight_bit = p->copy.needs_smtputf8 || p->copy.is_8bit,
        .needs_smtputf8 = p->copy.needs_smtputf8};
    p->source = c->outlet->source_name;
    if (c->in_flight == 0)
        c->busy_since_ms = loop_now_ms(&thread_of(c)->loop);
    c->in_flight++;
    c->outlet->in_flight++;
    thread_of(c)->tails += p->copy.mailing->message->tail.len;
    c->served++;
    timer_stop(&c->idle);
    smtp_client_send(c->client, &p->transaction);
}

/* How many copies it may carry in all: as we allow, and no more than the server does. */
static bool is_used_up(const struct connection *c)
{
    return c->served >= c->site->terms.connection.messages ||
           (c->mail_limit && c->served >= c->mail_limit);
}

size_t connection_room(const struct connection *c)
{
    bool open = c->ready && !c->leaving && !is_used_up(c);
    return open ? smtp_client_room(c->client) : 0;
}

void connection_fill(struct connection *c)
{
    struct delivery_thread *thread = thread_of(c);
    bool sent = false;
    if (!c->ready || c->leaving)
        return;
    while (connection_room(c) > 0 && thread_may_begin(thread) && take_room(thread)) {
        struct parcel *p = outlet_take_ready(c->outlet, c->takes_8bit);
        if (!p) {
            journal_give_back(thread->journal);
            break;
        }
        send_parcel(c, p);
        sent = true;
    }
    if (sent)
        smtp_client_flush(c->client);
    if (is_used_up(c))
        connection_quit(c);
}

void connection_quit(struct connection *c)
{
    leave(c);
    timer_stop(&c->idle);
    smtp_client_quit(c->client);
}

void connection_abort(struct connection *c)
{
    leave(c);
    smtp_client_abort(c->client);
}
