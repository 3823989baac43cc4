/*
 * What a site learns from sessions that ended: when to try again, with how many connections, and
 * whether TLS works there.
 *
 *   ended as asked                              nothing
 *   this machine lacks what it takes            nothing; tried again in a second
 *   TLS failed, and no other session has TLS    clear text for an hour, where the policy allows it
 *   it carried mail, or others work beside it   a moment's pause at most
 *   else                                        back off, doubling; what was loaded goes back
 */
#include "base/log.h"
#include "base/random.h"
#include "delivery/hold.h"
#include "delivery/report.h"
#include "delivery/site.h"

enum {
    CLEAR_FOR_MS = 60 * 60 * 1000,
    BACK_OFF_FIRST_MS = 1000,
    BACK_OFF_MAX_MS = 5 * 60 * 1000,
};

static uint64_t now_ms(const struct site *site)
{
    return loop_now_ms(&site->thread->loop);
}

/* What a session lost before has now failed once more; in the end it waits like after any failure.
 */
static void count_losses(struct site *site, struct parcel_line *line, const char *sentence)
{
    for (size_t n = line->count; n > 0; n--) {
        struct parcel *p = parcel_line_take(line);
        if (++p->losses < PARCEL_LOSSES_MAX)
            parcel_line_add(line, p);
        else
            report_loss(site->thread, p, SMTP_NOT_SENT, sentence, NULL);
    }
}

/* Nothing can be sent now. What was loaded goes back to the queue, for there it is seen when it
 * becomes too old, and a job that is paused or cancelled meanwhile is left alone. */
static void let_go(struct site *site, enum session_reach reach, const char *sentence)
{
    for (size_t i = 0; i < LANES; i++) {
        parcel_line_put_back(site->thread, &site->lanes[i].loaded);
        parcel_line_put_back(site->thread, &site->lanes[i].ready);
        if (reach == REACH_NOTHING)
            count_losses(site, &site->lanes[i].returned, sentence);
    }
}

static void keep_failure(struct site *site, struct str sentence)
{
    size_t fits = smtp_text_fit(sentence, sizeof(site->lessons.failure) - 1);
    if (fits)
        memcpy(site->lessons.failure, sentence.at, fits);
    site->lessons.failure[fits] = '\0';
}

static void back_off(struct site *site, const char *sentence)
{
    unsigned doublings = site->lessons.failures < 10 ? site->lessons.failures : 10;
    uint64_t wait = (uint64_t)BACK_OFF_FIRST_MS << doublings;
    if (wait > BACK_OFF_MAX_MS)
        wait = BACK_OFF_MAX_MS;
    wait += random_below(wait / 5 + 1);
    site->lessons.failures++;
    keep_failure(site, str_of(sentence));
    site->lessons.retry_at_ms = now_ms(site) + wait;
    struct log_line line;
    if (log_begin(&line, LOG_WARN, "site_unreachable")) {
        log_text(&line, "site", site->key);
        log_u64(&line, "failures", site->lessons.failures);
        log_u64(&line, "again_in_ms", wait);
        log_text(&line, "message", sentence ? sentence : "");
        log_end(&line);
    }
}

static void go_clear(struct site *site, const char *sentence)
{
    site->lessons.clear_until_ms = now_ms(site) + CLEAR_FOR_MS;
    log_say(LOG_WARN, "site_tls_failed",
            "TLS with %s failed (%s); mail goes to it in clear text for the next hour, as "
            "\"opportunistic\" allows.",
            site->key, sentence ? sentence : "no reason was given");
}

/* A handshake that fails while others work is no lesson about TLS: nobody can talk the whole site
 * down by disturbing one connection. */
static bool is_tls_lesson(const struct site *site, enum smtp_end end)
{
    return end == SMTP_END_TLS_FAILED && site->tls == TLS_POLICY_OPPORTUNISTIC &&
           site->secure_count == 0;
}

void site_hold(struct site *site, const char *sentence)
{
    uint64_t again = now_ms(site) + HOLD_MS;
    if (site->lessons.retry_at_ms < again)
        site->lessons.retry_at_ms = again;
    if (site->connection_count == 0)
        let_go(site, REACH_READY, sentence);
}

void site_learn(struct site *site, enum session_reach reach, enum smtp_end end,
                const char *sentence)
{
    bool carried = reach == REACH_ANSWER;
    if (end == SMTP_END_QUIT || end == SMTP_END_ABORTED || site->thread->stopping)
        return;
    if (end == SMTP_END_SHORTAGE) {
        hold_note_shortage(site, sentence);
        site_hold(site, sentence);
        return;
    }
    if (is_tls_lesson(site, end)) {
        if (now_ms(site) >= site->lessons.clear_until_ms)
            go_clear(site, sentence);
        return;
    }
    /* A session that carried mail and then ended costs a moment's pause at most, and so does one
     * that failed beside others that work. */
    if (carried || site->ready_count > 0) {
        if (!carried || end == SMTP_END_UNAVAILABLE)
            site->lessons.retry_at_ms = now_ms(site) + BACK_OFF_FIRST_MS;
        return;
    }
    if (site->lessons.retry_at_ms > now_ms(site))
        return;
    back_off(site, sentence);
    let_go(site, reach, sentence);
}
