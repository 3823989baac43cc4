/* Rows wait in a file and come back the same, in bounded batches. */
#include "unit/audience/help.h"

#include <dirent.h>

#include "audience/stage.h"

static void add(struct stage *s, const char *key, const char *address, size_t domain,
                const char *value)
{
    struct contact_attribute attribute = {7, str_of(value)};
    struct contact_row row = {.key = str_of(key),
                              .address = str_of(address),
                              .domain = str_skip(str_of(address), strlen(address) - domain),
                              .attributes = &attribute,
                              .attribute_count = value ? 1 : 0};
    assert_int_equal(stage_add(s, &row, hash, NULL), 0);
}

static void rows_come_back(void **state)
{
    const struct place *p = *state;
    struct err err = {""};
    struct buf batch = BUF_INIT;
    struct contact_attribute attributes[CONTACT_MAX_ATTRIBUTES];
    struct contact_row row;
    struct stage *s = stage_new(p->dir, &err);
    add(s, "a@x.example", "A@x.example", 9, "v");
    add(s, "b@y.example", "b@y.example", 9, NULL);
    assert_int_equal(stage_finish(s, &err), 0);
    assert_int_equal(stage_batch_count(s), 1);
    assert_int_equal(stage_read(s, 0, &batch, &err), 0);
    struct str rest = buf_str(&batch);
    assert_true(stage_next(&rest, attributes, &row));
    assert_str(row.key, STR("a@x.example"));
    assert_str(row.address, STR("A@x.example"));
    assert_str(row.domain, STR("x.example"));
    assert_int_equal(row.attribute_count, 1);
    assert_int_equal(row.attributes[0].id, 7);
    assert_str(row.attributes[0].value, STR("v"));
    assert_true(stage_next(&rest, attributes, &row));
    assert_int_equal(row.attribute_count, 0);
    assert_false(stage_next(&rest, attributes, &row));
    buf_release(&batch);
    stage_free(s);
}

static unsigned batch_rows(const struct stage *s, size_t i)
{
    struct buf batch = BUF_INIT;
    struct contact_attribute attributes[CONTACT_MAX_ATTRIBUTES];
    struct contact_row row;
    unsigned rows = 0;
    assert_int_equal(stage_read(s, i, &batch, NULL), 0);
    for (struct str rest = buf_str(&batch); stage_next(&rest, attributes, &row);)
        rows++;
    buf_release(&batch);
    return rows;
}

static void batches_are_bounded(void **state)
{
    const struct place *p = *state;
    struct stage *s = stage_new(p->dir, NULL);
    for (int i = 0; i <= STAGE_ROWS; i++)
        add(s, "a@x.example", "a@x.example", 9, "v");
    char *large = calloc(1, 1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    for (int i = 0; i < 6; i++)
        add(s, "a@x.example", "a@x.example", 9, large);
    assert_int_equal(stage_finish(s, NULL), 0);
    assert_int_equal(stage_batch_count(s), 3);
    assert_int_equal(batch_rows(s, 0), STAGE_ROWS);
    assert_int_equal(batch_rows(s, 1), 5); /* one small, four large ones */
    assert_int_equal(batch_rows(s, 2), 2);
    free(large);
    stage_free(s);
}

static void leaves_no_file_and_says_where_it_cannot(void **state)
{
    const struct place *p = *state;
    struct err err = {""};
    struct stage *s = stage_new(p->dir, &err);
    DIR *dir = opendir(p->dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        assert_false(str_starts(str_of(entry->d_name), STR("stage")));
    closedir(dir);
    stage_free(s);
    assert_null(stage_new("/proc/nowhere", &err));
    assert_non_null(strstr(err.text, "/proc/nowhere"));
    stage_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(rows_come_back),
        STORE_TEST(batches_are_bounded),
        STORE_TEST(leaves_no_file_and_says_where_it_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
