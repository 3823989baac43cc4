#include "delivery/observe.h"

#include "delivery/crowd.h"
#include "delivery/provider.h"
#include "delivery/site.h"

/* It sends as fast as it usually may: it has something to send, and nothing restrains it. */
static bool is_at_work(const struct site *site)
{
    for (const struct outlet *o = site->outlets; o; o = o->next)
        if (o->effect.because)
            return false;
    return site_in_flight(site) > 0 || site_waiting_copies(site) > 0;
}

static void look_at(struct site *site)
{
    bool at_work = is_at_work(site);
    crowd_thin(site, at_work);
    tempo_tick(&site->tempo, at_work);
    double seconds = tempo_seconds(&site->tempo);
    if (site->provider && seconds > 0)
        site->provider->seconds = seconds;
}

static void on_due(void *ctx)
{
    struct delivery_thread *thread = ctx;
    for (struct site *site = thread->sites; site; site = site->hh.next)
        look_at(site);
    timer_start(&thread->observe_due, TEMPO_TICK_MS);
}

void observe_begin(struct delivery_thread *thread)
{
    timer_init(&thread->observe_due, &thread->loop, on_due, thread);
    timer_start(&thread->observe_due, TEMPO_TICK_MS);
}

void observe_end(struct delivery_thread *thread)
{
    timer_stop(&thread->observe_due);
}
