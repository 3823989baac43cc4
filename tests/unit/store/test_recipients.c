#include "unit/store/help.h"

#include "store/ledger.h"
#include "store/outcomes.h"
#include "store/recipients.h"
#include "store/sets.h"

/* Each job is for the contacts 1 to 3000, of which those below 2000 have a ledger entry, whose
 * state goes with the contact's number: more than a batch of each. */
enum { JOBS = 3, PEOPLE = 3000, TRIED = 2000 };

static void write_job(struct txn *txn, uint32_t id, enum job_state state)
{
    struct job_record job = {.id = id, .state = state, .recipients = PEOPLE};
    roaring_bitmap_t *set = roaring_bitmap_from_range(1, PEOPLE + 1, 1);
    job_write(txn, &job);
    set_store(txn, SET_JOB, id, set);
    roaring_bitmap_free(set);
    for (uint32_t contact = 1; contact < TRIED; contact++) {
        struct ledger_entry entry = {
            .job = id, .contact = contact, .state = contact % RECIPIENT_STATES};
        ledger_write(txn, &entry);
    }
}

static void write_jobs(struct txn *txn, void *ctx)
{
    (void)ctx;
    write_job(txn, 1, JOB_SENDING);
    write_job(txn, 2, JOB_CANCELLED);
    write_job(txn, 3, JOB_FINISHED);
}

/* Each state's set is what a look at every single recipient gives. */
static void a_set_has_whom_a_look_at_each_would_find(void **state)
{
    struct place *p = *state;
    struct job_record job;
    struct ledger_entry entry;
    struct txn txn;
    write_now(p->store, write_jobs, NULL);
    txn_begin(p->store, &txn);
    for (uint32_t id = 1; id <= JOBS; id++) {
        uint64_t sum = 0;
        assert_true(job_read(&txn, id, &job));
        for (enum recipient_state s = 0; s < RECIPIENT_STATES; s++) {
            roaring_bitmap_t *set = recipients_in_state(&txn, &job, s);
            for (uint32_t contact = 0; contact <= PEOPLE + 1; contact++) {
                bool is = recipient_lookup(&txn, &job, contact, &entry) && entry.state == s;
                assert_int_equal(roaring_bitmap_contains(set, contact), is);
            }
            sum += roaring_bitmap_get_cardinality(set);
            roaring_bitmap_free(set);
        }
        assert_int_equal(sum, PEOPLE);
    }
    read_end(&txn);
}

static void write_last(struct txn *txn, void *ctx)
{
    struct ledger_entry entry = {.job = 9, .contact = UINT32_MAX, .state = RECIPIENT_BOUNCED};
    (void)ctx;
    ledger_write(txn, &entry);
}

static void the_walk_ends_at_the_last_contact_there_can_be(void **state)
{
    struct place *p = *state;
    struct job_record job = {.id = 9, .state = JOB_SENDING};
    struct txn txn;
    write_now(p->store, write_last, NULL);
    txn_begin(p->store, &txn);
    roaring_bitmap_t *set = recipients_in_state(&txn, &job, RECIPIENT_BOUNCED);
    assert_int_equal(roaring_bitmap_get_cardinality(set), 1);
    assert_true(roaring_bitmap_contains(set, UINT32_MAX));
    roaring_bitmap_free(set);
    read_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_set_has_whom_a_look_at_each_would_find),
        STORE_TEST(the_walk_ends_at_the_last_contact_there_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
