#include "delivery/manners.h"

struct manners_terms manners_in_force(const struct manners *m)
{
    struct manners_terms terms = m->learned;
    if (m->stage == MANNERS_TRIAL)
        terms.level = m->trial;
    return terms;
}

bool manners_is_lesson(const struct manners *m)
{
    return m->learned.level != MANNERS_FULL || m->learned.no_chunking;
}

bool manners_same(struct manners_terms a, struct manners_terms b)
{
    return a.level == b.level && a.no_chunking == b.no_chunking;
}

/* Sessions that are open already belong to the round before. */
static void enter(struct manners *m, enum manners_stage stage)
{
    m->stage = stage;
    m->carried = 0;
    m->round++;
}

enum manners_news manners_age(struct manners *m, int64_t now)
{
    if (!manners_is_lesson(m) || now - m->learned_at < MANNERS_BELIEVED_S)
        return MANNERS_NO_NEWS;
    m->learned = (struct manners_terms){MANNERS_FULL, false};
    m->failed = MANNERS_FULL;
    enter(m, MANNERS_CALM);
    return MANNERS_FORGOT;
}

struct manners_session manners_begin(const struct manners *m)
{
    return (struct manners_session){.terms = manners_in_force(m), .round = m->round};
}

static enum manners_news learn(struct manners *m, enum manners_level level, int64_t now)
{
    m->learned.level = level;
    m->learned_at = now;
    m->failed = MANNERS_FULL;
    return level == MANNERS_PLAIN ? MANNERS_LEARNED_PLAIN : MANNERS_LEARNED_NO_OVERLAP;
}

enum manners_news manners_lost_count(struct manners *m, int64_t now)
{
    if (m->learned.level != MANNERS_FULL)
        return MANNERS_NO_NEWS;
    enter(m, MANNERS_CALM);
    return learn(m, MANNERS_NO_OVERLAP, now);
}

enum manners_news manners_no_bdat(struct manners *m, int64_t now)
{
    if (m->learned.no_chunking)
        return MANNERS_NO_NEWS;
    m->learned.no_chunking = true;
    m->learned_at = now;
    return MANNERS_LEARNED_NO_CHUNKING;
}

enum manners_news manners_accepted(struct manners *m, struct manners_session *s,
                                   enum smtp_depth depth, int64_t now)
{
    bool on_trial = m->stage == MANNERS_TRIAL && s->round == m->round;
    bool clears = m->stage == MANNERS_SUSPICIOUS && s->terms.level == m->learned.level &&
                  depth >= m->suspected;
    s->accepted[depth]++;
    if ((!on_trial && !clears) || ++m->carried < m->enough)
        return MANNERS_NO_NEWS;
    m->stage = MANNERS_CALM;
    m->failed = MANNERS_FULL;
    return on_trial ? learn(m, m->trial, now) : MANNERS_NO_NEWS;
}

/* Both steps explained nothing: it is not a matter of manners. */
static enum manners_news trial_failed(struct manners *m, int64_t now)
{
    enter(m, MANNERS_CALM);
    m->failed = m->trial;
    if (m->trial == MANNERS_PLAIN) {
        m->failed = MANNERS_FULL;
        m->peace_until = now + MANNERS_PEACE_S;
    }
    return MANNERS_TRIAL_FAILED;
}

static unsigned accepted_so_deep(const struct manners_session *s, enum smtp_depth depth)
{
    unsigned n = 0;
    for (size_t i = depth; i < SMTP_DEPTHS; i++)
        n += s->accepted[i];
    return n;
}

/* Of connections that break together, by a restart of the receiver, only the first counts. */
static bool is_suspicious(const struct manners *m, const struct manners_session *s,
                          enum smtp_depth depth, int64_t now)
{
    return depth >= SMTP_PIPELINED && s->round == m->round && now >= m->peace_until &&
           accepted_so_deep(s, depth) < MANNERS_PROVEN;
}

static enum manners_news begin_trial(struct manners *m)
{
    bool overlap_explains = m->suspected == SMTP_OVERLAPPED && m->failed != MANNERS_NO_OVERLAP;
    m->trial = overlap_explains ? MANNERS_NO_OVERLAP : MANNERS_PLAIN;
    enter(m, MANNERS_TRIAL);
    return MANNERS_TRIAL_BEGAN;
}

enum manners_news manners_broke(struct manners *m, const struct manners_session *s,
                                enum smtp_depth depth, int64_t now)
{
    if (m->stage == MANNERS_TRIAL && s->round == m->round && depth != SMTP_NOT_SAID)
        return trial_failed(m, now);
    if (!is_suspicious(m, s, depth, now))
        return MANNERS_NO_NEWS;
    if (m->stage == MANNERS_CALM) {
        m->suspected = depth;
        m->enough = MANNERS_FEW;
    }
    if (depth < m->suspected)
        m->suspected = depth;
    m->enough += 4 * accepted_so_deep(s, depth);
    if (m->stage == MANNERS_SUSPICIOUS)
        return begin_trial(m);
    enter(m, MANNERS_SUSPICIOUS);
    return MANNERS_NO_NEWS;
}
