#include "api/site_json.h"

#include "base/alloc.h"
#include "base/clock.h"

static struct str or_null(struct str text)
{
    return text.len ? text : (struct str){NULL, 0};
}

static uint32_t now_s(void)
{
    return (uint32_t)clock_steady_s();
}

void json_add_steady(struct json *json, const char *key, uint32_t steady_s)
{
    int64_t wall = clock_wall_s() + (int64_t)steady_s - clock_steady_s();
    bool known = steady_s && steady_s != RESTRAINT_UNTIL_RESUMED && wall > 0 && wall < UINT32_MAX;
    json_add_time(json, key, known ? (uint32_t)wall : 0);
}

static void add_buf(struct json *json, const char *key, struct buf *text)
{
    json_add_text(json, key, or_null(buf_str(text)));
    buf_release(text);
}

/* -- Limits, in the words of the configuration. */

void rate_say(struct buf *out, struct rate rate)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{1000, "s"}, {60 * 1000, "min"}, {3600 * 1000, "h"}, {86400 * 1000, "day"}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (rate.period_ms == units[i].ms) {
            buf_addf(out, "%llu/%s", (unsigned long long)rate.count, units[i].unit);
            return;
        }
    buf_addf(out, "%llu in %.1f s", (unsigned long long)rate.count, (double)rate.period_ms / 1000);
}

static void rates_say(struct buf *out, const struct rates *rates)
{
    for (size_t i = 0; i < rates->count; i++) {
        buf_add_text(out, i ? ", " : "");
        rate_say(out, rates->at[i]);
    }
}

static void add_count(struct json *json, const char *key, unsigned count)
{
    if (count)
        json_add_u64(json, key, count);
    else
        json_add_null(json, key);
}

static void add_rate(struct json *json, const char *key, struct rate rate)
{
    struct buf text = BUF_INIT;
    if (rate.count)
        rate_say(&text, rate);
    add_buf(json, key, &text);
}

static void add_throttle(struct json *json, const char *key, const struct throttle_limits *limits)
{
    struct buf rates = BUF_INIT;
    json_open_object(json, key);
    add_count(json, "connections", limits->connections);
    add_rate(json, "connection_rate", limits->connection_rate);
    rates_say(&rates, &limits->rates);
    add_buf(json, "rate", &rates);
    json_close_object(json);
}

void write_provider_limits(struct json *json, const char *key, const struct provider *provider)
{
    if (!provider) {
        json_add_null(json, key);
        return;
    }
    json_open_object(json, key);
    add_throttle(json, "together", &provider->together);
    add_throttle(json, "total", &provider->total);
    json_close_object(json);
}

/* Who may have said something about a site, the first one before the others. */
struct sayers {
    const struct site_limits *own; /* or NULL */
    const struct provider *provider;
};

static void say_origin(struct buf *out, const struct sayers *by, bool own_says, bool provider_says)
{
    if (own_says)
        buf_addf(out, "site \"%.*s\"", STR_ARG(by->own->pattern));
    else if (provider_says)
        buf_addf(out, "provider \"%.*s\"", STR_ARG(by->provider->name));
    else
        buf_add_text(out, "site \"*\"");
}

static void add_limit(struct json *json, const char *name, struct buf *value, struct buf *from)
{
    json_open_object(json, name);
    add_buf(json, "value", value);
    add_buf(json, "from", from);
    json_close_object(json);
}

static void write_throttle_limits(struct json *json, const struct throttle_limits *t,
                                  const struct sayers *by)
{
    static const struct throttle_limits none;
    const struct throttle_limits *own = by->own ? &by->own->throttle : &none;
    const struct throttle_limits *each = by->provider ? &by->provider->each : &none;
    struct buf value = BUF_INIT, from = BUF_INIT;
    if (t->connections)
        buf_add_u64(&value, t->connections);
    say_origin(&from, by, own->connections, each->connections);
    add_limit(json, "connections", &value, &from);
    if (t->connection_rate.count)
        rate_say(&value, t->connection_rate);
    say_origin(&from, by, own->connection_rate.count, each->connection_rate.count);
    add_limit(json, "connection_rate", &value, &from);
    rates_say(&value, &t->rates);
    say_origin(&from, by, own->rates.count, each->rates.count);
    add_limit(json, "rate", &value, &from);
}

static void write_connection_limits(struct json *json, const struct connection_limits *c,
                                    const struct sayers *by)
{
    static const struct connection_limits none;
    const struct connection_limits *own = by->own ? &by->own->connection : &none;
    const struct connection_limits *all = by->provider ? &by->provider->connection : &none;
    struct buf value = BUF_INIT, from = BUF_INIT;
    if (c->messages)
        buf_add_u64(&value, c->messages);
    say_origin(&from, by, own->messages, all->messages);
    add_limit(json, "messages_per_connection", &value, &from);
    if (c->in_flight)
        buf_add_u64(&value, c->in_flight);
    say_origin(&from, by, own->in_flight, all->in_flight);
    add_limit(json, "in_flight", &value, &from);
    buf_addf(&value, "%gs", (double)c->idle_ms / 1000);
    say_origin(&from, by, own->idle_ms, all->idle_ms);
    add_limit(json, "idle", &value, &from);
}

/* The first of "10 mx1.example.net, 20 mx2.example.net". */
static struct str first_host(struct str hosts)
{
    struct str first = str_cut(&hosts, ',');
    str_cut(&first, ' ');
    return first;
}

static void write_limits(struct json *json, const struct site_report *report,
                         const struct site_view *site)
{
    struct sayers by = {config_site_block(report->config, first_host(site->hosts)),
                        config_provider_named(report->config, site->provider)};
    json_open_object(json, "limits");
    write_throttle_limits(json, &site->terms.throttle, &by);
    write_connection_limits(json, &site->terms.connection, &by);
    json_close_object(json);
    write_provider_limits(json, "provider_limits", by.provider);
}

/* -- Restraints. */

static const char *action_name(enum restraint_action action)
{
    static const char *const names[] = {
        [RESTRAINT_SUSPEND] = "suspend",   [RESTRAINT_SLOW] = "slow",   [RESTRAINT_BLOCK] = "block",
        [RESTRAINT_HOLD_JOB] = "hold_job", [RESTRAINT_PLAIN] = "plain",
    };
    return names[action];
}

void write_restraint(struct json *json, const struct restraint_record *r)
{
    json_open_object(json, NULL);
    json_add_text(json, "action", str_of(action_name(r->action)));
    json_add_text(json, "scope", str_of(place_scope_name(r->scope)));
    json_add_text(json, "place", or_null(r->place));
    json_add_text(json, "source", or_null(r->source));
    json_add_text(json, "rule", or_null(r->rule));
    json_add_text(json, "text", or_null(r->text));
    add_count(json, "job", r->job);
    add_rate(json, "rate", r->rate);
    add_count(json, "connections", r->connections);
    json_add_bool(json, "recovers", restraint_recovers(r, now_s()));
    json_add_steady(json, "began_at", r->began);
    json_add_steady(json, "until", r->until);
    json_close_object(json);
}

static void write_restraints(struct json *json, const struct survey *survey,
                             const struct site_view *site)
{
    json_open_array(json, "restraints");
    for (const struct restraint_view *r = survey->restraints; r; r = r->next)
        if (restraint_concerns(&r->is, site))
            write_restraint(json, &r->is);
    json_close_array(json);
}

/* -- A site. */

static void write_source(struct json *json, const struct outlet_view *o)
{
    json_open_object(json, NULL);
    json_add_text(json, "source", o->source);
    json_add_text(json, "state",
                  o->blocked     ? STR("blocked")
                  : o->suspended ? STR("suspended")
                  : o->failures  ? STR("failing")
                                 : STR("free"));
    json_add_u64(json, "connections", o->connections);
    json_add_u64(json, "in_flight", o->in_flight);
    add_throttle(json, "limits", &o->limits);
    json_add_u64(json, "failures", o->failures);
    json_add_text(json, "because", or_null(o->because));
    json_add_steady(json, "until", o->until);
    json_close_object(json);
}

static void write_hosts(struct json *json, struct str hosts)
{
    json_open_array(json, "hosts");
    while (hosts.len)
        json_add_text(json, NULL, str_trim(str_cut(&hosts, ',')));
    json_close_array(json);
}

static int compare_shares(const void *a, const void *b)
{
    const struct share_view *x = *(const struct share_view *const *)a;
    const struct share_view *y = *(const struct share_view *const *)b;
    if (x->queued != y->queued)
        return x->queued < y->queued ? 1 : -1;
    return (x->job > y->job) - (x->job < y->job);
}

/* The largest first. */
static const struct share_view **sorted_shares(const struct site_view *site, size_t *count)
{
    const struct share_view **all;
    *count = 0;
    for (const struct share_view *s = site->shares; s; s = s->next)
        ++*count;
    all = alloc((*count + 1) * sizeof(const struct share_view *));
    *count = 0;
    for (const struct share_view *s = site->shares; s; s = s->next)
        all[(*count)++] = s;
    qsort(all, *count, sizeof(const struct share_view *), compare_shares);
    return all;
}

static void write_share(struct json *json, struct txn *txn, const struct share_view *share)
{
    struct job_record job;
    bool known = job_read(txn, share->job, &job);
    json_open_object(json, NULL);
    json_add_u64(json, "job", share->job);
    json_add_text(json, "name", known ? job.name : (struct str){NULL, 0});
    json_add_text(json, "lane", share->transactional ? STR("transactional") : STR("bulk"));
    json_add_u64(json, "weight", share->weight);
    json_add_u64(json, "queued", share->queued);
    json_add_steady(json, "held_until", share->held_until);
    json_close_object(json);
}

static void write_shares(struct json *json, struct txn *txn, const struct site_view *site)
{
    size_t count;
    const struct share_view **shares = sorted_shares(site, &count);
    json_open_array(json, "jobs");
    for (size_t i = 0; i < count; i++)
        write_share(json, txn, shares[i]);
    json_close_array(json);
    free(shares);
}

static void write_numbers(struct json *json, const struct site_view *site)
{
    json_add_u64(json, "queued", site->queued);
    json_add_u64(json, "in_flight", site->in_flight);
    json_add_u64(json, "connections", site->connections);
    json_add_u64(json, "domains", site->domains);
    json_add_u64(json, "answered", site->answered);
}

static void write_state(struct json *json, const struct survey *survey,
                        const struct site_view *site)
{
    struct buf why = BUF_INIT;
    site_say_why(&why, survey, site, now_s());
    json_add_text(json, "state", str_of(site_state_word(survey, site, now_s())));
    json_add_text(json, "why", why.len ? buf_str(&why) : STR(""));
    buf_release(&why);
}

void write_site(struct json *json, const struct site_report *report, const struct site_view *site,
                enum site_detail detail)
{
    json_open_object(json, NULL);
    json_add_text(json, "site", site->key);
    json_add_text(json, "provider", or_null(site->provider));
    write_state(json, report->survey, site);
    write_numbers(json, site);
    json_add_text(json, "lesson", or_null(site->lesson));
    json_add_text(json, "reply", or_null(site->reply));
    json_add_steady(json, "reply_at", site->reply_at);
    json_open_array(json, "sources");
    for (const struct outlet_view *o = site->outlets; o; o = o->next)
        write_source(json, o);
    json_close_array(json);
    write_restraints(json, report->survey, site);
    if (detail == SITE_IN_FULL) {
        write_hosts(json, site->hosts);
        write_limits(json, report, site);
        write_shares(json, report->txn, site);
    }
    json_close_object(json);
}
