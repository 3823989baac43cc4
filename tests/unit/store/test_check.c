/* The check of a data folder: silent about what the daemon writes, and a sentence for each thing
 * that does not agree. */
#include "store/check.h"

#include "store/contacts.h"
#include "store/counter_keys.h"
#include "store/names.h"
#include "store/outcomes.h"
#include "store/queue.h"
#include "store/sets.h"
#include "unit/store/help.h"

enum { CONTACTS = 12, RECIPIENTS = 8, JOB = 7, YOUNG_JOB = 8, NOW = 1700000000 };

/* --- A folder with all kinds of records --- */

static void add_contacts(struct txn *txn)
{
    struct contact_writer *writer = contact_writer_begin(txn, NOW);
    struct contact_attribute name = {name_intern(txn, NAME_ATTRIBUTE, STR("first_name")),
                                     STR("Zoé")};
    enum contact_change change;
    for (unsigned i = 1; i <= CONTACTS; i++) {
        char key[32], address[32];
        int len = snprintf(key, sizeof(key), "user%u@mail.example", i);
        snprintf(address, sizeof(address), "User%u@mail.example", i);
        struct contact_row row = {.key = str_from(key, (size_t)len),
                                  .address = str_from(address, (size_t)len),
                                  .domain = STR("mail.example"),
                                  .attributes = &name,
                                  .attribute_count = 1};
        contact_writer_put(writer, &row, &change);
    }
    contact_writer_end(writer);
}

static void add_job(struct txn *txn, uint32_t id, struct message_ref message, uint32_t fanned)
{
    struct job_record job = {.id = id,
                             .state = JOB_SENDING,
                             .lane = LANE_BULK,
                             .guarantee = GUARANTEE_AT_LEAST_ONCE,
                             .message = message,
                             .fanned = fanned,
                             .recipients = RECIPIENTS,
                             .counts = {[RECIPIENT_QUEUED] = RECIPIENTS},
                             .name = STR("appeal"),
                             .segment = STR("all"),
                             .identity = STR("example")};
    for (uint32_t i = 1; i <= RECIPIENTS; i++) {
        struct queue_entry entry = {id, 1, 0, i};
        set_add(txn, SET_JOB, id, &i, 1);
        if (i < fanned)
            queue_add(txn, &entry, 1);
    }
    job_write(txn, &job);
}

static void add_outcomes(struct txn *txn)
{
    static const struct outcome outcomes[] = {
        {.job = JOB, .contact = 1, .domain = 1, .state = RECIPIENT_DELIVERED, .attempted = true},
        {.job = JOB, .contact = 2, .domain = 1, .state = RECIPIENT_DEFERRED, .due = NOW + 60},
        {.job = JOB, .contact = 3, .domain = 1, .state = RECIPIENT_IN_DOUBT, .due = NOW + 90},
        {.job = JOB, .contact = 4, .domain = 1, .state = RECIPIENT_BOUNCED, .attempted = true},
    };
    struct outcome_sums sums[4];
    outcomes_apply(txn, outcomes, 4, sums);
}

static void add_counter(struct txn *txn)
{
    struct counter_addition what = {STR("raif"), 5, STR("may-1"), NOW, NOW};
    struct counter_change is;
    struct err err;
    assert_int_equal(counter_add_once(txn, &what, &is, &err), 0);
}

static void fill(struct txn *txn, void *ctx)
{
    uint32_t members[] = {1, 5, 9};
    struct message_ref message = message_put(txn, STR("appeal"), STR("Subject: Hi\n\nYes."), NOW);
    (void)ctx;
    add_contacts(txn);
    set_add(txn, SET_LIST, name_intern(txn, NAME_LIST, STR("all")), members, 3);
    add_job(txn, JOB, message, UINT32_MAX);
    add_job(txn, YOUNG_JOB, message, 5); /* fan-out has come to contact 5 */
    add_outcomes(txn);
    add_counter(txn);
}

static int filled_setup(void **state)
{
    place_setup(state);
    struct place *p = *state;
    write_now(p->store, fill, NULL);
    return 0;
}

/* --- Asking --- */

struct answer {
    int result;
    char *text;
    size_t size;
    struct err err;
};

/* Closes the store, and checks its folder. */
static struct answer ask(struct place *p)
{
    struct answer answer = {.err = {""}};
    store_close(p->store);
    p->store = NULL;
    FILE *out = open_memstream(&answer.text, &answer.size);
    answer.result = store_check(p->dir, out, &answer.err);
    fclose(out);
    return answer;
}

static void finds(struct place *p, const char *words)
{
    struct answer answer = ask(p);
    if (answer.result != 1 || !strstr(answer.text, words))
        fail_msg("%s\nis not in\n%s%s", words, answer.text, answer.err.text);
    free(answer.text);
}

/* Does one thing to the folder, and asks. */
static void finds_after(void **state, write_fn *spoil, const char *words)
{
    struct place *p = *state;
    write_now(p->store, spoil, NULL);
    finds(p, words);
}

static void finds_raw(void **state, enum table table, struct str key, struct str value,
                      const char *words)
{
    struct place *p = *state;
    write_raw(p->store, table, key, value);
    finds(p, words);
}

/* --- What is well --- */

static void all_is_fine(void **state)
{
    struct place *p = *state;
    struct answer answer = ask(p);
    if (answer.result != 0 || !strstr(answer.text, "is fine.\n"))
        fail_msg("%s%s", answer.text, answer.err.text);
    assert_non_null(strstr(answer.text, "  contacts                 12 records in 1 pages\n"));
    assert_non_null(strstr(answer.text, "  queue                    10 records in 1 pages\n"));
    free(answer.text);
    place_open(p); /* and it was let go of, whole */
}

static void cancel(struct txn *txn, void *ctx)
{
    struct job_record job;
    struct buf texts = BUF_INIT;
    (void)ctx;
    job_read(txn, JOB, &job);
    job_keep(&job, &texts);
    job.state = JOB_CANCELLED;
    job.counts[RECIPIENT_CANCELLED] = job.counts[RECIPIENT_QUEUED] + job.counts[RECIPIENT_DEFERRED];
    job.counts[RECIPIENT_QUEUED] = job.counts[RECIPIENT_DEFERRED] = 0;
    job_write(txn, &job);
    queue_drain(txn, JOB, NULL, 3);
    buf_release(&texts);
}

static void a_cancelled_job_is_fine_while_its_queue_is_emptied(void **state)
{
    struct place *p = *state;
    write_now(p->store, cancel, NULL);
    struct answer answer = ask(p);
    if (answer.result != 0)
        fail_msg("%s", answer.text);
    free(answer.text);
}

static void refuses_a_folder_in_use(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    assert_int_equal(store_check(p->dir, stderr, &err), -1);
    assert_non_null(strstr(err.text, "in use by a running tocsind"));
}

static void says_what_it_cannot_look_at(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    write_raw(p->store, TABLE_META, STR("version"), hex("00000063"));
    struct answer answer = ask(p);
    assert_int_equal(answer.result, -1);
    assert_non_null(strstr(answer.err.text, "newer tocsind (store version 99"));
    free(answer.text);
    assert_int_equal(store_check("/no/such/folder", stderr, &err), -1);
    assert_non_null(strstr(err.text, "/no/such/folder cannot be found"));
}

/* --- What is not: records --- */

static void records_that_cannot_be_read(void **state)
{
    struct place *p = *state;
    static const enum table tables[] = {
        TABLE_CONTACTS,      TABLE_JOBS,         TABLE_LEDGER,   TABLE_QUEUE,
        TABLE_SETS,          TABLE_MESSAGES,     TABLE_NAMES,    TABLE_NAME_IDS,
        TABLE_MESSAGE_NAMES, TABLE_SITES,        TABLE_BARRED,   TABLE_ADDRESSES,
        TABLE_RESTRAINTS,    TABLE_QUEUE_COUNTS, TABLE_COUNTERS, TABLE_COUNTER_KEYS};
    enum { COUNT = sizeof(tables) / sizeof(tables[0]) };
    for (size_t i = 0; i < COUNT; i++)
        write_raw(p->store, tables[i], hex("ff 00 00 00 00 00"), hex("ff"));
    struct answer answer = ask(p);
    assert_int_equal(answer.result, 1);
    for (size_t i = 0; i < COUNT; i++) {
        char words[64];
        snprintf(words, sizeof(words), "Table `%s`, key ff0000000000: ", table_name(tables[i]));
        if (!strstr(answer.text, words))
            fail_msg("%s\nis not in\n%s", words, answer.text);
    }
    free(answer.text);
}

static void a_set_with_a_wrong_checksum(void **state)
{
    finds_raw(state, TABLE_SETS, hex("01 00000001 0000"),
              hex("00000000 3b30 0000 01 0000 0200 0100 0100 0200"),
              "Table `sets`, key 01000000010000: the set of kind 1 and owner 1 has a damaged part");
}

static void a_name_that_leads_nowhere(void **state)
{
    finds_raw(state, TABLE_NAMES, hex("02 61"), hex("00000009"),
              "Table `names`, key 0261: its number does not lead back to the name.");
}

static void a_number_that_leads_elsewhere(void **state)
{
    finds_raw(state, TABLE_NAME_IDS, hex("02 00000009"), STR("mail.example"),
              "Table `name_ids`, key 0200000009: its name does not lead back to the number.");
}

static void an_address_of_nobody(void **state)
{
    finds_raw(state, TABLE_ADDRESSES, hex("0000000000000001"), hex("00000063"),
              "it leads to contact 99, who does not exist.");
}

static void an_address_twice(void **state)
{
    finds_raw(state, TABLE_ADDRESSES, hex("0000000000000001"), hex("00000003"),
              "The index of addresses has 13 contacts, and there are 12.");
}

static void lose_contact(struct txn *txn, void *ctx)
{
    struct key key = raw_key(hex("00000009"));
    (void)ctx;
    table_delete(txn, TABLE_CONTACTS, &key);
}

static void a_contact_that_is_gone(void **state)
{
    finds_after(state, lose_contact,
                "contact 9 is the first, who is in the set and does not exist");
}

static void change_address(struct txn *txn, void *ctx)
{
    struct key key = raw_key(hex("00000009"));
    struct str value;
    struct buf copy = BUF_INIT;
    (void)ctx;
    table_get(txn, TABLE_CONTACTS, &key, &value);
    buf_add_str(&copy, value);
    copy.at[20] = 'x';
    table_put(txn, TABLE_CONTACTS, &key, buf_str(&copy));
    buf_release(&copy);
}

static void an_address_that_changed(void **state)
{
    finds_after(state, change_address,
                "Table `contacts`, key 00000009: the contact cannot be found by its address.");
}

static void lower_last_contact(struct txn *txn, void *ctx)
{
    (void)ctx;
    meta_set_number(txn, STR("last_contact"), 11);
}

static void a_number_that_would_be_given_again(void **state)
{
    finds_after(state, lower_last_contact,
                "The last contact has number 12, and the store says that 11 was given last.");
}

static void a_message_that_is_gone(void **state)
{
    finds_raw(state, TABLE_MESSAGE_NAMES, STR("appeal"), hex("00000001 00000002"),
              "the message of this name is missing.");
}

static void a_record_of_a_job_that_is_gone(void **state)
{
    finds_raw(state, TABLE_QUEUE, hex("00000063 00000001 00000000 00000001"), STR(""),
              "its job 99 does not exist.");
}

/* --- What is not: jobs --- */

static void lose_queue_record(struct txn *txn, void *ctx)
{
    struct queue_entry entry = {JOB, 1, NOW + 60, 2}, untried = {JOB, 1, 0, 6};
    (void)ctx;
    queue_remove(txn, &entry);
    queue_remove(txn, &untried);
}

static void recipients_forgotten(void **state)
{
    finds_after(state, lose_queue_record,
                "Job 7 has 2 recipients that wait and are not in the queue: contact 2 is");
}

static void add_queue_record(struct txn *txn, uint32_t job, uint32_t due, uint32_t contact)
{
    struct queue_entry entry = {job, 1, due, contact};
    queue_add(txn, &entry, 1);
}

static void queue_delivered(struct txn *txn, void *ctx)
{
    (void)ctx;
    add_queue_record(txn, JOB, 0, 1);
}

static void a_delivered_copy_that_would_be_sent_again(void **state)
{
    finds_after(state, queue_delivered, "contact 1 has nothing more to wait for in job 7.");
}

static void queue_stranger(struct txn *txn, void *ctx)
{
    (void)ctx;
    add_queue_record(txn, JOB, 0, 11);
}

static void somebody_who_is_no_recipient(void **state)
{
    finds_after(state, queue_stranger, "contact 11 is no recipient of job 7.");
}

static void queue_twice(struct txn *txn, void *ctx)
{
    (void)ctx;
    add_queue_record(txn, JOB, NOW + 500, 2);
}

static void a_recipient_queued_twice(void **state)
{
    finds_after(state, queue_twice, "contact 2 is queued twice in job 7.");
}

static void queue_at_another_time(struct txn *txn, void *ctx)
{
    struct queue_entry entry = {JOB, 1, NOW + 60, 2};
    (void)ctx;
    queue_remove(txn, &entry);
    add_queue_record(txn, JOB, NOW + 61, 2);
}

static void a_due_time_that_is_not_the_ledgers(void **state)
{
    finds_after(state, queue_at_another_time,
                "contact 2 is queued for the time 1700000061 in job 7, and its ledger says "
                "1700000060.");
}

static void queue_too_early(struct txn *txn, void *ctx)
{
    (void)ctx;
    add_queue_record(txn, YOUNG_JOB, 0, 6);
}

static void a_recipient_queued_before_fan_out(void **state)
{
    finds_after(state, queue_too_early, "contact 6 has nothing more to wait for in job 8.");
}

static void lose_ledger_entry(struct txn *txn, void *ctx)
{
    struct key key = raw_key(hex("00000007 00000004"));
    (void)ctx;
    table_delete(txn, TABLE_LEDGER, &key);
}

static void numbers_that_the_ledger_does_not_have(void **state)
{
    finds_after(state, lose_ledger_entry, "Job 7 counts 1 recipients as bounced, and there are 0.");
}

static void count_one_more(struct txn *txn, void *ctx)
{
    struct job_record job;
    struct buf texts = BUF_INIT;
    (void)ctx;
    job_read(txn, JOB, &job);
    job_keep(&job, &texts);
    job.counts[RECIPIENT_DELIVERED]++;
    job_write(txn, &job);
    buf_release(&texts);
}

static void numbers_that_do_not_add_up(void **state)
{
    finds_after(state, count_one_more, "Job 7 has 8 recipients, and its numbers add up to 9.");
}

static void add_recipient(struct txn *txn, void *ctx)
{
    uint32_t id = 11;
    (void)ctx;
    set_add(txn, SET_JOB, YOUNG_JOB, &id, 1);
}

static void a_set_with_one_more(void **state)
{
    finds_after(state, add_recipient, "Job 8 has 8 recipients, and the set of them has 9.");
}

static void a_count_of_the_queue_that_is_wrong(void **state)
{
    finds_raw(state, TABLE_QUEUE_COUNTS, hex("00000007 00000001"), hex("00000007"),
              "Table `queue_counts`, key 0000000700000001: 7 recipients of job 7 are counted at "
              "domain 1, and the queue has 6.");
}

static void lose_count(struct txn *txn, void *ctx)
{
    struct key key = raw_key(hex("00000008 00000001"));
    (void)ctx;
    table_delete(txn, TABLE_QUEUE_COUNTS, &key);
}

static void a_count_of_the_queue_that_is_missing(void **state)
{
    finds_after(state, lose_count,
                "Table `queue_counts`, key 0000000800000001: 0 recipients of job 8 are counted at "
                "domain 1, and the queue has 4.");
}

static void a_count_of_what_is_not_queued(void **state)
{
    finds_raw(state, TABLE_QUEUE_COUNTS, hex("00000007 00000002"), hex("00000001"),
              "Table `queue_counts`, key 0000000700000002: 1 recipients of job 7 are counted at "
              "domain 2, and the queue has none.");
}

/* --- Many, and damaged pages --- */

static void many_strangers(struct txn *txn, void *ctx)
{
    (void)ctx;
    for (uint32_t i = 1; i <= 70; i++)
        add_queue_record(txn, JOB, 0, 1000 + i);
}

static void says_how_many_more(void **state)
{
    finds_after(state, many_strangers, "And 20 more.\n");
}

static void stops_at_damaged_pages(void **state)
{
    struct place *p = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/data.mdb", p->dir);
    write_now(p->store, count_one_more, NULL);
    store_close(p->store);
    p->store = NULL;
    FILE *file = fopen(path, "r+");
    fseek(file, 4096 + 16, SEEK_SET);
    fputc('x', file);
    fclose(file);
    struct answer answer = ask(p);
    assert_int_equal(answer.result, 1);
    assert_non_null(strstr(answer.text, "data.mdb is damaged at page 1 (meta page)"));
    assert_non_null(strstr(answer.text, "Records were not looked at"));
    assert_null(strstr(answer.text, "Job 7"));
    free(answer.text);
}

#define CHECK_TEST(function) cmocka_unit_test_setup_teardown(function, filled_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK_TEST(all_is_fine),
        CHECK_TEST(a_cancelled_job_is_fine_while_its_queue_is_emptied),
        CHECK_TEST(refuses_a_folder_in_use),
        CHECK_TEST(says_what_it_cannot_look_at),
        CHECK_TEST(records_that_cannot_be_read),
        CHECK_TEST(a_set_with_a_wrong_checksum),
        CHECK_TEST(a_name_that_leads_nowhere),
        CHECK_TEST(a_number_that_leads_elsewhere),
        CHECK_TEST(an_address_of_nobody),
        CHECK_TEST(an_address_twice),
        CHECK_TEST(a_contact_that_is_gone),
        CHECK_TEST(an_address_that_changed),
        CHECK_TEST(a_number_that_would_be_given_again),
        CHECK_TEST(a_message_that_is_gone),
        CHECK_TEST(a_record_of_a_job_that_is_gone),
        CHECK_TEST(recipients_forgotten),
        CHECK_TEST(a_delivered_copy_that_would_be_sent_again),
        CHECK_TEST(somebody_who_is_no_recipient),
        CHECK_TEST(a_recipient_queued_twice),
        CHECK_TEST(a_due_time_that_is_not_the_ledgers),
        CHECK_TEST(a_recipient_queued_before_fan_out),
        CHECK_TEST(numbers_that_the_ledger_does_not_have),
        CHECK_TEST(numbers_that_do_not_add_up),
        CHECK_TEST(a_set_with_one_more),
        CHECK_TEST(a_count_of_the_queue_that_is_wrong),
        CHECK_TEST(a_count_of_the_queue_that_is_missing),
        CHECK_TEST(a_count_of_what_is_not_queued),
        CHECK_TEST(says_how_many_more),
        CHECK_TEST(stops_at_damaged_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
