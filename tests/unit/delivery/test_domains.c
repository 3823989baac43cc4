/* Leases of domains, between threads that are driven by hand: who has them, and when they move. */
#include "delivery/domains.h"

#include "unit/delivery/domains_town.h"

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
    for (int i = 0; i < 100000 && is_queued_anywhere(1); i++) {
        crew_answer_all();
        crew_turn_all(2);
        end_all();
        report_flush(&crew.threads[0]);
        sites_work(&crew.threads[0]);
        assert_true(domains_numbers(d).live <= DOMAINS_LIVE);
    }
    assert_false(is_queued_anywhere(1));
    assert_int_equal(domains_numbers(d).waiting, 0);
}

/* So many domains that the live ones, and the wishes of a third job, are full. */
static void fill_up(void)
{
    enum { ALL = DOMAINS_LIVE + WISHES_MAX };
    uint32_t *numbers = alloc(ALL * sizeof(*numbers));
    struct queue_entry *all = alloc(DOMAINS_LIVE * sizeof(*all));
    crew_domains(DOMAINS_LIVE + 1);
    for (uint32_t i = 0; i < DOMAINS_LIVE; i++)
        all[i] = (struct queue_entry){3, i + 1, 0, CONTACTS + 1 + i};
    for (uint32_t i = 0; i < ALL; i++)
        numbers[i] = i < DOMAINS_LIVE ? i + 1 : 1000000 + i;
    crew_queue(all, DOMAINS_LIVE);
    domains_offer(&crew.threads[0].domains, mailing_of(3), numbers, ALL);
    free(numbers);
    free(all);
}

static bool has_feed(uint32_t job, uint32_t domain)
{
    const struct tenancy *t = crew_tenancy(domain);
    for (const struct feed *feed = t ? t->feeds : NULL; feed; feed = feed->next_here)
        if (feed->mailing->job == job)
            return true;
    return false;
}

/* What finds not even room to wait is read from the store later, whoever else is there by then. */
static void jobs_that_found_no_room_share_a_domain(void **state)
{
    enum { LAST = DOMAINS_LIVE + 1 };
    (void)state;
    struct domains *d = &crew.threads[0].domains;
    fill_up();
    assert_int_equal(domains_numbers(d).waiting, WISHES_MAX);
    for (uint32_t job = 1; job <= 2; job++) {
        add_recipients(job, LAST, 1);
        offer(job, LAST);
    }
    mailing_turn(mailing_of(3), GATE_PAUSED); /* its domains end, and its wishes go */
    for (int i = 0; i < 10000 && !(has_feed(1, LAST) && has_feed(2, LAST)); i++) {
        crew_answer_all();
        crew_turn_all(2);
        sites_work(&crew.threads[0]);
    }
    assert_true(has_feed(1, LAST) && has_feed(2, LAST));
    run_to_the_end_of(2);
}

static void offering_to_a_domain_that_waits_keeps_nothing_more(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        for (uint32_t job = 1; job <= CREW_JOBS; job++)
            offer(job, 1);
    for (uint32_t job = 1; job <= CREW_JOBS; job++)
        assert_int_equal(atomic_load(&mailing_of(job)->refs), 2);
}

/* Each of many domains has one recipient: they are loaded as quickly as many of one. */
static void small_domains_fill_a_site_as_large_ones_do(void **state)
{
    (void)state;
    for (uint32_t domain = 1; domain <= DOMAINS; domain++) {
        atomic_store(&world.town[domain], 1);
        add_recipients(1, domain, 1);
        offer(1, domain);
    }
    crew_answer_all();
    crew_turn_all(6);
    assert_true(crew_tenancy(1)->site->lanes[LANE_BULK].copies >= 16);
}

/* Also while the addresses of its hosts are being asked for. */
static void a_provider_that_is_new_holds_after_a_reload(void **state)
{
    (void)state;
    struct config *old = crew.config;
    add_recipients(1, 1, 5);
    offer(1, 1);
    crew_answer_all();
    crew_turn_all(6);
    assert_null(crew_tenancy(1)->site->provider);
    crew.config = crew_read(CREW_SOURCE "provider \"big\" { mx = { \"mx2.example\" } }\n");
    for (unsigned i = 0; i < crew.count; i++) {
        struct delivery_thread *t = &crew.threads[i];
        crew.settings[i].config = crew.config;
        for (struct site *site = t->sites; site; site = site->hh.next)
            site_reload(site);
        domains_reload(&t->domains);
    }
    config_unref(old);
    for (int i = 0; i < 200 && !(crew_tenancy(1) && crew_tenancy(1)->site->provider); i++) {
        crew_turn_all(1);
        crew_answer_all();
        usleep(100);
    }
    assert_non_null(crew_tenancy(1)->site->provider);
    run_to_the_end();
}

/* Of two threads that have ended one is released first: the other tells it nothing any more. */
static void a_lease_that_ends_after_the_end_goes_to_nobody(void **state)
{
    (void)state;
    add_recipients(1, 1, 1);
    offer(1, 1);
    crew_answer_all();
    crew_turn_all(4);
    struct delivery_thread *t = crew_tenancy(1)->site->thread;
    end_copy(t, take(crew_tenancy(1)->site));
    t->stopping = true;
    crew_settle(t);
    crew_turn_all(4);
    assert_non_null(crew_tenancy(1));
    assert_null(crew_tenancy(1)->feeds);
}

static int set_up_one(void **state)
{
    (void)state;
    return set_up_with(1);
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
        cmocka_unit_test_setup_teardown(jobs_that_found_no_room_share_a_domain, set_up_one,
                                        tear_down),
        CREW_TEST(offering_to_a_domain_that_waits_keeps_nothing_more),
        CREW_TEST(small_domains_fill_a_site_as_large_ones_do),
        CREW_TEST(a_provider_that_is_new_holds_after_a_reload),
        CREW_TEST(a_lease_that_ends_after_the_end_goes_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
