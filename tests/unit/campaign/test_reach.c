/* What the composers are given of a job's audience. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "campaign/reach.h"
#include "store/choices.h"
#include "store/ledger.h"
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

static struct mailing_audience take(struct txn *txn, struct str text)
{
    struct segment segment;
    struct err err;
    assert_int_equal(segment_parse(text, &segment, &err), 0);
    struct mailing_audience audience = reach_take(txn, &segment);
    segment_release(&segment); /* empty by now */
    return audience;
}

static void the_audience_is_kept_with_its_lists(void **state)
{
    struct people people;
    struct txn txn;
    (void)state;
    people_open(&people);
    people_write(&people, write_people, NULL);
    assert_int_equal(txn_begin(people.store, &txn), 0);
    struct mailing_audience audience = take(&txn, STR("list:signers and not list:staff"));
    assert_int_equal(audience.list_count, 1);
    assert_true(str_eq(audience.lists[0], STR("signers")));
    assert_true(audience.holds(audience.ctx, &txn, 1));
    assert_false(audience.holds(audience.ctx, &txn, 2));
    txn_end(&txn);
    audience.free(audience.ctx);
    people_close(&people);
}

/* Both were recipients of job 1; what became of two's copy was a bounce. */
static void write_job(struct txn *txn, void *ctx)
{
    struct job_record job = {.id = 1, .segment = STR("all"), .recipients = 2};
    struct ledger_entry entry = {.job = 1, .contact = 1, .state = RECIPIENT_DELIVERED};
    (void)ctx;
    job_write(txn, &job);
    set_add(txn, SET_JOB, 1, (const uint32_t[]){1, 2}, 2);
    ledger_write(txn, &entry);
    entry.contact = 2;
    entry.state = RECIPIENT_BOUNCED;
    ledger_write(txn, &entry);
    list_leave(txn, name_find(txn, NAME_LIST, STR("signers")), 1);
}

/* Neither is on the list any more; one of them did not bounce either. */
static void who_left_is_asked_for_with_their_own_state(void **state)
{
    struct people people;
    struct txn txn;
    (void)state;
    people_open(&people);
    people_write(&people, write_people, NULL);
    people_write(&people, write_job, NULL);
    assert_int_equal(txn_begin(people.store, &txn), 0);
    struct mailing_audience audience = take(&txn, STR("list:signers or job:1:bounced"));
    assert_false(audience.holds(audience.ctx, &txn, 1));
    assert_true(audience.holds(audience.ctx, &txn, 2));
    audience.free(audience.ctx);
    audience = take(&txn, STR("list:signers or (job:1 and not job:1:delivered)"));
    assert_false(audience.holds(audience.ctx, &txn, 1));
    assert_true(audience.holds(audience.ctx, &txn, 2));
    audience.free(audience.ctx);
    txn_end(&txn);
    people_close(&people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_audience_is_kept_with_its_lists),
        cmocka_unit_test(who_left_is_asked_for_with_their_own_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
