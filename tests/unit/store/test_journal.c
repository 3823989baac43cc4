/* A journal while it is written: its laps, its bounds, and what the next process would find. */
#include "store/journal.h"

#include "base/buf.h"
#include "store/private.h"
#include "unit/store/help.h"

enum { SIZE = 64 * 1024 };

static struct store *store_of(void **state)
{
    return ((struct place *)*state)->store;
}

static struct journal *attach(void **state)
{
    struct err err;
    struct journal *j = journal_attach(store_of(state), 0, SIZE, &err);
    if (!j)
        fail_msg("%s", err.text);
    return j;
}

static void end(struct journal *j)
{
    journal_detach(j);
    journal_free(j);
}

static unsigned begin(struct journal *j, uint32_t contact)
{
    struct journal_began began = {.job = 1, .contact = contact, .source = STR("mx")};
    assert_true(journal_take(j));
    return journal_began(j, &began);
}

static void finish(struct journal *j, unsigned open, uint32_t contact)
{
    struct outcome o = {.job = 1, .contact = contact, .state = RECIPIENT_DELIVERED};
    outcome_set_text(&o, STR("2.0.0 Ok: queued as 4711"));
    journal_give_back(j);
    journal_ended(j, open, &o);
}

/* What stands in the file at this moment: contact -> the last thing that is said of it. */
struct found {
    enum journal_kind kinds[100001];
    unsigned records;
};

static void note(void *ctx, const struct journal_record *record)
{
    struct found *f = ctx;
    f->kinds[record->began.contact] = record->kind;
    f->records++;
}

static void look(void **state, struct found *found)
{
    struct buf file = BUF_INIT;
    struct err err;
    memset(found, 0, sizeof(*found));
    assert_int_equal(journal_load(store_of(state), 0, &file, &err), 0);
    if (journal_read(buf_str(&file), note, found, &err) != 0)
        fail_msg("%s", err.text);
    buf_release(&file);
}

static struct found found;

static void what_is_written_is_there_at_once(void **state)
{
    struct journal *j = attach(state);
    unsigned a = begin(j, 1), b = begin(j, 2);
    begin(j, 3);
    finish(j, a, 1);
    journal_returned(j, b);
    look(state, &found);
    assert_int_equal(found.kinds[1], JOURNAL_ENDED);
    assert_int_equal(found.kinds[2], JOURNAL_RETURNED);
    assert_int_equal(found.kinds[3], JOURNAL_BEGAN);
    end(j);
}

static void a_journal_is_begun_anew_when_it_is_attached(void **state)
{
    struct journal *j = attach(state);
    begin(j, 1);
    end(j);
    j = attach(state);
    look(state, &found);
    assert_int_equal(found.records, 0);
    end(j);
}

static void it_may_have_another_size_at_the_next_start(void **state)
{
    struct err err;
    for (size_t size = 64 * 1024; size <= 1024 * 1024; size += 100 * 1024) {
        struct journal *j = journal_attach(store_of(state), 0, size, &err);
        assert_non_null(j);
        look(state, &found);
        assert_int_equal(found.records, 0);
        begin(j, 1);
        assert_int_equal(journals_sync(store_of(state)), 0);
        look(state, &found);
        assert_int_equal(found.records, 1);
        end(j);
    }
    end(attach(state));
}

/* One transaction stays open while others go through many laps: it is never forgotten. */
static void what_is_open_is_carried_from_lap_to_lap(void **state)
{
    struct journal *j = attach(state);
    unsigned patient = begin(j, 100000);
    for (uint32_t i = 1; i < 20000; i++) {
        finish(j, begin(j, i), i);
        journal_durable(j, journal_mark(j));
        if (i % 997 == 0) {
            look(state, &found);
            assert_int_equal(found.kinds[100000], JOURNAL_BEGAN);
            assert_int_equal(found.kinds[i], JOURNAL_ENDED);
        }
    }
    finish(j, patient, 100000);
    look(state, &found);
    assert_int_equal(found.kinds[100000], JOURNAL_ENDED);
    end(j);
}

/* Nothing that ended is written over before the store has it. */
static void a_journal_that_is_full_waits_for_the_store(void **state)
{
    struct journal *j = attach(state);
    uint32_t n = 0;
    while (n < 99999 && journal_take(j)) {
        struct journal_began began = {.job = 1, .contact = ++n};
        finish(j, journal_began(j, &began), n);
    }
    assert_in_range(n, 100, 99998);
    look(state, &found);
    for (uint32_t i = 1; i <= n; i++)
        assert_int_equal(found.kinds[i], JOURNAL_ENDED);
    journal_durable(j, journal_mark(j) / 4);
    assert_false(journal_take(j));
    journal_durable(j, journal_mark(j));
    assert_true(journal_take(j));
    end(j);
}

/* However many are open, the answer of each has its place, the longest one too. */
static void there_is_room_for_the_answer_of_all_that_was_taken(void **state)
{
    struct journal *j = attach(state);
    unsigned open[1000], n = 0;
    char text[LEDGER_TEXT_MAX];
    memset(text, 'x', sizeof(text));
    while (n < 1000 && journal_take(j)) {
        struct journal_began began = {.job = 1, .contact = n + 1};
        open[n++] = journal_began(j, &began);
    }
    assert_in_range(n, 20, 999);
    for (unsigned i = 0; i < n; i++) {
        struct outcome o = {.job = 1, .contact = i + 1, .state = RECIPIENT_BOUNCED};
        outcome_set_text(&o, str_from(text, sizeof(text)));
        journal_give_back(j);
        journal_ended(j, open[i], &o);
    }
    look(state, &found);
    for (unsigned i = 1; i <= n; i++)
        assert_int_equal(found.kinds[i], JOURNAL_ENDED);
    end(j);
}

static void nothing_special(struct txn *txn, void *ctx)
{
    (void)ctx;
    meta_set_number(txn, STR("test"), 1);
}

struct syncing {
    struct store *store;
    atomic_bool over;
    pthread_t thread;
};

static void *sync_on_and_on(void *arg)
{
    struct syncing *s = arg;
    while (!atomic_load(&s->over))
        if (journals_sync(s->store) != 0)
            abort();
    return NULL;
}

/* The writer's thread notes how far it came, in laps that are turned meanwhile. */
static void it_is_synced_while_it_is_written(void **state)
{
    struct journal *j = attach(state);
    struct syncing s = {.store = store_of(state)};
    assert_int_equal(pthread_create(&s.thread, NULL, sync_on_and_on, &s), 0);
    for (uint32_t i = 1; i < 20000; i++) {
        finish(j, begin(j, i), i);
        journal_durable(j, journal_mark(j));
        if (i % 997 == 0)
            look(state, &found);
    }
    atomic_store(&s.over, true);
    pthread_join(s.thread, NULL);
    look(state, &found);
    assert_int_equal(found.kinds[19999], JOURNAL_ENDED);
    end(j);
}

/* A commit syncs the journal: from then on, a hole in it is damage and not a torn tail. */
static void what_was_synced_and_is_damaged_is_told(void **state)
{
    struct journal *j = attach(state);
    struct buf file = BUF_INIT;
    struct err err;
    begin(j, 1);
    write_now(store_of(state), nothing_special, NULL);
    assert_int_equal(journal_load(store_of(state), 0, &file, &err), 0);
    for (size_t lap = 0; lap < file.len; lap += file.len / JOURNAL_LAPS)
        file.at[lap + JOURNAL_HEADER + 5] ^= 1;
    assert_int_equal(journal_read(buf_str(&file), note, &found, &err), -1);
    buf_release(&file);
    end(j);
}

/* An answer may take ten minutes, and nothing else may happen. */
static void what_began_is_synced_in_quiet_times_too(void **state)
{
    struct journal *j = attach(state);
    struct buf file = BUF_INIT;
    struct err err;
    bool noted = false;
    begin(j, 1);
    for (int tries = 0; tries < 100 && !noted; tries++) {
        usleep(100 * 1000);
        assert_int_equal(journal_load(store_of(state), 0, &file, &err), 0);
        for (size_t lap = 0; lap < file.len; lap += file.len / JOURNAL_LAPS)
            file.at[lap + JOURNAL_HEADER + 5] ^= 1;
        noted = journal_read(buf_str(&file), note, &found, &err) != 0;
    }
    assert_true(noted);
    buf_release(&file);
    end(j);
}

static void a_journal_that_was_never_there_is_empty(void **state)
{
    struct buf file = BUF_INIT;
    struct err err;
    assert_int_equal(journal_load(store_of(state), 7, &file, &err), 0);
    assert_int_equal(file.len, 0);
    assert_int_equal(journal_remove(store_of(state), 7, &err), 0);
    buf_release(&file);
}

static void one_that_is_gone_is_gone(void **state)
{
    struct buf file = BUF_INIT;
    struct err err;
    end(attach(state));
    assert_int_equal(journal_remove(store_of(state), 0, &err), 0);
    assert_int_equal(journal_load(store_of(state), 0, &file, &err), 0);
    assert_int_equal(file.len, 0);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_there_at_once, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_journal_is_begun_anew_when_it_is_attached, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(it_may_have_another_size_at_the_next_start, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(what_is_open_is_carried_from_lap_to_lap, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_journal_that_is_full_waits_for_the_store, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(there_is_room_for_the_answer_of_all_that_was_taken,
                                        place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(it_is_synced_while_it_is_written, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(what_was_synced_and_is_damaged_is_told, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(what_began_is_synced_in_quiet_times_too, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_journal_that_was_never_there_is_empty, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(one_that_is_gone_is_gone, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
