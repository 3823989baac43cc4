/* Submissions under a key that was used: when they are the same, and what is said when not. */
#include "unit/store/help.h"

#include "campaign/repeat.h"

static const struct submission may = {.source = STR("Subject: May\n\nHello"),
                                      .message_name = STR("may.md"),
                                      .name = STR("May"),
                                      .segment = STR("list:everyone"),
                                      .lane = LANE_BULK};

static void write_job(struct txn *txn, void *ctx)
{
    struct job_key key = {.job = 12, .made = 0x65000000};
    struct job_record job = {.id = 12, .state = JOB_FINISHED, .recipients = 195000};
    (void)ctx;
    job_write(txn, &job);
    repeat_describe(&may, &key);
    job_key_write(txn, STR("k"), &key);
}

static bool find(struct place *p, const char *key, const struct submission *what,
                 struct campaign_answer *answer)
{
    struct job_key description;
    struct txn txn;
    *answer = (struct campaign_answer){.result = CAMPAIGN_OK};
    repeat_describe(what, &description);
    txn_begin(p->store, &txn);
    bool found = repeat_find(&txn, str_of(key), &description, answer);
    read_end(&txn);
    return found;
}

static void the_same_again_is_the_job_that_was_made(void **state)
{
    struct place *p = *state;
    struct campaign_answer answer;
    write_now(p->store, write_job, NULL);
    assert_true(find(p, "k", &may, &answer));
    assert_int_equal(answer.result, CAMPAIGN_OK);
    assert_true(answer.repeated);
    assert_int_equal(answer.job, 12);
    assert_int_equal(answer.recipients, 195000);
    struct submission said = may;
    said.weight = 1; /* what it is unless it is said */
    assert_true(find(p, "k", &said, &answer));
    assert_int_equal(answer.result, CAMPAIGN_OK);
    assert_false(find(p, "other", &may, &answer));
    assert_false(find(p, "", &may, &answer));
    assert_false(answer.repeated);
}

static void what_is_another_submission_is_said(void **state)
{
    struct place *p = *state;
    struct submission others[] = {may, may, may, may, may, may, may, may, may};
    static const char *const differences[] = {"(other message)",
                                              "(other audience)",
                                              "(other job name)",
                                              "(other message name)",
                                              "(other identity)",
                                              "(other lane)",
                                              "(other message, guarantee)",
                                              "(other pool)",
                                              "(other weight)"};
    others[0].source = STR("Subject: May\n\nHello!");
    others[1].segment = STR("list:members");
    others[2].name = STR("June");
    others[3].message_name = STR("june.md");
    others[4].identity = STR("example");
    others[5].lane = LANE_TRANSACTIONAL;
    others[6].source = STR("");
    others[6].guarantee = GUARANTEE_AT_MOST_ONCE;
    others[7].pool = STR("news");
    others[8].weight = 2;
    write_now(p->store, write_job, NULL);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct campaign_answer answer;
        assert_true(find(p, "k", &others[i], &answer));
        assert_int_equal(answer.result, CAMPAIGN_CONFLICT);
        if (!strstr(answer.err.text, differences[i]) || !strstr(answer.err.text, "job 12"))
            fail_msg("%s: %s", differences[i], answer.err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_same_again_is_the_job_that_was_made),
        STORE_TEST(what_is_another_submission_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
