#include "delivery/restraint.h"

enum {
    MINUTE_MS = 60 * 1000,
    SECOND_MS = 1000,
    LEAST_A_MINUTE = 2, /* to begin with, if that is not more than usual */
    FIRST_SHARE = 10,   /* a tenth */
    DOUBLINGS_MAX = 30, /* whatever was slowed: then it is back */
    TIME_MAX = UINT32_MAX - 1,
};

/* --- Rates --- */

/* Whether `a` lets fewer go in the long run; none (count 0) lets all go. */
static bool is_slower(struct rate a, struct rate b)
{
    if (!a.count || !b.count)
        return a.count > 0;
    return a.count * (uint64_t)b.period_ms < b.count * (uint64_t)a.period_ms;
}

/* Counts stay below 2^32 and periods below ten days, so that is_slower never overflows. */
static struct rate doubled(struct rate rate, unsigned times)
{
    uint64_t most = (uint64_t)UINT32_MAX >> times;
    rate.count = rate.count > most ? UINT32_MAX : rate.count << times;
    return rate;
}

static struct rate share_of(struct rate rate)
{
    if (rate.count >= FIRST_SHARE)
        return (struct rate){rate.count / FIRST_SHARE, rate.period_ms};
    int64_t count = (int64_t)rate.count;
    return (struct rate){1, (rate.period_ms * FIRST_SHARE + count - 1) / count};
}

static struct rate slowest(const struct rates *rates)
{
    struct rate found = rates->at[0];
    for (size_t i = 1; i < rates->count; i++)
        if (is_slower(rates->at[i], found))
            found = rates->at[i];
    return found;
}

static struct rate fastest(const struct rates *rates)
{
    struct rate found = rates->at[0];
    for (size_t i = 1; i < rates->count; i++)
        if (is_slower(found, rates->at[i]))
            found = rates->at[i];
    return found;
}

static struct rate first_rate(const struct throttle_limits *usual)
{
    const struct rate least = {LEAST_A_MINUTE, MINUTE_MS};
    if (!usual->rates.count)
        return (struct rate){1, SECOND_MS};
    struct rate share = share_of(slowest(&usual->rates));
    return is_slower(share, least) ? least : share;
}

/* --- The way back --- */

/* What may go: none (0) is as usual. */
struct terms {
    struct rate rate;
    unsigned connections;
};

static const struct throttle_limits *known(const struct throttle_limits *usual)
{
    static const struct throttle_limits none;
    return usual ? usual : &none;
}

/* Where it begins … */
static struct terms first_terms(const struct restraint *r, const struct throttle_limits *usual)
{
    if (r->is.action == RESTRAINT_SLOW)
        return (struct terms){r->is.rate, r->is.connections};
    return (struct terms){first_rate(usual), 1};
}

/* … and where it has arrived. */
static struct terms last_terms(const struct throttle_limits *usual)
{
    struct rate most = {RECOVERY_GOAL_RATE, SECOND_MS};
    return (struct terms){usual->rates.count ? fastest(&usual->rates) : most,
                          usual->connections ? usual->connections : RECOVERY_GOAL_CONNECTIONS};
}

static struct terms terms_after(const struct restraint *r, unsigned doublings,
                                const struct throttle_limits *usual)
{
    struct terms terms = first_terms(r, usual), goal = last_terms(usual), none = {{0, 0}, 0};
    if (doublings >= DOUBLINGS_MAX)
        return none;
    uint64_t connections = (uint64_t)terms.connections << doublings;
    terms.rate = doubled(terms.rate, doublings);
    terms.connections = connections < goal.connections ? (unsigned)connections : 0;
    return is_slower(terms.rate, goal.rate) ? terms : (struct terms){none.rate, terms.connections};
}

static bool is_usual(struct terms terms)
{
    return !terms.rate.count && !terms.connections;
}

/* --- Stages --- */

static bool holds(const struct restraint *r, int64_t now_s)
{
    return r->is.until == RESTRAINT_UNTIL_RESUMED || now_s < r->is.until;
}

static bool recovers(const struct restraint *r)
{
    return r->is.action == RESTRAINT_SUSPEND || r->is.action == RESTRAINT_BLOCK ||
           r->is.action == RESTRAINT_SLOW;
}

/* The first step after a suspension is where the way begins; after a slow time we stand there, and
 * the first step is the second. */
static unsigned first_doublings(const struct restraint *r)
{
    return r->is.action == RESTRAINT_SLOW ? 1 : 0;
}

static unsigned doublings_at(const struct restraint *r, int64_t now_s)
{
    if (holds(r, now_s))
        return 0;
    int64_t steps = (now_s - r->is.until) / RECOVERY_STEP_S;
    return first_doublings(r) + (unsigned)(steps < DOUBLINGS_MAX ? steps : DOUBLINGS_MAX);
}

bool restraint_is_over(const struct restraint *r, int64_t now_s,
                       const struct throttle_limits *usual)
{
    if (holds(r, now_s))
        return false;
    return !recovers(r) || is_usual(terms_after(r, doublings_at(r, now_s), known(usual)));
}

int64_t restraint_next_change(const struct restraint *r, int64_t now_s,
                              const struct throttle_limits *usual)
{
    if (r->is.until == RESTRAINT_UNTIL_RESUMED)
        return INT64_MAX;
    if (holds(r, now_s))
        return r->is.until;
    if (restraint_is_over(r, now_s, usual))
        return now_s;
    int64_t steps = (now_s - r->is.until) / RECOVERY_STEP_S;
    return r->is.until + (steps + 1) * RECOVERY_STEP_S;
}

/* --- The effect --- */

static bool weighs_more(struct terms a, struct terms b)
{
    if (is_slower(a.rate, b.rate) || is_slower(b.rate, a.rate))
        return is_slower(a.rate, b.rate);
    return a.connections && (!b.connections || a.connections < b.connections);
}

static struct terms terms_at(const struct restraint *r, int64_t now_s,
                             const struct throttle_limits *usual)
{
    bool slows = r->is.action == RESTRAINT_SLOW || !holds(r, now_s);
    if (!recovers(r) || !slows)
        return (struct terms){{0, 0}, 0};
    return terms_after(r, doublings_at(r, now_s), usual);
}

/* When it holds no more; once it recovers, when it will be over. */
static uint32_t end_of(const struct restraint *r, int64_t now_s,
                       const struct throttle_limits *usual)
{
    unsigned doublings = first_doublings(r);
    uint64_t end = r->is.until;
    if (holds(r, now_s))
        return r->is.until;
    for (; !is_usual(terms_after(r, doublings, usual)); doublings++)
        end += RECOVERY_STEP_S;
    return end > TIME_MAX ? TIME_MAX : (uint32_t)end;
}

static void add_suspension(const struct restraint *r, struct effect *effect)
{
    effect->blocked |= r->is.action == RESTRAINT_BLOCK;
    if (effect->suspended && effect->until >= r->is.until)
        return;
    effect->suspended = true;
    effect->because = r;
    effect->until = r->is.until;
}

static bool outweighs(const struct restraint *r, int64_t now_s, const struct throttle_limits *usual,
                      const struct effect *effect)
{
    struct terms mine = terms_at(r, now_s, usual), other = {{0, 0}, 0};
    if (effect->suspended)
        return false;
    if (effect->because)
        other = terms_at(effect->because, now_s, usual);
    if (weighs_more(mine, other) || weighs_more(other, mine))
        return weighs_more(mine, other);
    return end_of(r, now_s, usual) > effect->until;
}

static void add_terms(const struct restraint *r, int64_t now_s, const struct throttle_limits *usual,
                      struct effect *effect)
{
    struct terms terms = terms_at(r, now_s, usual);
    if (is_usual(terms))
        return;
    if (outweighs(r, now_s, usual, effect)) {
        effect->because = r;
        effect->until = end_of(r, now_s, usual);
    }
    if (is_slower(terms.rate, effect->rate))
        effect->rate = terms.rate;
    if (terms.connections && (!effect->connections || terms.connections < effect->connections))
        effect->connections = terms.connections;
}

static void add_plain(const struct restraint *r, struct effect *effect)
{
    bool others = effect->because && effect->because->is.action != RESTRAINT_PLAIN;
    effect->plain = true;
    if (others || effect->until >= r->is.until)
        return;
    effect->because = r;
    effect->until = r->is.until;
}

void restraint_add_to(const struct restraint *r, int64_t now_s, const struct throttle_limits *usual,
                      struct effect *effect)
{
    bool stops = r->is.action == RESTRAINT_SUSPEND || r->is.action == RESTRAINT_BLOCK;
    if (stops && holds(r, now_s))
        add_suspension(r, effect);
    else if (r->is.action == RESTRAINT_PLAIN && holds(r, now_s))
        add_plain(r, effect);
    else
        add_terms(r, now_s, known(usual), effect);
}

bool restraint_holds_job(const struct restraint *r, uint32_t job, int64_t now_s)
{
    return r->is.action == RESTRAINT_HOLD_JOB && r->is.job == job && holds(r, now_s);
}

/* --- Beginning, and beginning anew --- */

static enum restraint_action action_of(const struct rule *rule)
{
    static const enum restraint_action actions[] = {
        [RULE_SUSPEND] = RESTRAINT_SUSPEND, [RULE_SLOW] = RESTRAINT_SLOW,
        [RULE_BLOCK] = RESTRAINT_BLOCK,     [RULE_HOLD_JOB] = RESTRAINT_HOLD_JOB,
        [RULE_PLAIN] = RESTRAINT_PLAIN,
    };
    return actions[rule->action];
}

static void set_place(struct restraint_record *record, enum rule_scope scope, struct str site,
                      struct str provider)
{
    if (scope == RULE_SOURCE) {
        record->scope = RESTRAINT_EVERYWHERE;
        return;
    }
    bool wide = scope == RULE_PROVIDER && provider.len > 0;
    record->scope = wide ? RESTRAINT_AT_PROVIDER : RESTRAINT_AT_SITE;
    record->place = wide ? provider : site;
}

static uint32_t time_of(int64_t s)
{
    return s < 0 ? 0 : s > TIME_MAX ? TIME_MAX : (uint32_t)s;
}

struct restraint_record restraint_by_rule(const struct rule *rule, struct str site,
                                          struct str provider, struct str source, uint32_t job,
                                          int64_t now_s, struct str reply)
{
    struct restraint_record record = {.action = action_of(rule),
                                      .source = source,
                                      .rule = rule->name,
                                      .began = time_of(now_s),
                                      .until = time_of(now_s + (rule->for_ms + 999) / 1000),
                                      .text = reply};
    set_place(&record, rule->scope, site, provider);
    if (record.action == RESTRAINT_SLOW) {
        record.rate = rule->rate;
        record.connections = rule->connections;
    }
    if (record.action == RESTRAINT_HOLD_JOB) {
        record.job = job;
        record.source = record.place.len ? (struct str){NULL, 0} : source;
    }
    return record;
}

static void take(struct restraint *r, struct restraint_record record)
{
    r->is = record;
    r->texts = BUF_INIT;
    restraint_keep(&r->is, &r->texts);
}

static void move_to(struct restraint_record *record, int64_t began_s)
{
    uint32_t lasts = record->until - record->began;
    bool ends = record->until != RESTRAINT_UNTIL_RESUMED;
    record->began = time_of(began_s);
    record->until = ends ? time_of(began_s + lasts) : RESTRAINT_UNTIL_RESUMED;
}

void restraint_init(struct restraint *r, const struct restraint_record *from, int64_t now_s)
{
    struct restraint_record record = *from;
    if (now_s < record.began)
        move_to(&record, now_s);
    take(r, record);
}

void restraint_release(struct restraint *r)
{
    buf_release(&r->texts);
    r->is = (struct restraint_record){0};
}

bool restraint_is(const struct restraint *r, const struct restraint_record *which)
{
    return r->is.scope == which->scope && r->is.action == which->action &&
           r->is.job == which->job && str_eq(r->is.place, which->place) &&
           str_eq(r->is.source, which->source) && str_eq(r->is.rule, which->rule);
}

/* What a rule that acts again makes of its restraint: the diagram in the header. */
static void harden(struct restraint_record *record, const struct restraint *old, int64_t now_s,
                   const struct throttle_limits *usual)
{
    int64_t lasts = record->until - record->began;
    bool held = holds(old, now_s), recovered = restraint_is_over(old, now_s, usual);
    if (!recovered)
        record->strikes = old->is.strikes;
    if (!held && !recovered && record->strikes < RESTRAINT_STRIKES_MAX)
        record->strikes++;
    record->until = time_of(record->began + (lasts << record->strikes));
    if (!held)
        return;
    record->began = old->is.began;
    if (record->until < old->is.until)
        record->until = old->is.until;
}

void restraint_again(struct restraint *r, const struct restraint_record *by, int64_t now_s,
                     const struct throttle_limits *usual)
{
    struct restraint old = *r;
    struct restraint_record record = *by;
    if (record.rule.len)
        harden(&record, &old, now_s, usual);
    take(r, record);
    restraint_release(&old);
}
