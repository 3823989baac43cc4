/* Leases of domains, between threads that are driven by hand in any order of events: a domain is in
 * one thread at a time, no copy is loaded by two, and no offer is lost. */
#include "delivery/domains.h"

#include "unit/delivery/domains_town.h"

enum { STEPS = 6000 };

/* No domain is leased twice, and no copy is under way in two threads, or again after its end. */
static void assert_nothing_is_twice(void)
{
    for (uint32_t domain = 1; domain <= DOMAINS; domain++)
        crew_holder(domain);
    for (uint32_t contact = 1; contact <= copies.count; contact++) {
        unsigned taken = 0;
        for (unsigned i = 0; i < crew.count; i++)
            taken += u64set_has(&crew.threads[i].taken, taken_key(copies.of[contact].job, contact));
        assert_true(taken <= 1);
    }
}

static void assert_counts_are_right(const struct site *site)
{
    size_t loaded[LANES] = {0}, tenancies = 0;
    uint64_t queued = 0;
    for (const struct share *share = site->shares; share; share = share->hh.next)
        loaded[share->mailing->lane] += share->returned.count + share->loaded.count;
    for (size_t i = 0; i < LANES; i++)
        assert_int_equal(loaded[i], site->lanes[i].copies);
    for (const struct tenancy *t = site->tenancies; t; t = t->next, tenancies++)
        for (const struct feed *feed = t->feeds; feed; feed = feed->next_here)
            queued += feed->queued;
    assert_int_equal(tenancies, site->tenancy_count);
    assert_int_equal(queued, site->queued);
}

static struct site *some_site(struct dice *dice, struct delivery_thread *t)
{
    unsigned count = HASH_COUNT(t->sites);
    struct site *site = t->sites;
    for (uint64_t i = count ? dice_below(dice, count) : 0; i > 0; i--)
        site = site->hh.next;
    return site;
}

static void end_or_defer_some(struct dice *dice, struct delivery_thread *t)
{
    struct site *site = some_site(dice, t);
    struct parcel *p;
    for (uint64_t n = dice_below(dice, 5); site && n > 0 && (p = take(site)); n--)
        if (dice_below(dice, 3))
            end_copy(t, p);
        else if (dice_below(dice, 2))
            site_return(site, p);
        else
            report_loss(t, p, SMTP_NOT_SENT, "It was lost.", NULL);
}

static void leave_one(struct dice *dice)
{
    struct tenancy *t = crew_tenancy(1 + (uint32_t)dice_below(dice, DOMAINS));
    if (t)
        tenancy_leave(t, dice_below(dice, 2) ? 60 * 1000 : 0);
}

/* Who pauses a job and resumes it offers all of it again. */
static void pause_or_resume(struct dice *dice)
{
    struct mailing *m = mailing_of(1 + (uint32_t)dice_below(dice, JOBS));
    bool open = mailing_gate(m) == GATE_OPEN;
    mailing_turn(m, open ? GATE_PAUSED : GATE_OPEN);
    for (uint32_t domain = 1; !open && domain <= DOMAINS; domain++)
        if (crew_queued(m->job, domain))
            offer(m->job, domain);
}

static void answer_one(struct dice *dice, struct delivery_thread *t)
{
    struct dns_question *q = t->domains.resolver->questions;
    for (uint64_t n = dice_below(dice, 4); q && n > 0; n--)
        q = q->next;
    if (q)
        fake_dns_answer(q);
}

static void do_something(struct dice *dice)
{
    struct delivery_thread *t = &crew.threads[dice_below(dice, crew.count)];
    uint32_t job = 1 + (uint32_t)dice_below(dice, JOBS),
             domain = 1 + (uint32_t)dice_below(dice, DOMAINS);
    switch (dice_below(dice, 24)) {
    case 0:
        add_recipients(job, domain, 1 + (unsigned)dice_below(dice, 5));
        offer(job, domain);
        break;
    case 1:
        offer(job, domain);
        break;
    case 2:
        atomic_store(&world.town[domain], (unsigned)dice_below(dice, TOWNS));
        break;
    case 3:
        domains_reload(&t->domains);
        break;
    case 4:
        leave_one(dice);
        break;
    case 5:
        domains_wake(&t->domains);
        break;
    case 6:
        if (dice_below(dice, 4) == 0)
            pause_or_resume(dice);
        break;
    case 7:
        pass(1);
        break;
    case 8:
        report_flush(t);
        break;
    case 9:
        world.silent = dice_below(dice, 3) > 0;
        break;
    case 10:
    case 11:
    case 12:
        end_or_defer_some(dice, t);
        break;
    case 13:
    case 14:
    case 15:
        answer_one(dice, t);
        break;
    default:
        crew_turn((unsigned)(t - crew.threads));
    }
}

static void in_every_order(uint64_t seed)
{
    struct dice dice = dice_of(seed);
    for (unsigned step = 0; step < STEPS; step++) {
        do_something(&dice);
        if (step % 16)
            continue;
        assert_nothing_is_twice();
        for (unsigned i = 0; i < crew.count; i++)
            for (struct site *s = crew.threads[i].sites; s; s = s->hh.next)
                assert_counts_are_right(s);
    }
    world.silent = true;
    for (uint32_t job = 1; job <= JOBS; job++)
        if (mailing_gate(mailing_of(job)) != GATE_OPEN) {
            mailing_turn(mailing_of(job), GATE_OPEN);
            for (uint32_t domain = 1; domain <= DOMAINS; domain++)
                offer(job, domain);
        }
    for (uint32_t domain = 1; domain <= DOMAINS; domain++)
        atomic_store(&world.town[domain], 1 + domain % 5);
    for (unsigned i = 0; i < crew.count; i++)
        domains_reload(&crew.threads[i].domains);
    run_to_the_end();
}

static void nothing_is_twice_and_nothing_is_lost_in_any_order(void **state)
{
    (void)state;
    in_every_order(1);
}

static void nor_in_another(void **state)
{
    (void)state;
    in_every_order(2);
}

#define CREW_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(nothing_is_twice_and_nothing_is_lost_in_any_order),
        CREW_TEST(nor_in_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
