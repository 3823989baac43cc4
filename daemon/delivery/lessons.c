/*
 * What a site learns from sessions that ended: when to try again, at which host, with how many
 * connections, and whether TLS works there.
 *
 *   ended as asked                              nothing
 *   this machine lacks what it takes            nothing; tried again in a second
 *   TLS failed, and no other session has TLS    clear text for an hour, where the policy allows it
 *   it carried mail, or others work beside it   a moment's pause at most
 *   no connection, and there are other hosts    the next host
 *   else                                        back off, doubling; what was loaded goes back
 */
#include "base/log.h"
#include "base/random.h"
#include "delivery/hold.h"
#include "delivery/lessons.h"
#include "delivery/report.h"
#include "delivery/restraints.h"

enum {
    CLEAR_FOR_MS = 60 * 60 * 1000,
    BACK_OFF_FIRST_MS = 1000,
    BACK_OFF_MAX_MS = 5 * 60 * 1000,
};

/* What a session lost before has now failed once more; in the end it waits like after any failure.
 */
static void count_losses(struct site *site, const char *sentence)
{
    struct parcel_line lost;
    parcel_line_init(&lost);
    for (struct share *share = site->shares; share; share = share->hh.next)
        share_take_returned(share, &lost);
    for (struct parcel *p; (p = parcel_line_take(&lost));)
        if (++p->losses < PARCEL_LOSSES_MAX)
            share_return(p->feed->share, p);
        else
            report_loss(site->thread, p, SMTP_NOT_SENT, sentence, NULL);
}

static bool was_never_lost(void *ctx, const struct parcel *parcel)
{
    (void)ctx;
    return parcel->losses == 0;
}

/* Nothing can be sent now. What was loaded goes back to the queue, for there it is seen when it
 * becomes too old, and a job that is paused or cancelled meanwhile is left alone. */
static void let_go(struct site *site, enum session_reach reach, const char *sentence)
{
    struct parcel_line out;
    parcel_line_init(&out);
    for (struct outlet *o = site->outlets; o; o = o->next)
        for (size_t i = 0; i < LANES; i++)
            for (struct parcel *p; (p = parcel_line_take(&o->ready[i]));)
                parcel_line_add(&out, p);
    if (reach == REACH_NOTHING)
        count_losses(site, sentence);
    for (struct share *share = site->shares; share; share = share->hh.next)
        share_take_out(share, was_never_lost, NULL, &out);
    parcel_line_put_back(site->thread, &out);
}

static void keep_failure(struct outlet *outlet, struct str sentence)
{
    size_t fits = smtp_text_fit(sentence, sizeof(outlet->lessons.failure) - 1);
    if (fits)
        memcpy(outlet->lessons.failure, sentence.at, fits);
    outlet->lessons.failure[fits] = '\0';
}

static void log_back_off(const struct outlet *outlet, uint64_t wait, const char *sentence)
{
    struct log_line line;
    if (!log_begin(&line, LOG_WARN, "site_unreachable"))
        return;
    log_str(&line, "site", site_key(outlet->site));
    log_str(&line, "source", outlet->source_name);
    log_u64(&line, "failures", outlet->lessons.failures);
    log_u64(&line, "again_in_ms", wait);
    log_text(&line, "message", sentence);
    log_end(&line);
}

/* Whether another source is at work there, or may try now. */
static bool others_may(const struct outlet *outlet)
{
    const struct site *site = outlet->site;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o != outlet && !outlet_is_suspended(o) && !warmth_is_spent(site, o->source) &&
            (o->ready_count > 0 || o->lessons.retry_at_ms <= site_now_ms(site)))
            return true;
    return false;
}

static void back_off(struct outlet *outlet, enum session_reach reach, const char *sentence)
{
    struct site *site = outlet->site;
    unsigned doublings = outlet->lessons.failures < 10 ? outlet->lessons.failures : 10;
    uint64_t wait = (uint64_t)BACK_OFF_FIRST_MS << doublings;
    if (wait > BACK_OFF_MAX_MS)
        wait = BACK_OFF_MAX_MS;
    wait += random_below(wait / 5 + 1);
    outlet->lessons.failures++;
    keep_failure(outlet, str_of(sentence));
    outlet->lessons.retry_at_ms = site_now_ms(site) + wait;
    site_wake_in(site, wait + 1);
    log_back_off(outlet, wait, sentence);
    hosts_forgive(&site->hosts); /* when it is tried again, all of them are */
    if (others_may(outlet))
        return;
    let_go(site, reach, sentence);
    site_give_way(site, wait);
}

void lessons_no_host(struct outlet *outlet)
{
    struct site *site = outlet->site;
    const char *why = site->hosts.trouble;
    if (site_now_ms(site) >= outlet->lessons.retry_at_ms)
        back_off(outlet, REACH_NOTHING, *why ? why : "None of its hosts can be reached.");
}

static void go_clear(struct site *site, const char *sentence)
{
    site->clear_until_ms = site_now_ms(site) + CLEAR_FOR_MS;
    log_say(LOG_WARN, "site_tls_failed",
            "TLS with %s failed (%s); mail goes to it in clear text for the next hour, as "
            "\"opportunistic\" allows.",
            site->key, sentence);
}

static unsigned secure_connections(const struct site *site)
{
    unsigned n = 0;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        n += o->secure_count;
    return n;
}

/* A handshake that fails while others work is no lesson about TLS: nobody can talk the whole site
 * down by disturbing one connection. */
static bool is_tls_lesson(const struct site *site, enum smtp_end end)
{
    return end == SMTP_END_TLS_FAILED && site->tls == TLS_POLICY_OPPORTUNISTIC &&
           secure_connections(site) == 0;
}

void site_hold(struct site *site, const char *sentence)
{
    uint64_t again = site_now_ms(site) + HOLD_MS;
    for (struct outlet *o = site->outlets; o; o = o->next)
        if (o->lessons.retry_at_ms < again)
            o->lessons.retry_at_ms = again;
    if (site_connections(site) == 0)
        let_go(site, REACH_READY, sentence);
}

/* The words of a receiver that closed or refused, if it said any. */
static void hear(struct outlet *outlet, const struct session_end *end)
{
    bool refused = end->end == SMTP_END_UNAVAILABLE || end->end == SMTP_END_REFUSED;
    if (!refused || !end->reply)
        return;
    site_note_reply(outlet->site, end->reply);
    restraints_hear(outlet, end->reply, 0);
}

static bool others_alive(const struct site *site)
{
    for (size_t i = 0; i < site->hosts.count; i++)
        if (site_now_ms(site) >= site->hosts.at[i].dead_until_ms)
            return true;
    return false;
}

void site_learn(struct outlet *outlet, struct site_host *host, const struct session_end *end)
{
    struct site *site = outlet->site;
    bool carried = end->reach == REACH_ANSWER;
    const char *sentence = end->sentence ? end->sentence : "";
    if (end->end == SMTP_END_QUIT || end->end == SMTP_END_ABORTED || site->thread->stopping)
        return;
    if (end->end == SMTP_END_SHORTAGE) {
        hold_note_shortage(site, sentence);
        site_hold(site, sentence);
        return;
    }
    if (is_tls_lesson(site, end->end)) {
        if (site_now_ms(site) >= site->clear_until_ms)
            go_clear(site, sentence);
        return;
    }
    hear(outlet, end);
    /* A session that carried mail and then ended costs a moment's pause at most, and so does one
     * that failed beside others that work. */
    if (carried || outlet->ready_count > 0) {
        if (!carried || end->end == SMTP_END_UNAVAILABLE)
            outlet->lessons.retry_at_ms = site_now_ms(site) + BACK_OFF_FIRST_MS;
        return;
    }
    if (outlet->lessons.retry_at_ms > site_now_ms(site))
        return;
    if (end->end == SMTP_END_CONNECT_FAILED && host) {
        host_failed(host);
        if (others_alive(site))
            return;
    }
    back_off(outlet, end->reach, sentence);
}

unsigned site_failures(const struct site *site)
{
    unsigned least = UINT32_MAX;
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->lessons.failures < least)
            least = o->lessons.failures;
    return least == UINT32_MAX ? site->failures_before : least;
}

void site_remember_failures(struct site *site, unsigned failures)
{
    if (failures > site->failures_before)
        site->failures_before = failures;
}
