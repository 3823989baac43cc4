/* The file of rejected rows: made when needed, complete, and honest about a full disk. */
#include "unit/audience/help.h"

#include "audience/rejects.h"

static const struct str fields[] = {{"a,b", 3}, {"c", 1}};
static const struct csv_row row = {.fields = fields, .count = 2, .line = 12};

static void writes_rows_beside_their_reasons(void **state)
{
    const struct place *p = *state;
    char path[100], got[200] = "";
    struct rejects r;
    snprintf(path, sizeof(path), "%s/r.csv", p->dir);
    rejects_init(&r, path);
    rejects_header(&r, &row, ',', false);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rejects_add(&r, &row, STR("Because."), NULL), 0);
    assert_int_equal(rejects_finish(&r, NULL), 0);
    rejects_release(&r);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(got, 1, sizeof(got) - 1, file) > 0);
    fclose(file);
    assert_string_equal(got, "line,reason,\"a,b\",c\n12,Because.,\"a,b\",c\n");
}

static void needs_no_file_without_rows(void **state)
{
    const struct place *p = *state;
    char path[100];
    struct rejects r;
    snprintf(path, sizeof(path), "%s/none/r.csv", p->dir);
    rejects_init(&r, path);
    rejects_header(&r, &row, ';', true);
    assert_int_equal(rejects_finish(&r, NULL), 0);
    rejects_release(&r);
}

static void says_when_the_disk_is_full(void **state)
{
    (void)state;
    struct err err = {""};
    struct rejects r;
    rejects_init(&r, "/dev/full");
    rejects_header(&r, &row, ',', false);
    assert_int_equal(rejects_add(&r, &row, STR("Because."), &err), 0);
    assert_int_equal(rejects_finish(&r, &err), -1);
    assert_string_equal(err.text, "Cannot write /dev/full (No space left on device).");
    rejects_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(writes_rows_beside_their_reasons),
        STORE_TEST(needs_no_file_without_rows),
        STORE_TEST(says_when_the_disk_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
