#include "delivery/survey.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "delivery/provider.h"
#include "delivery/site.h"
#include "store/queue_counts.h"

const char *site_state_name(enum site_state state)
{
    static const char *const names[] = {
        [SITE_IDLE] = "idle",
        [SITE_SENDING] = "sending",
        [SITE_WAITING] = "waiting",
        [SITE_LIMITED] = "limited",
        [SITE_UNREACHABLE] = "unreachable",
        [SITE_SUSPENDED] = "suspended",
        [SITE_NO_DNS] = "no_dns",
        [SITE_BOUNCING] = "bouncing",
    };
    return names[state];
}

/* A thread's part, on its way there and back. */
struct survey_part {
    struct letter letter;
    struct delivery_thread *thread;
    struct survey_all *all;
};

struct survey_all {
    struct survey survey;
    struct loop *front;
    struct survey_question question;
    unsigned open; /* parts that are not back; one after the other, so that nobody else writes */
    void (*on_survey)(void *ctx, const struct survey *survey);
    void *ctx;
    struct survey_part part;
};

static struct str keep(struct survey *s, const char *text)
{
    return arena_str(&s->memory, str_of(text));
}

static struct str keep_buf(struct survey *s, struct buf *text)
{
    struct str kept = arena_str(&s->memory, buf_str(text));
    buf_release(text);
    return kept;
}

static uint32_t in_ms(const struct delivery_thread *thread, uint64_t at_ms)
{
    uint64_t now = loop_now_ms(&thread->loop);
    uint64_t ms = at_ms > now ? at_ms - now : 0;
    return (uint32_t)(clock_steady_s() + (int64_t)((ms + 999) / 1000));
}

/* Why a source does not send, if there is a reason. */
static void say_because(const struct outlet *o, struct buf *out)
{
    const struct restraint *r = o->effect.because;
    if (r && r->is.rule.len)
        buf_addf(out, "rule %.*s: %.*s", STR_ARG(r->is.rule), STR_ARG(r->is.text));
    else if (r)
        buf_addf(out, "by hand%s%.*s", r->is.text.len ? ": " : "", STR_ARG(r->is.text));
    else if (o->lessons.failures)
        buf_add_text(out, o->lessons.failure);
    else if (warmth_is_spent(o->site, o->source))
        buf_addf(out, "its warm-up budget of %u for today is used",
                 warmth_budget(o->site, o->source));
}

static struct throttle_limits limits_of(const struct throttle *t)
{
    struct throttle_limits limits = {.connections = t->connections_max,
                                     .connection_rate = t->connects.rate};
    limits.rates.count = t->message_paces;
    for (size_t i = 0; i < t->message_paces; i++)
        limits.rates.at[i] = t->messages[i].rate;
    return limits;
}

static void view_outlet(struct survey *s, const struct outlet *o, struct site_view *site)
{
    struct outlet_view *v = arena_zero(&s->memory, sizeof(*v));
    struct buf because = BUF_INIT;
    bool later =
        o->lessons.failures && o->lessons.retry_at_ms > loop_now_ms(&o->site->thread->loop);
    v->source = arena_str(&s->memory, o->source_name);
    v->connections = o->connection_count;
    v->in_flight = (unsigned)o->in_flight;
    v->limits = limits_of(&o->throttle);
    v->suspended = o->effect.suspended;
    v->blocked = o->effect.blocked;
    v->until = o->effect.because ? o->effect.until
               : later           ? in_ms(o->site->thread, o->lessons.retry_at_ms)
                                 : 0;
    v->failures = o->lessons.failures;
    say_because(o, &because);
    v->because = keep_buf(s, &because);
    v->next = site->outlets;
    site->outlets = v;
}

static void view_share(struct survey *s, const struct share *share, struct site_view *site)
{
    struct share_view *v = arena_zero(&s->memory, sizeof(*v));
    v->job = share->job;
    v->queued = share->queued;
    v->weight = share->mailing->weight;
    v->transactional = share->mailing->lane == LANE_TRANSACTIONAL;
    v->held_until = share->held_until;
    v->next = site->shares;
    site->shares = v;
}

static bool has_limited(const struct site *site)
{
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->send_turn.waits_in || o->connect_turn.waits_in)
            return true;
    return false;
}

/* Only sources are left whose warm-up has used what it may today: one of them; SOURCE_GONE if it is
 * not so. */
static unsigned out_of_budget(const struct site *site)
{
    const struct config *config = site->thread->settings->config;
    unsigned found = SOURCE_GONE;
    for (unsigned i = 0; i < config->source_count; i++) {
        if (!site_has_for(site, i))
            continue;
        if (!warmth_is_spent(site, i))
            return SOURCE_GONE;
        found = i;
    }
    return found;
}

static const struct outlet *unreachable(const struct site *site)
{
    uint64_t now = loop_now_ms(&site->thread->loop);
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->lessons.failures && o->lessons.retry_at_ms > now && !o->ready_count)
            return o;
    return NULL;
}

/* The first that applies, in the order of weight. */
static enum site_state state_of(const struct site *site)
{
    if (site->to->kind == DESTINATION_UNKNOWN)
        return SITE_NO_DNS;
    if (site->to->kind == DESTINATION_NOWHERE)
        return SITE_BOUNCING;
    if (site->suspended)
        return SITE_SUSPENDED;
    if (site->queued == 0 && site_in_flight(site) == 0)
        return SITE_IDLE;
    if (has_limited(site) || out_of_budget(site) != SOURCE_GONE)
        return SITE_LIMITED;
    if (unreachable(site) && site_in_flight(site) == 0)
        return SITE_UNREACHABLE;
    if (site_in_flight(site) == 0 && site_waiting_copies(site) == 0 && heap_first(&site->waiting))
        return SITE_WAITING;
    return SITE_SENDING;
}

static void say_limited(const struct site *site, struct buf *out)
{
    for (const struct outlet *o = site->outlets; o; o = o->next) {
        const struct turns *waits =
            o->send_turn.waits_in ? o->send_turn.waits_in : o->connect_turn.waits_in;
        if (!waits)
            continue;
        bool own = waits == &o->throttle.sends || waits == &o->throttle.slots;
        buf_addf(out, "Source %.*s is at %s for %s%s", STR_ARG(o->source_name),
                 o->send_turn.waits_in ? "its rate" : "its limit of connections",
                 own ? "this site" : "provider ", own ? "" : site->provider->name);
        buf_addf(out, "%s.", o->effect.because ? ", lowered by what the receiver said" : "");
        return;
    }
}

static void say_budget(const struct site *site, unsigned source, struct buf *out)
{
    struct str name = site->thread->settings->config->sources[source].name;
    uint32_t budget = warmth_budget(site, source);
    if (budget == 0)
        buf_addf(out, "The warm-up of source %.*s has not begun.", STR_ARG(name));
    else
        buf_addf(out, "Source %.*s has used its warm-up budget of %u for today.", STR_ARG(name),
                 budget);
}

static void say_why(const struct site *site, enum site_state state, struct buf *out)
{
    const struct outlet *o = site->outlets;
    if (state == SITE_NO_DNS || state == SITE_BOUNCING)
        buf_add_text(out, site->to->why);
    else if (state == SITE_LIMITED && out_of_budget(site) != SOURCE_GONE)
        say_budget(site, out_of_budget(site), out);
    else if (state == SITE_LIMITED)
        say_limited(site, out);
    else if (state == SITE_UNREACHABLE)
        buf_add_text(out, unreachable(site)->lessons.failure);
    else if (state == SITE_WAITING)
        buf_add_text(out, "All that is left was deferred and waits for its next try.");
    else if (state == SITE_SUSPENDED)
        buf_add_text(out, "No source may send there now");
    if (state == SITE_SUSPENDED && o && o->effect.because) {
        buf_add_text(out, ": ");
        say_because(o, out);
    }
}

static void say_hosts(const struct site *site, struct buf *out)
{
    for (size_t i = 0; i < site->to->host_count; i++)
        buf_addf(out, "%s%u %s", i ? ", " : "", (unsigned)site->to->hosts[i].preference,
                 site->to->hosts[i].name);
}

static struct str lesson_of(const struct site *site)
{
    if (!manners_is_lesson(&site->manners))
        return STR("");
    if (site->manners.learned.level == MANNERS_PLAIN)
        return STR("plain");
    return site->manners.learned.level == MANNERS_NO_OVERLAP ? STR("no_overlap")
                                                             : STR("no_chunking");
}

/* When something may go again, of what cannot go now. */
static uint32_t due_of(const struct site *site, enum site_state state)
{
    if (state == SITE_WAITING)
        return (uint32_t)heap_first(&site->waiting)->key;
    return state == SITE_UNREACHABLE ? in_ms(site->thread, unreachable(site)->lessons.retry_at_ms)
                                     : 0;
}

static void view_words(struct survey *s, const struct site *site, struct site_view *v)
{
    struct buf why = BUF_INIT, hosts = BUF_INIT;
    say_why(site, v->state, &why);
    v->why = keep_buf(s, &why);
    say_hosts(site, &hosts);
    v->hosts = keep_buf(s, &hosts);
    v->reply = keep(s, site->reply.text);
    v->reply_at = site->reply.at;
}

static void view_site(struct survey_all *all, const struct site *site)
{
    struct survey *s = &all->survey;
    struct site_view *v = arena_zero(&s->memory, sizeof(*v));
    v->key = keep(s, site->key);
    v->provider = arena_str(&s->memory, site->to->provider);
    v->state = state_of(site);
    v->due = due_of(site, v->state);
    v->pace = tempo_pace(&site->tempo);
    v->seconds = tempo_seconds(&site->tempo);
    if (!all->question.brief)
        view_words(s, site, v);
    v->queued = site->queued;
    v->domains = site->tenancy_count;
    v->in_flight = site_in_flight(site);
    v->connections = site_connections(site);
    v->answered = site->answered;
    v->terms = site->terms;
    v->terms.provider = NULL;
    v->lesson = lesson_of(site);
    for (const struct outlet *o = site->outlets; all->question.outlets && o; o = o->next)
        view_outlet(s, o, v);
    for (const struct share *x = site->shares; all->question.shares && x; x = x->hh.next)
        view_share(s, x, v);
    v->next = s->sites;
    s->sites = v;
    s->site_count++;
}

static bool has_job(const struct site *site, uint32_t job)
{
    struct share *share;
    HASH_FIND(hh, site->shares, &job, sizeof(job), share);
    return share != NULL;
}

static bool is_asked_for(const struct survey_all *all, const struct site *site)
{
    struct str name = all->question.name;
    if (all->question.job && !has_job(site, all->question.job))
        return false;
    return !name.len || str_eq_nocase(name, site_key(site)) ||
           str_eq_nocase(name, site->to->provider);
}

static void view_restraint(struct survey *s, const struct restraint *r)
{
    struct restraint_view *v = arena_zero(&s->memory, sizeof(*v));
    v->is = r->is;
    v->is.place = arena_str(&s->memory, r->is.place);
    v->is.source = arena_str(&s->memory, r->is.source);
    v->is.rule = arena_str(&s->memory, r->is.rule);
    v->is.text = arena_str(&s->memory, r->is.text);
    v->next = s->restraints;
    s->restraints = v;
}

/* How many domains of a job are looked up that are away; what more there is counts as unknown. */
enum { AWAY_MAX = 4096 };

struct away_look {
    struct survey_all *all;
    struct delivery_thread *thread;
    struct txn txn;
};

static void view_away(void *ctx, uint32_t number, const struct destination *to, uint64_t due_ms)
{
    struct away_look *look = ctx;
    struct survey *s = &look->all->survey;
    struct away_view *v = arena_zero(&s->memory, sizeof(*v));
    v->queued = queue_count(&look->txn, look->all->question.job, number);
    v->key = keep(s, to->key);
    v->provider = arena_str(&s->memory, to->provider);
    v->host = keep(s, to->host_count ? to->hosts[0].name : "");
    v->due = in_ms(look->thread, due_ms);
    v->next = s->away_domains;
    s->away_domains = v;
}

static void view_all_away(struct survey_all *all, struct delivery_thread *thread)
{
    struct away_look look = {.all = all, .thread = thread};
    struct err err;
    txn_begin(thread->store, &look.txn);
    domains_each_away(&thread->domains, all->question.job, AWAY_MAX, view_away, &look);
    if (txn_failed(&look.txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&look.txn);
}

static void view_provider(struct survey *s, const struct site_provider *provider)
{
    struct provider_view *v = arena_zero(&s->memory, sizeof(*v));
    v->name = keep(s, provider->name);
    v->seconds = provider->seconds;
    v->next = s->providers;
    s->providers = v;
}

static void all_free(struct survey_all *all)
{
    arena_release(&all->survey.memory);
    free((char *)all->question.name.at);
    free(all);
}

static void on_back(struct letter *letter)
{
    struct survey_part *part = LETTER_OF(letter, struct survey_part, letter);
    struct survey_all *all = part->all;
    all->on_survey(all->ctx, &all->survey);
    all_free(all);
}

/* On each thread in turn. */
static void on_asked(struct letter *letter)
{
    struct survey_part *part = LETTER_OF(letter, struct survey_part, letter);
    struct survey_all *all = part->all;
    struct delivery_thread *thread = part->thread;
    struct domains_numbers numbers = domains_numbers(&thread->domains);
    if (thread->ended) {
        all_free(all);
        return;
    }
    for (const struct site *site = thread->sites; site; site = site->hh.next)
        if (is_asked_for(all, site))
            view_site(all, site);
    if (all->question.job)
        view_all_away(all, thread);
    for (const struct site_provider *p = thread->providers; p; p = p->hh.next)
        view_provider(&all->survey, p);
    all->survey.away += numbers.away;
    all->survey.waiting += numbers.waiting;
    for (const struct restraint_entry *e = thread->restraints.first; thread->index == 0 && e;
         e = e->next)
        view_restraint(&all->survey, &e->restraint);
    if (--all->open > 0) {
        part->thread = &thread->peers[thread->index + 1];
        loop_post(&part->thread->loop, letter);
        return;
    }
    letter->deliver = on_back;
    loop_post(all->front, letter);
}

void survey_ask(struct delivery *delivery, struct loop *front,
                const struct survey_question *question,
                void (*on_survey)(void *ctx, const struct survey *survey), void *ctx)
{
    struct delivery_thread *threads = delivery_threads(delivery);
    struct survey_all *all = NEW(struct survey_all);
    arena_init(&all->survey.memory);
    all->front = front;
    all->question = *question;
    all->question.name = str_of(str_dup(question->name));
    all->open = threads->peer_count;
    all->on_survey = on_survey;
    all->ctx = ctx;
    all->part.letter.deliver = on_asked;
    all->part.thread = threads;
    all->part.all = all;
    loop_post(&threads->loop, &all->part.letter);
}
