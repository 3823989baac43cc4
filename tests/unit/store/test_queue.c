#include "unit/store/help.h"

#include "store/queue.h"

struct entries {
    const struct queue_entry *all;
    size_t count;
    size_t removed;
};

static void add(struct txn *txn, void *ctx)
{
    const struct entries *e = ctx;
    queue_add(txn, e->all, e->count);
}

static void add_now(struct store *store, const struct queue_entry *all, size_t count)
{
    struct entries e = {all, count, 0};
    write_now(store, add, &e);
}

static void remove_them(struct txn *txn, void *ctx)
{
    struct entries *e = ctx;
    e->removed = 0;
    for (size_t i = 0; i < e->count; i++)
        e->removed += queue_remove(txn, &e->all[i]);
}

static void assert_entry(struct queue_entry got, struct queue_entry want)
{
    assert_int_equal(got.job, want.job);
    assert_int_equal(got.domain, want.domain);
    assert_int_equal(got.due, want.due);
    assert_int_equal(got.contact, want.contact);
}

static void an_entry_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    const struct queue_entry one[] = {{12, 3, 0, 17}};
    add_now(p->store, one, 1);
    assert_stored(p->store, TABLE_QUEUE, hex("0000000c 00000003 00000000 00000011"), STR(""));
}

static const struct queue_entry mixed[] = {
    {1, 7, 500, 9}, {1, 7, 0, 3},   {1, 9, 0, 1}, {1, 7, 0, 2},
    {2, 7, 0, 2},   {1, 7, 400, 8}, {1, 7, 0, 2},
};

static void reads_one_domain_in_order(void **state)
{
    struct place *p = *state;
    struct queue_entry got[8], from = {1, 7, 0, 0};
    struct txn txn;
    add_now(p->store, mixed, 7);
    txn_begin(p->store, &txn);
    assert_int_equal(table_count(&txn, TABLE_QUEUE), 6);
    assert_int_equal(queue_read(&txn, &from, UINT32_MAX, got, 8), 4);
    assert_entry(got[0], (struct queue_entry){1, 7, 0, 2});
    assert_entry(got[1], (struct queue_entry){1, 7, 0, 3});
    assert_entry(got[2], (struct queue_entry){1, 7, 400, 8});
    assert_entry(got[3], (struct queue_entry){1, 7, 500, 9});
    assert_int_equal(queue_read(&txn, &from, 400, got, 8), 3);
    assert_int_equal(queue_read(&txn, &from, 400, got, 2), 2);
    assert_int_equal(queue_read(&txn, &from, 400, got, 0), 0);
    from.contact = 3; /* goes on at an entry, that one included */
    assert_int_equal(queue_read(&txn, &from, 0, got, 8), 1);
    assert_entry(got[0], mixed[1]);
    read_end(&txn);
}

static void finds_what_is_due_next(void **state)
{
    struct place *p = *state;
    struct txn txn;
    add_now(p->store, mixed, 7);
    txn_begin(p->store, &txn);
    assert_int_equal(queue_next_due(&txn, 1, 7, 0), 400);
    assert_int_equal(queue_next_due(&txn, 1, 7, 400), 500);
    assert_int_equal(queue_next_due(&txn, 1, 7, 500), 0);
    assert_int_equal(queue_next_due(&txn, 1, 9, 0), 0);
    assert_int_equal(queue_next_due(&txn, 1, 7, UINT32_MAX), 0);
    read_end(&txn);
}

static void walks_the_domains_of_a_job(void **state)
{
    struct place *p = *state;
    struct txn txn;
    add_now(p->store, mixed, 7);
    txn_begin(p->store, &txn);
    assert_int_equal(queue_next_domain(&txn, 1, 0), 7);
    assert_int_equal(queue_next_domain(&txn, 1, 7), 9);
    assert_int_equal(queue_next_domain(&txn, 1, 9), 0);
    assert_int_equal(queue_next_domain(&txn, 2, 0), 7);
    assert_int_equal(queue_next_domain(&txn, 3, 0), 0);
    assert_int_equal(queue_next_domain(&txn, 1, UINT32_MAX), 0);
    read_end(&txn);
}

static void removes_once(void **state)
{
    struct place *p = *state;
    struct entries e = {mixed, 7, 0};
    struct txn txn;
    add_now(p->store, mixed, 7);
    txn_begin(p->store, &txn);
    assert_true(queue_has(&txn, &mixed[0]));
    read_end(&txn);
    write_now(p->store, remove_them, &e);
    assert_int_equal(e.removed, 6); /* one of them stood there twice */
    txn_begin(p->store, &txn);
    assert_false(queue_has(&txn, &mixed[0]));
    assert_int_equal(table_count(&txn, TABLE_QUEUE), 0);
    read_end(&txn);
}

struct drained {
    struct queue_entry out[8];
    size_t count, max;
};

static void drain(struct txn *txn, void *ctx)
{
    struct drained *d = ctx;
    d->count = queue_drain(txn, 1, d->out, d->max);
}

static void drains_a_job_in_slices(void **state)
{
    struct place *p = *state;
    struct drained d = {.max = 3};
    struct txn txn;
    add_now(p->store, mixed, 7);
    write_now(p->store, drain, &d);
    assert_int_equal(d.count, 3);
    assert_entry(d.out[2], (struct queue_entry){1, 7, 400, 8});
    write_now(p->store, drain, &d);
    assert_int_equal(d.count, 2);
    write_now(p->store, drain, &d);
    assert_int_equal(d.count, 0);
    txn_begin(p->store, &txn);
    assert_true(queue_has(&txn, &mixed[4])); /* the other job's */
    read_end(&txn);
}

static void sorted_batches_interleave(void **state)
{
    struct place *p = *state;
    enum { HALF = 5000 };
    static struct queue_entry odd[HALF], even[HALF];
    struct queue_entry got[16], from = {1, 1, 0, 0};
    struct txn txn;
    for (uint32_t i = 0; i < HALF; i++) {
        even[i] = (struct queue_entry){1, 1, 0, 2 * i + 2};
        odd[i] = (struct queue_entry){1, 1, 0, 2 * i + 1};
    }
    add_now(p->store, even, HALF); /* after all that is there: appended */
    add_now(p->store, odd, HALF);  /* between: not */
    add_now(p->store, odd, HALF);  /* again: nothing new */
    txn_begin(p->store, &txn);
    assert_int_equal(table_count(&txn, TABLE_QUEUE), 2 * HALF);
    for (uint32_t next = 1; next <= 2 * HALF; from.contact = next) {
        size_t count = queue_read(&txn, &from, 0, got, 16);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(got[i].contact, next++);
        assert_true(count > 0);
    }
    read_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    struct queue_entry got, from = {1, 1, 0, 0};
    struct txn txn;
    write_raw(p->store, TABLE_QUEUE, hex("00000001 00000001 00000000 01"), STR(""));
    txn_begin(p->store, &txn);
    assert_int_equal(queue_read(&txn, &from, 0, &got, 1), 0);
    assert_int_equal(queue_next_domain(&txn, 1, 0), 0);
    assert_damaged(&txn, "`queue`", "00000001000000010000000001");
    txn_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_entry_is_stored_as_documented),
        STORE_TEST(reads_one_domain_in_order),
        STORE_TEST(finds_what_is_due_next),
        STORE_TEST(walks_the_domains_of_a_job),
        STORE_TEST(removes_once),
        STORE_TEST(drains_a_job_in_slices),
        STORE_TEST(sorted_batches_interleave),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
