#include "delivery/restraints.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "delivery/conduct.h"
#include "delivery/provider.h"
#include "delivery/site.h"
#include "store/writer.h"

enum { EXTEND_S = 5 };

static struct metric begun = {
    .name = "tocsin_restraints_total",
    .help = "Restraints that rules put in force because of what receivers answered.",
    .kind = METRIC_COUNTER,
};
static struct metric in_force = {
    .name = "tocsin_restraints",
    .help = "Restraints in force: suspensions, slower rates, held jobs, those that recover.",
    .kind = METRIC_GAUGE,
};

void restraints_init(void)
{
    metric_register(&begun);
    metric_register(&in_force);
}

/* The key of a site begins with the host that its terms are found by: what holds there is the same
 * to every thread, whether the site is here or not. */
static struct str host_of_key(struct str key)
{
    const char *more = memchr(key.at, '+', key.len), *port = memrchr(key.at, ':', key.len);
    const char *behind = more ? more : port;
    size_t end = behind ? (size_t)(behind - key.at) : key.len;
    return str_from(key.at, end);
}

static const struct throttle_limits *site_usual(const struct config *config, struct str key,
                                                struct site_terms *terms)
{
    config_site_terms(config, host_of_key(key), terms);
    return &terms->throttle;
}

/* Each thread has the same list: one of them counts and stores. */
static bool keeps_books(const struct delivery_thread *thread)
{
    return thread->index == 0;
}

static const struct throttle_limits *usual_of(const struct delivery_thread *thread,
                                              const struct restraint_record *is,
                                              struct site_terms *terms)
{
    const struct config *config = thread->settings->config;
    if (is->scope == RESTRAINT_AT_PROVIDER) {
        const struct provider *p = config_provider_named(config, is->place);
        return p ? &p->together : NULL;
    }
    return is->scope == RESTRAINT_AT_SITE ? site_usual(config, is->place, terms) : NULL;
}

/* The record of one, on its way to the store. */
struct restraint_op {
    struct write_op op;
    struct restraint_record record;
    struct buf texts;
    bool forget;
};

static void apply(struct txn *txn, struct write_op *op)
{
    struct restraint_op *o = (struct restraint_op *)(void *)op;
    if (o->forget)
        restraint_forget(txn, &o->record);
    else
        restraint_write(txn, &o->record);
}

static void done(struct write_op *op)
{
    struct restraint_op *o = (struct restraint_op *)(void *)op;
    buf_release(&o->texts);
    free(o);
}

static void keep_in_store(struct delivery_thread *thread, const struct restraint *r, bool forget)
{
    if (!keeps_books(thread))
        return;
    struct restraint_op *o = NEW(struct restraint_op);
    o->op = (struct write_op){.apply = apply, .done = done};
    o->record = r->is;
    restraint_keep(&o->record, &o->texts);
    o->forget = forget;
    store_submit(thread->store, &o->op);
}

static void set_change(const struct delivery_thread *thread, struct restraint_entry *e, int64_t now)
{
    struct site_terms terms;
    const struct throttle_limits *usual = usual_of(thread, &e->restraint.is, &terms);
    e->changes_at = restraint_next_change(&e->restraint, now, usual);
}

/* The next moment at which something changes. */
static void wait_for_change(struct delivery_thread *thread)
{
    int64_t now = clock_steady_s(), next = INT64_MAX;
    for (const struct restraint_entry *e = thread->restraints.first; e; e = e->next)
        next = e->changes_at < next ? e->changes_at : next;
    timer_stop(&thread->restraints.timer);
    if (next != INT64_MAX && !thread->stopping)
        timer_start(&thread->restraints.timer, (uint64_t)(next > now ? next - now : 1) * 1000);
}

static void refresh_sites_of(struct site_provider *provider)
{
    provider_refresh(provider);
    for (struct site *site = provider->sites; site; site = site->next_of_provider)
        site_refresh(site);
}

/* Limits and suspensions are other ones where this one holds, or held. */
static void spread(struct delivery_thread *thread, const struct restraint_record *is)
{
    struct site_provider *provider = NULL;
    struct site *site = NULL;
    unsigned len = (unsigned)is->place.len;
    switch (is->scope) {
    case RESTRAINT_AT_SITE:
        HASH_FIND(hh, thread->sites, is->place.at, len, site);
        if (site)
            site_refresh(site);
        return;
    case RESTRAINT_AT_PROVIDER:
        HASH_FIND(hh, thread->providers, is->place.at, len, provider);
        if (provider)
            refresh_sites_of(provider);
        return;
    case RESTRAINT_EVERYWHERE:
        for (site = thread->sites; site; site = site->hh.next)
            site_refresh(site);
    }
}

static void entry_free(const struct delivery_thread *thread, struct restraint_entry *e)
{
    if (keeps_books(thread))
        metric_add(&in_force, -1);
    restraint_release(&e->restraint);
    free(e);
}

static void log_over(const struct restraint *r)
{
    struct log_line line;
    if (!log_begin(&line, LOG_INFO, "restraint_over"))
        return;
    log_str(&line, "place", r->is.place);
    log_str(&line, "source", r->is.source);
    log_str(&line, "rule", r->is.rule);
    log_text(&line, "message", "The usual limits hold again.");
    log_end(&line);
}

/* It is over: gone here, and, in the thread that keeps the books, from the store. */
static void end(struct delivery_thread *thread, struct restraint_entry **link)
{
    struct restraint_entry *e = *link;
    if (keeps_books(thread))
        log_over(&e->restraint);
    keep_in_store(thread, &e->restraint, true);
    *link = e->next;
    thread->restraints.count--;
    spread(thread, &e->restraint.is);
    entry_free(thread, e);
}

static void on_change(void *ctx)
{
    struct delivery_thread *thread = ctx;
    struct site_terms terms;
    int64_t now = clock_steady_s();
    for (struct restraint_entry **link = &thread->restraints.first; *link;) {
        struct restraint_entry *e = *link;
        if (restraint_is_over(&e->restraint, now, usual_of(thread, &e->restraint.is, &terms))) {
            end(thread, link);
            continue;
        }
        if (e->changes_at <= now) {
            set_change(thread, e, now);
            spread(thread, &e->restraint.is);
        }
        link = &e->next;
    }
    wait_for_change(thread);
}

static struct restraint_entry *find(const struct delivery_thread *thread,
                                    const struct restraint_record *which)
{
    struct restraint_entry *e = thread->restraints.first;
    while (e && !restraint_is(&e->restraint, which))
        e = e->next;
    return e;
}

static struct restraint_entry *entry_new(struct delivery_thread *thread,
                                         const struct restraint_record *record, int64_t now)
{
    struct restraint_entry *e = NEW(struct restraint_entry);
    restraint_init(&e->restraint, record, now);
    e->next = thread->restraints.first;
    thread->restraints.first = e;
    thread->restraints.count++;
    if (keeps_books(thread))
        metric_add(&in_force, 1);
    return e;
}

/* Begins one, or the same one again. */
static void put_here(struct delivery_thread *thread, const struct restraint_record *record)
{
    struct site_terms terms;
    int64_t now = clock_steady_s();
    struct restraint_entry *e = find(thread, record);
    if (e)
        restraint_again(&e->restraint, record, now, usual_of(thread, record, &terms));
    else if (thread->restraints.count < RESTRAINTS_MAX)
        e = entry_new(thread, record, now);
    if (!e)
        return;
    keep_in_store(thread, &e->restraint, false);
    set_change(thread, e, now);
    spread(thread, &e->restraint.is);
    wait_for_change(thread);
}

static int read_all(struct delivery_thread *thread, struct err *err)
{
    struct txn txn;
    struct restraint_record at = {.place = STR("")};
    txn_begin(thread->store, &txn);
    while (restraint_next(&txn, &at))
        set_change(thread, entry_new(thread, &at, clock_steady_s()), clock_steady_s());
    int result = txn_failed(&txn, err);
    txn_end(&txn);
    return result;
}

int restraints_start(struct delivery_thread *thread, struct err *err)
{
    timer_init(&thread->restraints.timer, &thread->loop, on_change, thread);
    if (read_all(thread, err) != 0)
        return -1;
    wait_for_change(thread);
    return 0;
}

void restraints_stop(struct delivery_thread *thread)
{
    timer_stop(&thread->restraints.timer);
}

void restraints_release(struct delivery_thread *thread)
{
    for (struct restraint_entry *e = thread->restraints.first, *next; e; e = next) {
        next = e->next;
        entry_free(thread, e);
    }
    thread->restraints.first = NULL;
    rules_memory_release(&thread->restraints.memory);
}

static bool is_here(const struct restraint_record *is, const struct site *site, struct str source)
{
    if (is->source.len && !str_eq(is->source, source))
        return false;
    switch (is->scope) {
    case RESTRAINT_AT_SITE:
        return str_eq(is->place, site_key(site));
    case RESTRAINT_AT_PROVIDER:
        return site->to->provider.len && str_eq(is->place, site->to->provider);
    default:
        return true;
    }
}

/* Of a provider's restraint, a site feels that nothing goes; its rate and connections are shared.
 */
static void add_at_site(const struct restraint *r, int64_t now, const struct site *site,
                        struct effect *effect)
{
    struct effect before = *effect;
    restraint_add_to(r, now, &site->terms.throttle, effect);
    if (r->is.scope == RESTRAINT_AT_PROVIDER) {
        effect->rate = before.rate;
        effect->connections = before.connections;
    }
}

void restraints_at_site(const struct delivery_thread *thread, const struct site *site,
                        struct str source, struct effect *effect)
{
    int64_t now = clock_steady_s();
    *effect = (struct effect){.suspended = false};
    for (const struct restraint_entry *e = thread->restraints.first; e; e = e->next)
        if (is_here(&e->restraint.is, site, source))
            add_at_site(&e->restraint, now, site, effect);
}

void restraints_at_provider(const struct delivery_thread *thread, struct str provider,
                            struct str source, const struct throttle_limits *usual,
                            struct effect *effect)
{
    int64_t now = clock_steady_s();
    *effect = (struct effect){.suspended = false};
    for (const struct restraint_entry *e = thread->restraints.first; e; e = e->next) {
        const struct restraint_record *is = &e->restraint.is;
        bool all = !is->source.len || str_eq(is->source, source);
        if (all && is->scope == RESTRAINT_AT_PROVIDER && str_eq(is->place, provider))
            restraint_add_to(&e->restraint, now, usual, effect);
    }
}

uint32_t restraints_hold_job(const struct delivery_thread *thread, const struct site *site,
                             uint32_t job)
{
    int64_t now = clock_steady_s();
    uint32_t until = 0;
    for (const struct restraint_entry *e = thread->restraints.first; e; e = e->next)
        if (restraint_holds_job(&e->restraint, job, now) &&
            is_here(&e->restraint.is, site, STR("")) && e->restraint.is.until > until)
            until = e->restraint.is.until;
    return until;
}

bool restraints_suspend(const struct site *site, uint32_t *until)
{
    const struct config *config = site->thread->settings->config;
    *until = UINT32_MAX;
    if (site->thread->restraints.count == 0)
        return false;
    for (size_t i = 0; i < config->source_count; i++) {
        struct effect effect;
        restraints_at_site(site->thread, site, config->sources[i].name, &effect);
        if (!effect.suspended && !effect.blocked)
            return false;
        *until = effect.until < *until ? effect.until : *until;
    }
    return true;
}

/* One that goes from one thread to another. */
struct restraint_letter {
    struct letter letter;
    struct delivery_thread *thread;
    struct restraint_record record;
    struct buf texts;
    bool lift; /* all those of the record's place */
};

/* Restraints that hold everywhere are lifted by the name of their source. */
static bool is_at(const struct restraint_record *is, struct str place)
{
    return str_eq_nocase(is->scope == RESTRAINT_EVERYWHERE ? is->source : is->place, place);
}

static void lift_here(struct delivery_thread *thread, struct str place)
{
    for (struct restraint_entry **link = &thread->restraints.first; *link;)
        if (is_at(&(*link)->restraint.is, place))
            end(thread, link);
        else
            link = &(*link)->next;
}

/* A site that somebody resumes is tried at once, whatever failed before. */
static void forgive(struct delivery_thread *thread, struct str place)
{
    for (struct site *site = thread->sites; site; site = site->hh.next) {
        bool whole = str_eq_nocase(site_key(site), place) ||
                     (place.len && str_eq_nocase(site->to->provider, place));
        for (struct outlet *o = site->outlets; o; o = o->next)
            if (whole || str_eq_nocase(o->source_name, place))
                o->lessons = (struct outlet_lessons){.failures = 0};
        if (whole)
            hosts_forgive(&site->hosts);
        site_work(site);
    }
}

static void on_letter(struct letter *letter)
{
    struct restraint_letter *l = LETTER_OF(letter, struct restraint_letter, letter);
    struct delivery_thread *thread = l->thread;
    if (thread->stopping) {
        /* Nobody sends any more. */
    } else if (l->lift) {
        lift_here(thread, l->record.place);
        forgive(thread, l->record.place);
        domains_wake(&thread->domains);
    } else {
        put_here(thread, &l->record);
    }
    wait_for_change(thread);
    buf_release(&l->texts);
    free(l);
}

static void tell(struct delivery_thread *thread, const struct restraint_record *record, bool lift)
{
    struct restraint_letter *l = NEW(struct restraint_letter);
    l->letter.deliver = on_letter;
    l->thread = thread;
    l->record = *record;
    l->lift = lift;
    restraint_keep(&l->record, &l->texts);
    loop_post(&thread->loop, &l->letter);
}

void restraints_put(struct delivery *delivery, const struct restraint_record *record)
{
    struct delivery_thread *threads = delivery_threads(delivery);
    for (unsigned i = 0; i < threads->peer_count; i++)
        tell(&threads[i], record, false);
}

void restraints_lift(struct delivery *delivery, struct str place)
{
    struct delivery_thread *threads = delivery_threads(delivery);
    struct restraint_record record = {.place = place};
    for (unsigned i = 0; i < threads->peer_count; i++)
        tell(&threads[i], &record, true);
}

static void log_act(const struct outlet *outlet, const struct rule *rule,
                    const struct restraint_record *r)
{
    static const char *const says[] = {
        [RULE_SUSPEND] = "Nothing is sent there from this source for a time.",
        [RULE_SLOW] = "Less is sent there from this source for a time.",
        [RULE_BLOCK] = "The receiver blocks this source, which is left out there for a time. Look "
                       "at its reputation and at blocklists.",
        [RULE_HOLD_JOB] = "The receiver refuses what this job says; its copies stay in the queue "
                          "there for a time. Look at the message.",
        [RULE_PLAIN] = "Mail goes there without PIPELINING and CHUNKING for a time.",
    };
    struct log_line line;
    if (!log_begin(&line, LOG_WARN, "restraint"))
        return;
    log_str(&line, "rule", rule->name);
    log_str(&line, "site", site_key(outlet->site));
    log_str(&line, "place", r->place);
    log_str(&line, "source", outlet->source_name);
    if (r->job)
        log_u64(&line, "job", r->job);
    log_u64(&line, "for_s", r->until - r->began);
    log_str(&line, "reply", r->text);
    log_text(&line, "message", says[rule->action]);
    log_end(&line);
}

static void act(struct outlet *outlet, const struct rule *rule, const struct smtp_reply *reply,
                uint32_t job)
{
    struct delivery_thread *thread = outlet->site->thread;
    char room[RULES_TEXT_MAX];
    struct restraint_record r =
        restraint_by_rule(rule, site_key(outlet->site), outlet->site->to->provider,
                          outlet->source_name, job, clock_steady_s(), rules_text(reply, room));
    const struct restraint_entry *known = find(thread, &r);
    if (known && r.until < known->restraint.is.until + EXTEND_S)
        return; /* replies to what was under way say nothing new */
    log_act(outlet, rule, &r);
    metric_add(&begun, 1);
    put_here(thread, &r);
    for (unsigned i = 0; i < thread->peer_count; i++)
        if (i != thread->index)
            tell(&thread->peers[i], &r, false);
}

const struct rule *restraints_hear(struct outlet *outlet, const struct smtp_reply *reply,
                                   uint32_t job)
{
    const struct rule *rule;
    struct site *site = outlet->site;
    struct delivery_thread *thread = site->thread;
    struct str provider = site->to->provider;
    if (!rules_match(thread->settings->config, site->terms.provider, reply, &rule))
        return NULL;
    bool holds = rule->action == RULE_HOLD_JOB;
    if (holds && !job)
        return rule;
    struct str place = rule->scope == RULE_SOURCE                     ? STR("")
                       : rule->scope == RULE_PROVIDER && provider.len ? provider
                                                                      : site_key(site);
    if (rules_count(&thread->restraints.memory, rule, place, outlet->source_name, holds ? job : 0,
                    (int64_t)loop_now_ms(&thread->loop)))
        act(outlet, rule, reply, holds ? job : 0);
    return rule;
}
