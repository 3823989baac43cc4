#include "unit/store/help.h"

#include "store/jobs.h"

#define EXAMPLE                                                                  \
    "03 02 01 00 00000003 00000002 65000000 65000001 00000000 ffffffff 00000002" \
    "00000001 00000000 00000000 00000001 00000000 00000000 00000000 00000000"    \
    "65000001 00 00000000 0003"                                                  \
    "0003 4d6179 0006 6c6973743a61 0001 78 0004 6e657773"

static struct job_record example(void)
{
    return (struct job_record){.id = 12,
                               .state = JOB_SENDING,
                               .lane = LANE_BULK,
                               .guarantee = GUARANTEE_AT_LEAST_ONCE,
                               .message = {3, 2},
                               .created = 0x65000000,
                               .started = 0x65000001,
                               .opened = 0x65000001,
                               .fanned = UINT32_MAX,
                               .recipients = 2,
                               .counts = {[RECIPIENT_QUEUED] = 1, [RECIPIENT_DELIVERED] = 1},
                               .name = STR("May"),
                               .segment = STR("list:a"),
                               .weight = 3,
                               .identity = STR("x"),
                               .pool = STR("news")};
}

static void write_job(struct txn *txn, void *ctx)
{
    job_write(txn, ctx);
}

static void a_job_is_stored_as_documented(void **state)
{
    struct place *p = *state;
    struct job_record job = example();
    write_now(p->store, write_job, &job);
    assert_stored(p->store, TABLE_JOBS, hex("0000000c"), hex(EXAMPLE));
}

static void is_read_as_it_was_written(void **state)
{
    struct place *p = *state;
    struct job_record job = example(), got;
    struct txn txn;
    write_now(p->store, write_job, &job);
    txn_begin(p->store, &txn);
    assert_false(job_read(&txn, 11, &got));
    assert_true(job_read(&txn, 12, &got));
    assert_int_equal(got.state, JOB_SENDING);
    assert_int_equal(got.lane, LANE_BULK);
    assert_int_equal(got.message.id, 3);
    assert_int_equal(got.message.version, 2);
    assert_int_equal(got.fanned, UINT32_MAX);
    assert_memory_equal(got.counts, job.counts, sizeof(job.counts));
    assert_str(got.name, STR("May"));
    assert_str(got.segment, STR("list:a"));
    assert_str(got.identity, STR("x"));
    assert_str(got.pool, STR("news"));
    assert_int_equal(got.weight, 3);
    read_end(&txn);
}

static void a_job_of_version_1_is_read(void **state)
{
    struct place *p = *state;
    struct job_record got;
    struct txn txn;
    write_raw(p->store, TABLE_JOBS, hex("0000000c"),
              hex("01 02 01 00 00000003 00000002 65000000 65000001 00000000 ffffffff 00000002"
                  "00000001 00000000 00000000 00000001 00000000 00000000 00000000 00000000"
                  "0003 4d6179 0006 6c6973743a61 0001 78"));
    txn_begin(p->store, &txn);
    assert_true(job_read(&txn, 12, &got));
    assert_int_equal(got.opened, 0x65000001);
    assert_int_equal(got.retry_states, 0);
    assert_int_equal(got.weight, 1);
    assert_str(got.name, STR("May"));
    assert_str(got.pool, STR(""));
    read_end(&txn);
}

static void a_job_of_version_2_is_read(void **state)
{
    struct place *p = *state;
    struct job_record got;
    struct txn txn;
    write_raw(p->store, TABLE_JOBS, hex("0000000c"),
              hex("02 02 01 00 00000003 00000002 65000000 65000001 00000000 ffffffff 00000002"
                  "00000001 00000000 00000000 00000001 00000000 00000000 00000000 00000000"
                  "65000002 10 00000007 0003 4d6179 0006 6c6973743a61 0001 78"));
    txn_begin(p->store, &txn);
    assert_true(job_read(&txn, 12, &got));
    assert_int_equal(got.opened, 0x65000002);
    assert_int_equal(got.retry_states, 0x10);
    assert_int_equal(got.retry_next, 7);
    assert_int_equal(got.weight, 1);
    assert_str(got.identity, STR("x"));
    assert_str(got.pool, STR(""));
    read_end(&txn);
}

static void no_weight_is_written_as_one(void **state)
{
    struct place *p = *state;
    struct job_record job = example(), got;
    struct txn txn;
    job.weight = 0;
    write_now(p->store, write_job, &job);
    txn_begin(p->store, &txn);
    assert_true(job_read(&txn, 12, &got));
    assert_int_equal(got.weight, 1);
    read_end(&txn);
}

static void kept_texts_outlive_the_transaction(void **state)
{
    struct place *p = *state;
    struct job_record job = example(), got;
    struct buf texts = BUF_INIT;
    struct txn txn;
    job.segment = STR("");
    write_now(p->store, write_job, &job);
    txn_begin(p->store, &txn);
    assert_true(job_read(&txn, 12, &got));
    job_keep(&got, &texts);
    read_end(&txn);
    job.name = STR("another");
    write_now(p->store, write_job, &job);
    assert_str(got.name, STR("May"));
    assert_str(got.segment, STR(""));
    assert_str(got.identity, STR("x"));
    assert_str(got.pool, STR("news"));
    buf_release(&texts);
}

static void ids_count_up(void **state)
{
    struct place *p = *state;
    struct job_record job = example();
    struct txn txn;
    txn_begin(p->store, &txn);
    assert_int_equal(job_next_id(&txn), 1);
    read_end(&txn);
    write_now(p->store, write_job, &job);
    txn_begin(p->store, &txn);
    assert_int_equal(job_next_id(&txn), 13);
    read_end(&txn);
}

static void lists_newest_first(void **state)
{
    struct place *p = *state;
    struct job_record job = example(), got;
    struct txn txn;
    uint32_t id = UINT32_MAX;
    for (job.id = 3; job.id <= 9; job.id += 3)
        write_now(p->store, write_job, &job);
    txn_begin(p->store, &txn);
    for (uint32_t want = 9; want; want -= 3, id--) {
        assert_true(job_seek_down(&txn, &id, &got));
        assert_int_equal(id, want);
        assert_int_equal(got.id, want);
    }
    assert_false(job_seek_down(&txn, &id, &got));
    read_end(&txn);
}

static void damaged(struct place *p, const char *value)
{
    struct job_record got;
    struct txn txn;
    uint32_t id = 20;
    write_raw(p->store, TABLE_JOBS, hex("0000000c"), hex(value));
    txn_begin(p->store, &txn);
    assert_false(job_seek_down(&txn, &id, &got));
    assert_damaged(&txn, "`jobs`", "0000000c");
    txn_end(&txn);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    char changed[] = EXAMPLE;
    damaged(p, "01 02 01 00");
    damaged(p, EXAMPLE "00");
    changed[1] = '4'; /* version */
    damaged(p, changed);
    changed[1] = '2'; /* … where there is more than it has */
    damaged(p, changed);
    changed[1] = '3';
    changed[4] = '6'; /* state */
    damaged(p, changed);
    changed[4] = '2';
    changed[7] = '2'; /* lane */
    damaged(p, changed);
    changed[7] = '1';
    char *weight = strstr(changed, " 0003");
    weight[4] = '0';
    damaged(p, changed);
    memcpy(weight, " 03e9", 5); /* 1001 */
    damaged(p, changed);
}

static void names_go_both_ways(void **state)
{
    (void)state;
    enum job_lane lane;
    enum recipient_state recipient;
    for (int i = 0; i < LANES; i++) {
        assert_true(job_lane_parse(str_of(job_lane_name((enum job_lane)i)), &lane));
        assert_int_equal(lane, i);
    }
    for (int i = 0; i < RECIPIENT_STATES; i++) {
        struct str name = str_of(recipient_state_name((enum recipient_state)i));
        assert_true(recipient_state_parse(name, &recipient));
        assert_int_equal(recipient, i);
    }
    assert_false(job_lane_parse(STR("fast"), &lane));
    assert_false(recipient_state_parse(STR(""), &recipient));
    assert_string_equal(job_state_name(JOB_FINISHED), "finished");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_job_is_stored_as_documented),
        STORE_TEST(is_read_as_it_was_written),
        STORE_TEST(a_job_of_version_1_is_read),
        STORE_TEST(a_job_of_version_2_is_read),
        STORE_TEST(no_weight_is_written_as_one),
        STORE_TEST(kept_texts_outlive_the_transaction),
        STORE_TEST(ids_count_up),
        STORE_TEST(lists_newest_first),
        STORE_TEST(damage_is_found),
        cmocka_unit_test(names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
