#include "delivery/warmth.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "delivery/parcel.h"
#include "delivery/provider.h"
#include "delivery/site.h"
#include "store/warm_up.h"

enum { PARTS = 20, LOOK_MAX_MS = 10 * 60 * 1000, DAYS_KEPT = 1 };

static uint32_t today(void)
{
    return warm_up_day(clock_wall_s());
}

uint64_t warmth_sources(struct delivery_thread *thread)
{
    struct warmth *w = &thread->warmth;
    const struct config *config = thread->settings->config;
    uint32_t day = today();
    if (w->day == day)
        return w->sources;
    w->day = day;
    w->sources = 0;
    for (unsigned i = 0; i < config->source_count; i++)
        if (warm_up_is_new(&config->sources[i].warm_up, day))
            w->sources |= UINT64_C(1) << i;
    return w->sources;
}

static struct str provider_of(const struct site *site)
{
    return site->provider ? str_of(site->provider->name) : STR("");
}

static struct allotment *find(struct delivery_thread *thread, struct str source,
                              struct str provider)
{
    struct allotment *a = thread->warmth.all;
    while (a && !(str_eq(a->source, source) && str_eq(a->provider, provider)))
        a = a->next;
    if (a)
        return a;
    a = NEW(struct allotment);
    a->thread = thread;
    a->source = thread_source(thread, source);
    a->provider = provider; /* a provider stays as long as the thread */
    a->next = thread->warmth.all;
    thread->warmth.all = a;
    return a;
}

/* Another day, or another budget: what is left of the old one is void. */
static void renew(struct allotment *a, uint32_t day, uint32_t budget)
{
    if (a->day == day && a->budget == budget)
        return;
    a->day = day;
    a->budget = budget;
    a->left = a->held = 0;
    a->spent = budget == 0;
    a->series++;
}

/* NULL: the source is warm. */
static struct allotment *allotment_of(const struct site *site, unsigned source)
{
    struct delivery_thread *thread = site->thread;
    if (!warmth_is_new(site, source))
        return NULL;
    const struct source *config = &thread->settings->config->sources[source];
    struct allotment *a = find(thread, config->name, provider_of(site));
    renew(a, thread->warmth.day, warm_up_budget(&config->warm_up, thread->warmth.day));
    return a;
}

/* --- The writer's side --- */

static struct warm_up_place place_of(const struct allotment *a)
{
    return (struct warm_up_place){a->source, a->provider};
}

static struct allotment *of_op(struct write_op *op)
{
    return (struct allotment *)(void *)((char *)op - offsetof(struct allotment, op));
}

static void apply_take(struct txn *txn, struct write_op *op)
{
    struct allotment *a = of_op(op);
    struct warm_up_place place = place_of(a);
    a->got = warm_up_take(txn, &place, a->asked_day, a->asked_budget, a->want, &a->taken);
}

static void apply_give_back(struct txn *txn, struct write_op *op)
{
    struct allotment *a = of_op(op);
    struct warm_up_place place = place_of(a);
    warm_up_give_back(txn, &place, a->asked_day, a->want);
    a->got = a->taken = 0;
}

static void done(struct write_op *op)
{
    struct allotment *a = of_op(op);
    loop_post(&a->thread->loop, &a->answer);
}

/* --- Asking --- */

/* The last part of the day's budget was given out: that happens once. */
static void log_given_out(const struct allotment *a)
{
    struct log_line line;
    if (a->got == 0 || a->taken < a->asked_budget || !log_begin(&line, LOG_INFO, "warm_up_spent"))
        return;
    log_str(&line, "source", a->source);
    log_str(&line, "provider", a->provider);
    log_u64(&line, "budget", a->asked_budget);
    log_text(&line, "message",
             "The last of today's warm-up budget is given out: what is more goes by other sources, "
             "or waits for tomorrow (UTC).");
    log_end(&line);
}

static void on_answer(struct letter *letter)
{
    struct allotment *a = LETTER_OF(letter, struct allotment, answer);
    a->asking = false;
    log_given_out(a);
    if (a->asked_series == a->series) {
        a->left += a->got;
        a->spent = a->got == 0;
    }
    if (!a->thread->stopping)
        sites_work(a->thread);
}

static void submit(struct allotment *a, void (*apply)(struct txn *txn, struct write_op *op),
                   uint32_t count)
{
    a->op = (struct write_op){.apply = apply, .done = done, .records = 1, .urgent = true};
    a->answer = (struct letter){.deliver = on_answer};
    a->asking = true;
    a->asked_series = a->series;
    a->asked_day = a->day;
    a->asked_budget = a->budget;
    a->want = count;
    store_submit(a->thread->store, &a->op);
}

/* Several threads take from the budget of sites without a provider: all their parts together are a
 * twentieth. */
static uint32_t part_of(const struct allotment *a)
{
    uint32_t threads = a->provider.len ? 1 : a->thread->peer_count;
    uint32_t part = a->budget / PARTS / threads;
    return part ? part : 1;
}

static void ask_if_low(struct allotment *a)
{
    uint32_t part = part_of(a), unused = a->left + a->held;
    if (unused <= part / 2 && !a->asking && !a->spent && !a->thread->stopping)
        submit(a, apply_take, part - unused);
}

/* The clock may be set meanwhile: it is looked at again before the day is over. */
static void wake_tomorrow(struct site *site)
{
    uint64_t ms = (uint64_t)warm_up_day_left_s(clock_wall_s()) * 1000;
    site_wake_in(site, ms < LOOK_MAX_MS ? ms : LOOK_MAX_MS);
}

bool warmth_is_new(const struct site *site, unsigned source)
{
    return source < SOURCES_MAX && (warmth_sources(site->thread) >> source & 1);
}

bool warmth_allows(struct site *site, unsigned source)
{
    struct allotment *a = allotment_of(site, source);
    if (!a)
        return true;
    ask_if_low(a);
    if (a->left == 0 && a->spent)
        wake_tomorrow(site);
    return a->left > 0;
}

uint32_t warmth_left(const struct site *site, unsigned source)
{
    const struct allotment *a = allotment_of(site, source);
    return a ? a->left : UINT32_MAX;
}

bool warmth_is_spent(const struct site *site, unsigned source)
{
    const struct allotment *a = allotment_of(site, source);
    return a && a->spent && a->left == 0;
}

uint32_t warmth_budget(const struct site *site, unsigned source)
{
    const struct allotment *a = allotment_of(site, source);
    return a ? a->budget : 0;
}

/* --- Units --- */

void warmth_take(const struct outlet *outlet, struct parcel *parcel)
{
    struct allotment *a = allotment_of(outlet->site, outlet->source);
    if (!a || a->left == 0)
        return;
    a->left--;
    a->held++;
    parcel->unit = a;
    parcel->unit_series = a->series;
}

bool warmth_may_go(const struct outlet *outlet, const struct parcel *parcel)
{
    const struct allotment *a = allotment_of(outlet->site, outlet->source);
    return !a || (parcel->unit == a && parcel->unit_series == a->series);
}

/* The allotment whose unit the copy has no longer; NULL: it had none, or a void one. */
static struct allotment *part_with(struct parcel *parcel)
{
    struct allotment *a = parcel->unit;
    parcel->unit = NULL;
    if (!a || parcel->unit_series != a->series)
        return NULL;
    a->held--;
    return a;
}

void warmth_give_back(struct parcel *parcel)
{
    struct allotment *a = part_with(parcel);
    if (a)
        a->left++;
}

void warmth_use(struct parcel *parcel)
{
    part_with(parcel);
}

/* --- Beginning and end --- */

struct forget {
    struct write_op op;
    uint32_t day;
};

static void apply_forget(struct txn *txn, struct write_op *op)
{
    warm_up_forget(txn, ((struct forget *)(void *)op)->day);
}

static void done_forget(struct write_op *op)
{
    free(op);
}

/* Records of days that are over; yesterday's stays, for a clock that is set back a little. */
void warmth_start(struct delivery_thread *thread)
{
    uint32_t day = today();
    if (thread->index != 0 || day <= DAYS_KEPT)
        return;
    struct forget *f = NEW(struct forget);
    f->op = (struct write_op){.apply = apply_forget, .done = done_forget, .records = 1};
    f->day = day - DAYS_KEPT;
    store_submit(thread->store, &f->op);
}

/* A budget that grew has something left again. */
void warmth_reload(struct delivery_thread *thread)
{
    thread->warmth.day = 0;
}

void warmth_stop(struct delivery_thread *thread)
{
    for (struct allotment *a = thread->warmth.all; a; a = a->next)
        if (a->left > 0 && !a->asking) {
            submit(a, apply_give_back, a->left);
            a->left = 0;
        }
}

void warmth_release(struct delivery_thread *thread)
{
    for (struct allotment *a = thread->warmth.all, *next; a; a = next) {
        next = a->next;
        free(a);
    }
    thread->warmth.all = NULL;
}
