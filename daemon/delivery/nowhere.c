#include "delivery/nowhere.h"

#include "base/log.h"
#include "delivery/report.h"

enum { PORTION = 128, AGAIN_MS = 1000, WAIT_MS = 60 * 1000 };

static bool all(void *ctx, const struct parcel *parcel)
{
    (void)ctx, (void)parcel;
    return true;
}

static void refuse_loaded(struct site *site)
{
    struct parcel_line out;
    parcel_line_init(&out);
    for (struct share *share = site->shares; share; share = share->hh.next)
        share_take_out(share, all, NULL, &out);
    for (struct parcel *p; (p = parcel_line_take(&out));)
        report_refused(site->thread, p, &site->to->refusal, str_of(site->to->why));
}

static void bounce(struct site *site)
{
    struct txn txn;
    struct err err;
    if (!site_may_begin(site))
        return;
    txn_begin(site->thread->store, &txn);
    for (size_t i = 0; i < LANES; i++)
        share_lane_read(&site->lanes[i], &txn, PORTION);
    int failed = txn_failed(&txn, &err);
    txn_end(&txn);
    refuse_loaded(site);
    for (size_t i = 0; i < LANES && !failed; i++)
        if (share_lane_can_read(&site->lanes[i]))
            site_work(site);
    if (failed) {
        log_say(LOG_ERROR, "queue_unreadable", "%s", err.text);
        site_wake_in(site, AGAIN_MS);
    }
}

void nowhere_work(struct site *site)
{
    if (site->to->kind == DESTINATION_NOWHERE)
        bounce(site);
    else
        site_give_way(site, WAIT_MS);
}
