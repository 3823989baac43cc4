/* Of each domain those who clicked last are kept, and found again by domain, rank and contact. */
#include "compose/favourites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t seed = 12345;

static uint32_t chance(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void add(struct favourites *f, uint32_t domain, uint32_t contact, uint32_t clicked)
{
    struct favourite one = {domain, contact, clicked};
    favourites_add(f, &one);
}

static uint32_t contact_at(const struct favourites *f, uint32_t domain, size_t rank)
{
    size_t first, count = favourites_of(f, domain, &first);
    assert_true(rank < count);
    return f->at[first + rank].contact;
}

static size_t count_of(const struct favourites *f, uint32_t domain)
{
    size_t first;
    return favourites_of(f, domain, &first);
}

static void the_latest_click_is_first(void **state)
{
    (void)state;
    struct favourites *f = favourites_new(2);
    add(f, 3, 10, 100);
    add(f, 3, 11, 300);
    add(f, 3, 12, 0);
    add(f, 3, 13, 200);
    add(f, 9, 14, 0);
    favourites_finish(f);
    assert_int_equal(count_of(f, 3), 2);
    assert_int_equal(contact_at(f, 3, 0), 11);
    assert_int_equal(contact_at(f, 3, 1), 13);
    assert_int_equal(contact_at(f, 9, 0), 14);
    assert_int_equal(count_of(f, 5), 0);
    assert_int_equal(count_of(f, UINT32_MAX), 0);
    favourites_free(f);
}

static void who_never_clicked_fills_up_by_number(void **state)
{
    (void)state;
    struct favourites *f = favourites_new(3);
    for (uint32_t contact = 20; contact > 10; contact--)
        add(f, 1, contact, contact == 15 ? 7 : 0);
    favourites_finish(f);
    assert_int_equal(contact_at(f, 1, 0), 15);
    assert_int_equal(contact_at(f, 1, 1), 11);
    assert_int_equal(contact_at(f, 1, 2), 12);
    favourites_free(f);
}

static void none_is_no_trouble(void **state)
{
    (void)state;
    struct favourites *f = favourites_new(0);
    favourites_finish(f);
    assert_int_equal(count_of(f, 1), 0);
    favourites_free(f);
    favourites_free(NULL);
}

static int by_rank(const void *a, const void *b)
{
    const struct favourite *x = a, *y = b;
    if (x->clicked != y->clicked)
        return x->clicked > y->clicked ? -1 : 1;
    return x->contact < y->contact ? -1 : x->contact > y->contact;
}

/* Against a plain sort, and each contact is found at its rank. */
static void assert_domain(const struct favourites *f, uint32_t domain, struct favourite *all,
                          size_t count, size_t most)
{
    size_t first, got = favourites_of(f, domain, &first);
    qsort(all, count, sizeof(all[0]), by_rank);
    assert_int_equal(got, count < most ? count : most);
    for (size_t i = 0; i < count; i++) {
        size_t rank = favourites_rank(f, first, got, all[i].contact);
        assert_int_equal(rank, i < got ? i : got);
        if (i < got)
            assert_int_equal(f->at[first + i].contact, all[i].contact);
    }
    assert_int_equal(favourites_rank(f, first, got, UINT32_MAX), got);
}

static void it_is_as_if_all_had_been_sorted(void **state)
{
    (void)state;
    enum { DOMAINS = 40, PEOPLE = 60 };
    static struct favourite all[DOMAINS][PEOPLE];
    for (int round = 0; round < 50; round++) {
        size_t counts[DOMAINS], most = 1 + chance(30);
        struct favourites *f = favourites_new(most);
        for (uint32_t d = 0; d < DOMAINS; d++) {
            counts[d] = chance(PEOPLE);
            for (size_t i = 0; i < counts[d]; i++) {
                all[d][i] = (struct favourite){2 * d + 1, (uint32_t)i * 7 % PEOPLE + 1, chance(8)};
                favourites_add(f, &all[d][i]);
            }
        }
        favourites_finish(f);
        for (uint32_t d = 0; d < DOMAINS; d++)
            assert_domain(f, 2 * d + 1, all[d], counts[d], most);
        favourites_free(f);
    }
}

/* A large domain first, and many after it: all of them have some, and the best of theirs. */
static void too_many_are_fewer_of_each(void **state)
{
    (void)state;
    enum { DOMAINS = 300, PEOPLE = 1000, FIRST = 150000 };
    struct favourites *f = favourites_new(UINT64_MAX);
    for (uint32_t i = 1; i <= FIRST; i++)
        add(f, 1, i, i);
    for (uint32_t d = 2; d <= DOMAINS; d++)
        for (uint32_t i = 1; i <= PEOPLE; i++)
            add(f, d, d * PEOPLE + i, i);
    favourites_finish(f);
    assert_in_range(f->count, FAVOURITES_MAX / 3, FAVOURITES_MAX);
    for (uint32_t d = 1; d <= DOMAINS; d++) {
        assert_in_range(count_of(f, d), 100, 400);
        for (uint32_t rank = 0; rank < 100; rank++)
            assert_int_equal(contact_at(f, d, rank),
                             d == 1 ? FIRST - rank : d * PEOPLE + PEOPLE - rank);
    }
    favourites_free(f);
}

static void there_are_never_more_than_fit(void **state)
{
    (void)state;
    struct favourites *f = favourites_new(50);
    for (uint32_t d = 1; d <= FAVOURITES_MAX + 500; d++)
        add(f, d, d, 0);
    favourites_finish(f);
    assert_int_equal(f->count, FAVOURITES_MAX);
    assert_int_equal(count_of(f, FAVOURITES_MAX), 1);
    assert_int_equal(count_of(f, FAVOURITES_MAX + 1), 0);
    favourites_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_click_is_first),
        cmocka_unit_test(who_never_clicked_fills_up_by_number),
        cmocka_unit_test(none_is_no_trouble),
        cmocka_unit_test(it_is_as_if_all_had_been_sorted),
        cmocka_unit_test(too_many_are_fewer_of_each),
        cmocka_unit_test(there_are_never_more_than_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
