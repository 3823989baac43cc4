#include "delivery/crowd.h"

#include "base/clock.h"
#include "delivery/feed.h"
#include "delivery/site.h"

enum {
    KEPT_LEAST = 64, /* domains of a site */
    KEPT_TICKS = 3,  /* or as many as are served in that time */
    AWAY_LEAST_MS = 10 * 1000,
    AWAY_MOST_MS = 10 * 60 * 1000,
    STUCK_MS = 60 * 1000, /* away from a site that got nothing done */
};

static bool is_urgent(const struct tenancy *t)
{
    for (const struct feed *feed = t->feeds; feed; feed = feed->next_here)
        if (feed->mailing->lane == LANE_TRANSACTIONAL)
            return true;
    return false;
}

/* When the first of its feeds has something to do, in ms; 0: one has now. */
static uint64_t rests_ms(const struct tenancy *t)
{
    uint64_t first = UINT64_MAX, now = (uint64_t)clock_steady_s();
    for (const struct feed *feed = t->feeds; feed; feed = feed->next_here) {
        uint64_t due = (uint64_t)feed->waiting.key;
        if (feed->state != FEED_WAITING || feed->pending > 0 || due <= now)
            return 0;
        first = due < first ? due : first;
    }
    return t->feeds ? (first - now) * 1000 : 0;
}

static uint64_t recipients_of(const struct tenancy *t)
{
    uint64_t n = 0;
    for (const struct feed *feed = t->feeds; feed; feed = feed->next_here)
        n += feed->queued;
    return n;
}

/* It is to be back a little before those ahead of it have been served. */
static uint64_t away_ms(const struct site *site, uint64_t ahead)
{
    if (site->served_lately == 0)
        return STUCK_MS;
    uint64_t ms = (uint64_t)TEMPO_TICK_MS * ahead / site->served_lately;
    ms = ms * (KEPT_TICKS - 1) / KEPT_TICKS;
    return ms < AWAY_LEAST_MS ? AWAY_LEAST_MS : ms > AWAY_MOST_MS ? AWAY_MOST_MS : ms;
}

static void leave_those_that_rest(struct site *site)
{
    for (struct tenancy *t = site->tenancies, *next; t; t = next) {
        next = t->next;
        uint64_t ms = t->leaving ? 0 : rests_ms(t);
        if (ms >= AWAY_LEAST_MS)
            tenancy_leave(t, ms);
    }
}

/* The ones that came last leave first, for the longest. */
static void leave_those_behind(struct site *site)
{
    uint64_t kept = KEPT_TICKS * site->served_lately, ahead = site->queued;
    size_t left = site->tenancy_count;
    for (struct tenancy *t = site->tenancies, *next; t && left > KEPT_LEAST && ahead > kept;
         t = next) {
        next = t->next;
        left--;
        if (t->leaving || is_urgent(t))
            continue;
        ahead -= recipients_of(t);
        tenancy_leave(t, away_ms(site, ahead));
        site->thinned = true;
    }
    site->sent_away = site->thinned ? site->queued : 0;
}

void crowd_rest(struct site *site)
{
    if (site_is_crowded(site->thread) && site->tenancy_count <= KEPT_LEAST)
        leave_those_that_rest(site);
}

void crowd_thin(struct site *site, bool at_work)
{
    bool observed = at_work && site->tempo.at_work;
    site->thinned = false;
    if (!site_is_crowded(site->thread))
        return;
    leave_those_that_rest(site);
    site->served_lately = site->tempo.answered;
    if (observed)
        leave_those_behind(site);
}

bool crowd_meet(struct tenancy *t)
{
    struct site *site = t->site;
    if (!site->thinned || t->leaving || is_urgent(t) || site->tenancy_count <= KEPT_LEAST ||
        site->queued <= KEPT_TICKS * site->served_lately)
        return false;
    site->sent_away += recipients_of(t);
    tenancy_leave(t, away_ms(site, site->sent_away));
    return true;
}
