/* What the composers are given of a job's audience. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "campaign/reach.h"
#include "store/choices.h"
#include "unit/people.h"

static void write_people(struct txn *txn, void *ctx)
{
    struct contact_writer *w = contact_writer_begin(txn, 1700000000);
    (void)ctx;
    people_add(w, "one@dest.example", NULL);
    people_add(w, "two@dest.example", NULL);
    contact_writer_end(w);
    list_join(txn, name_intern(txn, NAME_LIST, STR("signers")), 1);
    list_leave(txn, name_intern(txn, NAME_LIST, STR("signers")), 2);
}

static void the_audience_is_kept_with_its_lists(void **state)
{
    struct people people;
    struct segment segment;
    struct txn txn;
    struct err err;
    (void)state;
    people_open(&people);
    people_write(&people, write_people, NULL);
    assert_int_equal(segment_parse(STR("list:signers and not list:staff"), &segment, &err), 0);
    assert_int_equal(txn_begin(people.store, &txn), 0);
    struct mailing_audience audience = reach_take(&txn, &segment);
    segment_release(&segment); /* empty by now */
    assert_int_equal(audience.list_count, 1);
    assert_true(str_eq(audience.lists[0], STR("signers")));
    assert_true(audience.holds(audience.ctx, &txn, 1));
    assert_false(audience.holds(audience.ctx, &txn, 2));
    txn_end(&txn);
    audience.free(audience.ctx);
    people_close(&people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_audience_is_kept_with_its_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
