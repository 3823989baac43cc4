#include "unit/store/help.h"

#include "store/jobs.h"
#include "store/names.h"

static void set_name(struct txn *txn, void *ctx)
{
    name_intern(txn, NAME_LIST, str_of(ctx));
}

static void a_reader_sees_one_moment(void **state)
{
    struct place *p = *state;
    struct txn txn;
    txn_begin(p->store, &txn);
    write_now(p->store, set_name, "later");
    assert_int_equal(name_find(&txn, NAME_LIST, STR("later")), 0);
    read_end(&txn);
    txn_begin(p->store, &txn);
    assert_int_equal(name_find(&txn, NAME_LIST, STR("later")), 1);
    read_end(&txn);
}

static void an_error_sticks(void **state)
{
    struct place *p = *state;
    struct txn txn;
    struct job_record job;
    write_now(p->store, set_name, "signers");
    write_raw(p->store, TABLE_JOBS, hex("0000000c"), hex("01"));
    txn_begin(p->store, &txn);
    assert_int_equal(name_find(&txn, NAME_LIST, STR("signers")), 1);
    assert_false(job_read(&txn, 12, &job));
    assert_int_equal(name_find(&txn, NAME_LIST, STR("signers")), 0); /* "absent" from here on */
    assert_int_equal(table_count(&txn, TABLE_NAMES), 0);
    assert_damaged(&txn, "`jobs`", "0000000c");
    assert_damaged(&txn, p->dir, "restore the data folder");
    txn_end(&txn);
    assert_damaged(&txn, "`jobs`", "0000000c"); /* asked after the end too */
}

static void the_first_error_is_told(void **state)
{
    struct place *p = *state;
    struct txn txn;
    txn_begin(p->store, &txn);
    txn_damaged(&txn, TABLE_LEDGER, hex("0001"));
    txn_damaged(&txn, TABLE_JOBS, hex("0002"));
    assert_damaged(&txn, "`ledger`", "0001");
    txn_end(&txn);
}

static void lmdb_errors_name_the_step(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    struct txn txn;
    txn_begin(p->store, &txn);
    name_intern(&txn, NAME_LIST, STR("no writing here"));
    assert_int_equal(txn_failed(&txn, &err), -1);
    assert_non_null(strstr(err.text, "writing table `names`"));
    assert_non_null(strstr(err.text, "Permission denied"));
    txn_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_reader_sees_one_moment),
        STORE_TEST(an_error_sticks),
        STORE_TEST(the_first_error_is_told),
        STORE_TEST(lmdb_errors_name_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
