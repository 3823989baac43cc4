/* The counts of the queue: whatever is added, moved and drained, they say what a walk would. */
#include "store/queue_counts.h"

#include "store/private.h"
#include "store/queue.h"
#include "unit/store/help.h"

static struct store *store_of(void **state)
{
    return ((struct place *)*state)->store;
}

/* --- One after the other --- */

static const struct queue_entry some[] = {
    {12, 3, 0, 1}, {12, 3, 0, 2}, {12, 3, 500, 3}, {12, 9, 0, 4}, {13, 3, 0, 1},
};

enum { SOME = sizeof(some) / sizeof(some[0]) };

static void add_some(struct txn *txn, void *ctx)
{
    (void)ctx;
    queue_add(txn, some, SOME);
}

static uint32_t count_now(void **state, uint32_t job, uint32_t domain)
{
    struct txn txn;
    txn_begin(store_of(state), &txn);
    uint32_t count = queue_count(&txn, job, domain);
    read_end(&txn);
    return count;
}

static uint64_t stored_counts(void **state)
{
    struct txn txn;
    txn_begin(store_of(state), &txn);
    uint64_t count = table_count(&txn, TABLE_QUEUE_COUNTS);
    read_end(&txn);
    return count;
}

static void a_count_is_stored_as_documented(void **state)
{
    write_now(store_of(state), add_some, NULL);
    assert_stored(store_of(state), TABLE_QUEUE_COUNTS, hex("0000000c 00000003"), hex("00000003"));
}

static void counts_each_domain_of_each_job(void **state)
{
    write_now(store_of(state), add_some, NULL);
    assert_int_equal(count_now(state, 12, 3), 3);
    assert_int_equal(count_now(state, 12, 9), 1);
    assert_int_equal(count_now(state, 13, 3), 1);
    assert_int_equal(count_now(state, 12, 4), 0);
    assert_int_equal(count_now(state, 14, 3), 0);
}

static void what_is_there_already_counts_once(void **state)
{
    write_now(store_of(state), add_some, NULL);
    write_now(store_of(state), add_some, NULL);
    assert_int_equal(count_now(state, 12, 3), 3);
}

static void remove_twice(struct txn *txn, void *ctx)
{
    (void)ctx;
    queue_remove(txn, &some[0]);
    queue_remove(txn, &some[0]);
    queue_remove(txn, &some[3]);
}

static void what_was_not_there_is_not_subtracted(void **state)
{
    write_now(store_of(state), add_some, NULL);
    write_now(store_of(state), remove_twice, NULL);
    assert_int_equal(count_now(state, 12, 3), 2);
    assert_int_equal(count_now(state, 12, 9), 0);
    assert_int_equal(stored_counts(state), 2); /* none of it is no record */
}

static void drain_two(struct txn *txn, void *ctx)
{
    (void)ctx;
    queue_drain(txn, 12, NULL, 2);
}

static void a_drained_job_counts_less(void **state)
{
    write_now(store_of(state), add_some, NULL);
    write_now(store_of(state), drain_two, NULL);
    assert_int_equal(count_now(state, 12, 3), 1);
    write_now(store_of(state), drain_two, NULL);
    assert_int_equal(stored_counts(state), 1);
    assert_int_equal(count_now(state, 13, 3), 1);
}

static void look_between_changes(struct txn *txn, void *ctx)
{
    struct queue_count at = {.job = 12};
    (void)ctx;
    queue_remove(txn, &some[0]);
    assert_int_equal(queue_count(txn, 12, 3), 2);
    queue_remove(txn, &some[3]);
    assert_true(queue_count_next(txn, &at));
    assert_int_equal(at.domain, 3);
    assert_false(queue_count_next(txn, &at));
    queue_add(txn, &some[3], 1);
    assert_true(queue_count_next(txn, &at));
    assert_int_equal(at.domain, 9);
    assert_int_equal(at.count, 1);
}

static void a_writer_sees_what_it_changed(void **state)
{
    write_now(store_of(state), add_some, NULL);
    write_now(store_of(state), look_between_changes, NULL);
    assert_int_equal(count_now(state, 12, 3), 2);
    assert_int_equal(count_now(state, 12, 9), 1);
}

static void walks_the_domains_of_a_job(void **state)
{
    struct queue_count at = {.job = 12};
    struct txn txn;
    write_now(store_of(state), add_some, NULL);
    txn_begin(store_of(state), &txn);
    assert_true(queue_count_next(&txn, &at));
    assert_int_equal(at.domain, 3);
    assert_int_equal(at.count, 3);
    assert_true(queue_count_next(&txn, &at));
    assert_int_equal(at.domain, 9);
    assert_false(queue_count_next(&txn, &at)); /* and not on into job 13 */
    assert_int_equal(at.domain, 9);
    at.domain = UINT32_MAX;
    assert_false(queue_count_next(&txn, &at));
    read_end(&txn);
}

/* --- What is written, and when --- */

/* A transaction of this thread's own: the writer has nothing to do meanwhile. */
static void move_all(struct txn *txn)
{
    for (size_t i = 0; i < SOME; i++) {
        struct queue_entry later = some[i];
        later.due += 60;
        queue_remove(txn, &some[i]);
        queue_add(txn, &later, 1);
    }
}

/* The record would be refused if it were read: it is not. */
static void a_move_does_not_touch_the_counts(void **state)
{
    struct txn txn;
    write_now(store_of(state), add_some, NULL);
    write_raw(store_of(state), TABLE_QUEUE_COUNTS, hex("0000000c 00000003"), hex("ff"));
    txn_start(store_of(state), &txn, 0);
    move_all(&txn);
    assert_int_equal(txn_commit(&txn), 0);
    assert_stored(store_of(state), TABLE_QUEUE_COUNTS, hex("0000000c 00000003"), hex("ff"));
}

static void what_is_given_up_counts_for_nothing(void **state)
{
    struct txn txn;
    txn_start(store_of(state), &txn, 0);
    queue_add(&txn, some, SOME);
    txn_abort(&txn);
    assert_int_equal(stored_counts(state), 0);
    write_now(store_of(state), add_some, NULL);
    assert_int_equal(count_now(state, 12, 3), 3);
}

/* --- Damage --- */

static void a_damaged_count_is_found(void **state)
{
    struct txn txn;
    struct queue_count at = {.job = 12};
    static const char *const damaged[] = {"00000000", "000003", "0000000003", ""};
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        write_raw(store_of(state), TABLE_QUEUE_COUNTS, hex("0000000c 00000003"), hex(damaged[i]));
        txn_begin(store_of(state), &txn);
        if (i % 2)
            assert_int_equal(queue_count(&txn, 12, 3), 0);
        else
            assert_false(queue_count_next(&txn, &at));
        assert_damaged(&txn, "`queue_counts`", "0000000c00000003");
        txn_end(&txn);
    }
}

static void a_count_that_would_be_less_than_none_is_damage(void **state)
{
    struct txn txn;
    write_now(store_of(state), add_some, NULL);
    write_raw(store_of(state), TABLE_QUEUE_COUNTS, hex("0000000c 00000003"), hex("00000001"));
    txn_start(store_of(state), &txn, 0);
    queue_remove(&txn, &some[0]);
    queue_remove(&txn, &some[1]);
    assert_int_not_equal(txn_commit(&txn), 0);
    assert_damaged(&txn, "`queue_counts`", "0000000c00000003");
}

/* --- Any changes, compared with a walk --- */

enum { JOBS = 5, CONTACTS = 60, STEPS = 400, ROUNDS = 60 };

/* `seed` is not changed by a run: the group may be applied again, when the map has grown. */
struct play {
    uint64_t seed;
    uint32_t domains, steps;
};

static uint32_t chance(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33) % below;
}

static struct queue_entry any_entry(uint64_t *seed, uint32_t domains)
{
    uint32_t due = chance(seed, 3);
    return (struct queue_entry){1 + chance(seed, JOBS), 1 + chance(seed, domains), due * 100,
                                1 + chance(seed, CONTACTS)};
}

static void add_run(struct txn *txn, struct queue_entry from)
{
    struct queue_entry run[16];
    for (uint32_t i = 0; i < 16; i++) {
        run[i] = from;
        run[i].contact += i;
    }
    queue_add(txn, run, 16);
}

static void play_step(struct txn *txn, uint64_t *seed, uint32_t domains)
{
    struct queue_entry e = any_entry(seed, domains), later = e;
    later.due += 50;
    switch (chance(seed, 16)) {
    case 0:
        queue_drain(txn, e.job, NULL, chance(seed, 40));
        break;
    case 1:
        add_run(txn, e);
        break;
    case 2:
        queue_count(txn, e.job, e.domain);
        break;
    case 3:
    case 4:
    case 5:
        queue_remove(txn, &e);
        break;
    case 6:
    case 7:
    case 8:
        queue_remove(txn, &e);
        queue_add(txn, &later, 1);
        break;
    default:
        queue_add(txn, &e, 1);
    }
}

static void play(struct txn *txn, void *ctx)
{
    const struct play *p = ctx;
    uint64_t seed = p->seed;
    for (uint32_t i = 0; i < p->steps; i++)
        play_step(txn, &seed, p->domains);
}

/* The number of a pair's records, read one by one. */
static uint32_t walk_pair(struct txn *txn, uint32_t job, uint32_t domain)
{
    struct queue_entry got[64], from = {job, domain, 0, 0};
    uint32_t count = 0;
    for (size_t n = 64; n == 64;) {
        n = queue_read(txn, &from, UINT32_MAX, got, 64);
        count += (uint32_t)n;
        if (n)
            from = got[n - 1];
        from.contact++;
    }
    return count;
}

static uint32_t compare_job(struct txn *txn, uint32_t job, uint32_t domains, uint64_t *sum)
{
    struct queue_count at = {.job = job};
    uint32_t pairs = 0;
    for (uint32_t domain = 1; domain <= domains; domain++) {
        uint32_t count = walk_pair(txn, job, domain);
        assert_int_equal(queue_count(txn, job, domain), count);
        if (count == 0)
            continue;
        assert_true(queue_count_next(txn, &at));
        assert_int_equal(at.domain, domain);
        assert_int_equal(at.count, count);
        *sum += count;
        pairs++;
    }
    assert_false(queue_count_next(txn, &at));
    return pairs;
}

static void compare_all(void **state, uint32_t domains)
{
    struct txn txn;
    uint64_t sum = 0;
    uint32_t pairs = 0;
    txn_begin(store_of(state), &txn);
    for (uint32_t job = 1; job <= JOBS; job++)
        pairs += compare_job(&txn, job, domains, &sum);
    assert_int_equal(table_count(&txn, TABLE_QUEUE_COUNTS), pairs);
    assert_int_equal(table_count(&txn, TABLE_QUEUE), sum);
    read_end(&txn);
}

static void the_counts_are_those_of_a_walk(void **state)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct play p = {round * 0x9e3779b97f4a7c15, 7, STEPS};
        write_now(store_of(state), play, &p);
        compare_all(state, p.domains);
    }
}

/* More pairs in one transaction than are gathered before they are written. */
static void also_of_very_many_domains(void **state)
{
    struct play p = {4, 3000, 40000};
    write_now(store_of(state), play, &p);
    compare_all(state, p.domains);
    p.seed = 5;
    write_now(store_of(state), play, &p);
    compare_all(state, p.domains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_count_is_stored_as_documented),
        STORE_TEST(counts_each_domain_of_each_job),
        STORE_TEST(what_is_there_already_counts_once),
        STORE_TEST(what_was_not_there_is_not_subtracted),
        STORE_TEST(a_drained_job_counts_less),
        STORE_TEST(a_writer_sees_what_it_changed),
        STORE_TEST(walks_the_domains_of_a_job),
        STORE_TEST(a_move_does_not_touch_the_counts),
        STORE_TEST(what_is_given_up_counts_for_nothing),
        STORE_TEST(a_damaged_count_is_found),
        STORE_TEST(a_count_that_would_be_less_than_none_is_damage),
        STORE_TEST(the_counts_are_those_of_a_walk),
        STORE_TEST(also_of_very_many_domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
