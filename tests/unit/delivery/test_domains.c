/* Leases of domains, between threads that are driven by hand in every order: a domain is in one
 * thread at a time, no copy is loaded by two, and no offer is lost. */
#include "delivery/domains.h"

#include "unit/delivery/crew.h"

enum { DOMAINS = 30, JOBS = 5, TOWNS = 9, CONTACTS = 4000, STEPS = 6000 };

/* Where the mail of each domain goes now. */
static struct {
    _Atomic unsigned town[DOMAINS + 1];
    bool silent; /* hosts have no addresses yet: no session is tried */
} world;

/* What became of each copy, by contact. */
static struct {
    struct queue_entry of[CONTACTS + 1];
    unsigned ended[CONTACTS + 1];
    uint32_t count;
} copies;

static struct dns_mx *fake_dns_mx(const char *domain)
{
    unsigned number = (unsigned)strtoul(domain + 1, NULL, 10);
    unsigned town = number <= DOMAINS ? atomic_load(&world.town[number]) : 1;
    char name[64];
    struct fake_exchanger host = {10, name};
    snprintf(name, sizeof(name), "mx%u.example", town);
    if (town == 0)
        return fake_mx(DNS_TROUBLE, NULL, 0);
    return town == 8 ? fake_mx(DNS_NONE, NULL, 0) : fake_mx(DNS_FOUND, &host, 1);
}

static struct dns_addresses *fake_dns_hosts(const char *host)
{
    (void)host;
    return world.silent ? NULL : fake_addresses(DNS_TROUBLE, NULL, 0);
}

static int set_up_with(unsigned threads)
{
    crew_set_up(threads, CREW_SOURCE);
    crew_domains(DOMAINS);
    for (uint32_t i = 1; i <= DOMAINS; i++)
        atomic_store(&world.town[i], 1 + i % 5);
    world.silent = true;
    memset(&copies, 0, sizeof(copies));
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_with(3);
}

static int tear_down(void **state)
{
    (void)state;
    crew_tear_down();
    return 0;
}

/* So many more recipients of a job at a domain. */
static void add_recipients(uint32_t job, uint32_t domain, unsigned count)
{
    uint32_t first = copies.count + 1;
    for (; count > 0 && copies.count < CONTACTS; count--) {
        uint32_t contact = ++copies.count;
        copies.of[contact] = (struct queue_entry){job, domain, 0, contact};
    }
    if (copies.count >= first)
        crew_queue(&copies.of[first], copies.count - first + 1);
}

static struct mailing *mailing_of(uint32_t job)
{
    return &crew.mailings[job - 1];
}

static void offer(uint32_t job, uint32_t domain)
{
    crew_offer(mailing_of(job), domain);
}

/* The next copy that is loaded at a site. */
static struct parcel *take(struct site *site)
{
    for (size_t i = 0; i < LANES; i++) {
        struct parcel *p = share_lane_take(&site->lanes[i], 0);
        if (p)
            return p;
    }
    return NULL;
}

static void end_copy(struct delivery_thread *t, struct parcel *p)
{
    uint32_t contact = p->copy.contact;
    if (contact <= CONTACTS)
        assert_int_equal(copies.ended[contact]++, 0);
    report_expired(t, p, STR("It ended."));
}

/* All that is loaded anywhere ends. */
static void end_all(void)
{
    for (unsigned i = 0; i < crew.count; i++)
        for (struct site *site = crew.threads[i].sites; site; site = site->hh.next)
            for (struct parcel *p; (p = take(site));)
                end_copy(&crew.threads[i], p);
}

static bool is_queued_anywhere(void)
{
    struct txn txn;
    bool any = false;
    txn_begin(crew.place->store, &txn);
    for (uint32_t job = 1; job <= JOBS; job++)
        any |= queue_next_domain(&txn, job, 0) != 0;
    read_end(&txn);
    return any;
}

/* Time passes, for what waits to be tried again. */
static void pass(int64_t seconds)
{
    clock_hold(clock_wall_us() + seconds * 1000000);
    for (unsigned i = 0; i < crew.count; i++)
        for (struct site *site = crew.threads[i].sites; site; site = site->hh.next) {
            feeds_wake(site, (uint32_t)clock_steady_s());
            site_work(site);
        }
}

/* Until everything has ended, or clearly will not. */
static void run_to_the_end(void)
{
    for (int i = 0; i < 3000 && is_queued_anywhere(); i++) {
        crew_answer_all();
        crew_turn_all(2);
        end_all();
        for (unsigned k = 0; k < crew.count; k++)
            report_flush(&crew.threads[k]);
        if (i % 8 == 7) {
            pass(1);
            for (unsigned k = 0; k < crew.count; k++)
                domains_wake(&crew.threads[k].domains);
        }
        usleep(300);
    }
    assert_false(is_queued_anywhere());
}

static void an_offer_becomes_a_lease_where_its_site_lives(void **state)
{
    (void)state;
    add_recipients(1, 1, 10);
    offer(1, 1);
    assert_int_equal(crew_holder(1), -1);
    crew_answer_all();
    crew_turn_all(4);
    struct tenancy *t = crew_tenancy(1);
    assert_non_null(t);
    assert_string_equal(t->site->key, "mx2.example");
    assert_int_equal(crew_holder(1), (int)destination_thread(t->site->to, crew.count));
    assert_int_equal(t->site->queued, 10);
    assert_int_equal(domains_numbers(&crew.threads[crew_home(1)].domains).live, 1);
}

static void domains_of_the_same_exchangers_share_a_site(void **state)
{
    (void)state;
    for (uint32_t domain = 1; domain <= 10; domain++) {
        add_recipients(1, domain, 2);
        offer(1, domain);
    }
    crew_answer_all();
    crew_turn_all(4);
    assert_ptr_equal(crew_tenancy(1)->site, crew_tenancy(6)->site);
    assert_int_equal(crew_tenancy(1)->site->tenancy_count, 2);
    assert_ptr_not_equal(crew_tenancy(1)->site, crew_tenancy(2)->site);
}

static void a_lease_ends_with_its_last_copy(void **state)
{
    (void)state;
    add_recipients(1, 1, 100);
    offer(1, 1);
    run_to_the_end();
    for (unsigned i = 0; i < crew.count; i++)
        crew_settle(&crew.threads[i]);
    crew_turn_all(8);
    assert_int_equal(crew_holder(1), -1);
    assert_int_equal(domains_numbers(&crew.threads[crew_home(1)].domains).live, 0);
    assert_int_equal(atomic_load(&crew.mailings[0].refs), 1);
}

static void offering_again_is_harmless(void **state)
{
    (void)state;
    add_recipients(1, 1, 3);
    for (int i = 0; i < 50; i++) {
        offer(1, 1);
        if (i == 10)
            crew_answer_all();
        crew_turn_all((unsigned)i % 3);
    }
    crew_turn_all(4);
    assert_int_equal(crew_tenancy(1)->site->queued, 3);
    run_to_the_end();
}

static void a_domain_moves_when_its_exchangers_do(void **state)
{
    (void)state;
    add_recipients(1, 1, 200);
    offer(1, 1);
    crew_answer_all();
    crew_turn_all(4);
    assert_string_equal(crew_tenancy(1)->site->key, "mx2.example");
    atomic_store(&world.town[1], 3);
    domains_reload(&crew.threads[crew_home(1)].domains);
    for (int i = 0; i < 20; i++) {
        crew_turn_all(1);
        crew_answer_all();
    }
    assert_string_equal(crew_tenancy(1)->site->key, "mx3.example");
    assert_int_equal(crew_tenancy(1)->site->queued, 200);
    run_to_the_end();
}

/* It stays while a copy of it is under way at the old place. */
static void a_domain_moves_when_nothing_is_under_way(void **state)
{
    (void)state;
    add_recipients(1, 1, 5);
    offer(1, 1);
    crew_answer_all();
    crew_turn_all(4);
    struct site *old = crew_tenancy(1)->site;
    struct parcel *p = take(old);
    atomic_store(&world.town[1], 3);
    domains_reload(&crew.threads[crew_home(1)].domains);
    for (int i = 0; i < 20; i++) {
        crew_turn_all(1);
        crew_answer_all();
    }
    assert_ptr_equal(crew_tenancy(1)->site, old);
    assert_true(crew_tenancy(1)->leaving);
    assert_null(take(old));
    end_copy(old->thread, p);
    crew_settle(old->thread);
    crew_turn_all(8);
    assert_string_equal(crew_tenancy(1)->site->key, "mx3.example");
    assert_int_equal(crew_tenancy(1)->site->queued, 4);
}

static void trouble_with_dns_changes_nothing_where_hosts_are_known(void **state)
{
    (void)state;
    add_recipients(1, 1, 5);
    offer(1, 1);
    crew_answer_all();
    crew_turn_all(4);
    atomic_store(&world.town[1], 0);
    domains_reload(&crew.threads[crew_home(1)].domains);
    crew_turn_all(2);
    crew_answer_all();
    crew_turn_all(4);
    assert_string_equal(crew_tenancy(1)->site->key, "mx2.example");
    assert_false(crew_tenancy(1)->leaving);
}

static void what_is_not_known_yet_waits_and_goes_on_when_it_is(void **state)
{
    (void)state;
    atomic_store(&world.town[1], 0);
    add_recipients(1, 1, 5);
    offer(1, 1);
    crew_answer_all();
    crew_turn_all(8);
    assert_string_equal(crew_tenancy(1)->site->key, "no DNS: d1.example");
    assert_int_equal(crew_queued(1, 1), 5);
    atomic_store(&world.town[1], 4);
    domains_reload(&crew.threads[crew_home(1)].domains);
    for (int i = 0; i < 20; i++) {
        crew_turn_all(1);
        crew_answer_all();
    }
    assert_string_equal(crew_tenancy(1)->site->key, "mx4.example");
}

static void what_goes_nowhere_bounces(void **state)
{
    (void)state;
    atomic_store(&world.town[1], 8);
    add_recipients(1, 1, 300);
    offer(1, 1);
    crew_answer_all();
    for (int i = 0; i < 2000 && crew_queued(1, 1); i++) {
        crew_turn_all(1);
        usleep(300);
        for (unsigned k = 0; k < crew.count; k++)
            report_flush(&crew.threads[k]);
    }
    assert_int_equal(crew_queued(1, 1), 0);
    struct txn txn;
    struct ledger_entry entry;
    txn_begin(crew.place->store, &txn);
    assert_true(ledger_read(&txn, 1, 300, &entry));
    assert_int_equal(entry.state, RECIPIENT_BOUNCED);
    read_end(&txn);
}

/* Nobody can be reached there for a time: the lease is free for others, and comes again. */
static void what_is_given_back_to_be_tried_later_is_tried_later(void **state)
{
    (void)state;
    struct domains *home = &crew.threads[crew_home(1)].domains;
    add_recipients(1, 1, 50);
    offer(1, 1);
    crew_answer_all();
    crew_turn_all(4);
    tenancy_leave(crew_tenancy(1), 60 * 1000);
    crew_turn_all(8);
    assert_int_equal(crew_holder(1), -1);
    assert_int_equal(domains_numbers(home).away, 1);
    assert_int_equal(domains_numbers(home).live, 0);
    offer(2, 1);
    crew_turn_all(8);
    assert_int_equal(crew_holder(1), -1);
    domains_wake(home);
    usleep(3000);
    crew_turn_all(2);
    crew_answer_all();
    crew_turn_all(4);
    assert_non_null(crew_tenancy(1));
    assert_int_equal(domains_numbers(home).away, 0);
    run_to_the_end();
}

/* Those that are asked for or leased at the same time are bounded; the others wait as wishes, then
 * as jobs, and all of them have their turn. */
static void however_many_domains_there_are_all_come_in(void **state)
{
    enum { MANY = DOMAINS_LIVE + 300 };
    (void)state;
    crew_domains(MANY);
    static struct queue_entry all[MANY];
    static uint32_t numbers[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        numbers[i] = i + 1;
        all[i] = (struct queue_entry){1, i + 1, 0, CONTACTS + 1 + i};
    }
    crew_queue(all, MANY);
    struct domains *d = &crew.threads[0].domains;
    domains_offer(d, mailing_of(1), numbers, MANY);
    assert_int_equal(domains_numbers(d).live, DOMAINS_LIVE);
    assert_int_equal(domains_numbers(d).waiting, 300);
    for (int i = 0; i < 100000 && is_queued_anywhere(); i++) {
        crew_answer_all();
        crew_turn_all(2);
        end_all();
        report_flush(&crew.threads[0]);
        sites_work(&crew.threads[0]);
        assert_true(domains_numbers(d).live <= DOMAINS_LIVE);
    }
    assert_false(is_queued_anywhere());
    assert_int_equal(domains_numbers(d).waiting, 0);
}

static int set_up_one(void **state)
{
    (void)state;
    return set_up_with(1);
}

/* --- Every order of events --- */

/* No domain is leased twice, and no copy is under way in two threads, or again after its end. */
static void assert_nothing_is_twice(void)
{
    for (uint32_t domain = 1; domain <= DOMAINS; domain++)
        crew_holder(domain);
    for (uint32_t contact = 1; contact <= copies.count; contact++) {
        unsigned taken = 0;
        for (unsigned i = 0; i < crew.count; i++)
            taken += u64set_has(&crew.threads[i].taken,
                                taken_key(copies.of[contact].job, contact));
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
        CREW_TEST(an_offer_becomes_a_lease_where_its_site_lives),
        CREW_TEST(domains_of_the_same_exchangers_share_a_site),
        CREW_TEST(a_lease_ends_with_its_last_copy),
        CREW_TEST(offering_again_is_harmless),
        CREW_TEST(a_domain_moves_when_its_exchangers_do),
        CREW_TEST(a_domain_moves_when_nothing_is_under_way),
        CREW_TEST(trouble_with_dns_changes_nothing_where_hosts_are_known),
        CREW_TEST(what_is_not_known_yet_waits_and_goes_on_when_it_is),
        CREW_TEST(what_goes_nowhere_bounces),
        CREW_TEST(what_is_given_back_to_be_tried_later_is_tried_later),
        cmocka_unit_test_setup_teardown(however_many_domains_there_are_all_come_in, set_up_one,
                                        tear_down),
        CREW_TEST(nothing_is_twice_and_nothing_is_lost_in_any_order),
        CREW_TEST(nor_in_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
