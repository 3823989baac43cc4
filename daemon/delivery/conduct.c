#include "delivery/conduct.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "delivery/connection.h"
#include "store/site_lessons.h"
#include "store/writer.h"

#define LESSON_METRIC(lesson)                                                                \
    {                                                                                        \
        "tocsin_site_lessons_total", "lesson=\"" lesson "\"",                                \
            "Sites that were found to mishandle what they offer, by what is done about it.", \
            METRIC_COUNTER, 0, NULL                                                          \
    }

static struct metric lessons_total[] = {
    [MANNERS_LEARNED_NO_OVERLAP] = LESSON_METRIC("no_overlap"),
    [MANNERS_LEARNED_PLAIN] = LESSON_METRIC("plain"),
    [MANNERS_LEARNED_NO_CHUNKING] = LESSON_METRIC("no_chunking"),
};
static struct metric plain_now = {
    .name = "tocsin_sites_plain",
    .help = "Sites that get mail in a plainer way than configured because of what was learned.",
    .kind = METRIC_GAUGE,
};

/* What the log says of each news, after what was seen. */
static const struct {
    enum log_level level;
    const char *event, *lesson, *follows;
} told[] = {
    [MANNERS_LEARNED_NO_OVERLAP] = {LOG_WARN, "site_lesson", "no_overlap",
                                    "For seven days each connection to this site carries one "
                                    "message at a time."},
    [MANNERS_LEARNED_PLAIN] = {LOG_WARN, "site_lesson", "plain",
                               "For seven days mail goes to this site one command at a time, "
                               "without PIPELINING and CHUNKING."},
    [MANNERS_LEARNED_NO_CHUNKING] = {LOG_WARN, "site_lesson", "no_chunking",
                                     "For seven days messages go to this site with DATA instead "
                                     "of BDAT."},
    [MANNERS_TRIAL_BEGAN] = {LOG_INFO, "site_trial", NULL,
                             "Mail goes to this site in a plainer way now, to see whether that "
                             "makes a difference."},
    [MANNERS_TRIAL_FAILED] = {LOG_INFO, "site_trial_over", NULL,
                              "The plainer way made no difference: mail goes to this site as "
                              "before."},
    [MANNERS_FORGOT] = {LOG_INFO, "site_lesson_over", NULL,
                        "A week has passed: mail goes to this site as configured again."},
};

void conduct_init(void)
{
    for (size_t i = MANNERS_LEARNED_NO_OVERLAP; i <= MANNERS_LEARNED_NO_CHUNKING; i++)
        metric_register(&lessons_total[i]);
    metric_register(&plain_now);
}

/* The record of a site, on its way to the store. */
struct lesson_op {
    struct write_op op;
    char site[SITE_KEY_SIZE];
    struct site_lesson lesson; /* no flags: there is none any more */
    char why[];
};

static void apply(struct txn *txn, struct write_op *op)
{
    struct lesson_op *o = (struct lesson_op *)(void *)op;
    if (o->lesson.flags)
        site_lesson_write(txn, str_of(o->site), &o->lesson);
    else
        site_lesson_forget(txn, str_of(o->site));
}

static void done(struct write_op *op)
{
    free(op);
}

static uint8_t flags_of(struct manners_terms terms)
{
    static const uint8_t levels[] = {
        [MANNERS_FULL] = 0,
        [MANNERS_NO_OVERLAP] = SITE_NO_OVERLAP,
        [MANNERS_PLAIN] = SITE_PLAIN,
    };
    return levels[terms.level] | (terms.no_chunking ? SITE_NO_CHUNKING : 0);
}

static struct manners_terms terms_of(uint8_t flags)
{
    return (struct manners_terms){.level = flags & SITE_PLAIN        ? MANNERS_PLAIN
                                           : flags & SITE_NO_OVERLAP ? MANNERS_NO_OVERLAP
                                                                     : MANNERS_FULL,
                                  .no_chunking = flags & SITE_NO_CHUNKING};
}

static void store_lesson(const struct site *site, const char *why)
{
    size_t len = strlen(why);
    struct lesson_op *o = alloc_zero(1, sizeof(*o) + len + 1);
    o->op = (struct write_op){.apply = apply, .done = done};
    memcpy(o->site, site->key, strlen(site->key));
    memcpy(o->why, why, len);
    o->lesson = (struct site_lesson){.flags = flags_of(site->manners.learned),
                                     .learned_at = (uint32_t)site->manners.learned_at,
                                     .why = str_from(o->why, len)};
    store_submit(site->thread->store, &o->op);
}

static void log_news(const struct site *site, enum manners_news news, const char *why)
{
    struct log_line line;
    char message[2 * SITE_LESSON_WHY_MAX];
    if (!log_begin(&line, told[news].level, told[news].event))
        return;
    snprintf(message, sizeof(message), "%s%s%s", why, *why ? " " : "", told[news].follows);
    log_text(&line, "site", site->key);
    if (told[news].lesson)
        log_text(&line, "lesson", told[news].lesson);
    log_text(&line, "message", message);
    log_end(&line);
}

/* Connections that speak another way take no more. */
static void part_with_others(struct site *site)
{
    for (struct outlet *o = site->outlets; o; o = o->next)
        for (struct connection *c = o->connections, *next; c; c = next) {
            next = c->next;
            if (!manners_same(c->session.terms, manners_in_force(&site->manners)))
                connection_quit(c);
        }
}

static bool is_lesson(enum manners_news news)
{
    return news >= MANNERS_LEARNED_NO_OVERLAP && news <= MANNERS_LEARNED_NO_CHUNKING;
}

static void act_on(struct site *site, enum manners_news news, const char *why)
{
    if (news == MANNERS_NO_NEWS)
        return;
    log_news(site, news, why);
    if (is_lesson(news))
        metric_add(&lessons_total[news], 1);
    if (is_lesson(news) || news == MANNERS_FORGOT)
        store_lesson(site, why);
    metric_add(&plain_now, manners_is_lesson(&site->manners) - site->plain);
    site->plain = manners_is_lesson(&site->manners);
    part_with_others(site);
}

void conduct_recall(struct site *site)
{
    struct txn txn;
    struct err err;
    struct site_lesson lesson;
    txn_begin(site->thread->store, &txn);
    if (site_lesson_read(&txn, str_of(site->key), &lesson)) {
        site->manners.learned = terms_of(lesson.flags);
        site->manners.learned_at = lesson.learned_at;
        site->plain = true;
        metric_add(&plain_now, 1);
    }
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&txn);
    act_on(site, manners_age(&site->manners, clock_steady_s()), "");
}

void conduct_part(struct site *site)
{
    metric_add(&plain_now, -site->plain);
}

struct manners_session conduct_begin(struct site *site)
{
    act_on(site, manners_age(&site->manners, clock_steady_s()), "");
    return manners_begin(&site->manners);
}

unsigned conduct_in_flight(const struct site *site)
{
    bool overlaps = manners_in_force(&site->manners).level == MANNERS_FULL;
    return overlaps ? site->terms.connection.in_flight : 1;
}

void conduct_set(const struct site *site, const struct manners_session *session,
                 struct smtp_params *params)
{
    bool plain = session->terms.level == MANNERS_PLAIN, full = session->terms.level == MANNERS_FULL;
    params->in_flight = full ? site->terms.connection.in_flight : 1;
    params->no_pipelining = plain;
    params->no_chunking = plain || session->terms.no_chunking;
}

void conduct_accepted(struct site *site, struct manners_session *session, enum smtp_depth depth)
{
    char why[2 * SITE_LESSON_WHY_MAX];
    enum manners_news news = manners_accepted(&site->manners, session, depth, clock_steady_s());
    if (news == MANNERS_NO_NEWS)
        return;
    snprintf(why, sizeof(why),
             "%s It did so repeatedly with several commands in flight, and %u messages went well "
             "without.",
             site->suspicion, site->manners.enough);
    act_on(site, news, why);
}

void conduct_lost(struct site *site, struct smtp_manners seen, const char *sentence)
{
    int64_t now = clock_steady_s();
    if (seen.lost_count)
        act_on(site, manners_lost_count(&site->manners, now), sentence);
    if (seen.no_bdat)
        act_on(site, manners_no_bdat(&site->manners, now), sentence);
}

void conduct_ended(struct site *site, const struct manners_session *session,
                   struct smtp_manners seen, const char *sentence)
{
    if (seen.broke_at >= SMTP_PIPELINED)
        snprintf(site->suspicion, sizeof(site->suspicion), "%s", sentence);
    act_on(site, manners_broke(&site->manners, session, seen.broke_at, clock_steady_s()), sentence);
}
