/* Rows wait in a file and come back the same, in bounded batches. */
#include "unit/audience/help.h"

#include <dirent.h>

#include "audience/stage.h"

static void add_hashed(struct stage *s, const char *key, const char *address, size_t domain,
                       const char *value, uint64_t hash)
{
    struct contact_attribute attribute = {7, str_of(value)};
    struct contact_row row = {.key = str_of(key),
                              .address = str_of(address),
                              .domain = str_skip(str_of(address), strlen(address) - domain),
                              .attributes = &attribute,
                              .attribute_count = value ? 1 : 0};
    assert_int_equal(stage_add(s, &row, hash, NULL), 0);
}

static void add(struct stage *s, const char *key, const char *address, size_t domain,
                const char *value)
{
    add_hashed(s, key, address, domain, value, 0x0123456789abcdef);
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
    uint64_t hashes[STAGE_ROWS];
    assert_int_equal(stage_hashes(buf_str(&batch), hashes), 2);
    assert_true(hashes[0] == 0x0123456789abcdef && hashes[1] == hashes[0]);
    struct str rest = buf_str(&batch);
    assert_true(stage_next(&rest, attributes, &row));
    assert_str(row.key, STR("a@x.example"));
    assert_str(row.address, STR("A@x.example"));
    assert_str(row.domain, STR("x.example"));
    assert_int_equal(row.attribute_count, 1);
    assert_int_equal(row.attributes[0].id, 7);
    assert_str(row.attributes[0].value, STR("v"));
    assert_true(stage_next(&rest, attributes, &row));
    assert_str(row.key, STR("b@y.example"));
    assert_int_equal(row.attribute_count, 0);
    assert_false(stage_next(&rest, attributes, &row));
    buf_release(&batch);
    stage_free(s);
}

/* A batch, as the hashes and first values of its rows. */
struct seen {
    size_t bytes, rows;
    uint64_t hashes[STAGE_ROWS];
    unsigned values[STAGE_ROWS];
};

static struct seen *batch_see(const struct stage *s, size_t i)
{
    static struct seen seen;
    struct buf batch = BUF_INIT;
    struct contact_attribute attributes[CONTACT_MAX_ATTRIBUTES];
    struct contact_row row;
    assert_int_equal(stage_read(s, i, &batch, NULL), 0);
    seen = (struct seen){.bytes = batch.len};
    size_t count = stage_hashes(buf_str(&batch), seen.hashes);
    for (struct str rest = buf_str(&batch); stage_next(&rest, attributes, &row); seen.rows++) {
        uint64_t value = 0;
        assert_true(seen.rows < STAGE_ROWS);
        str_to_u64(row.attributes[0].value, &value);
        seen.values[seen.rows] = (unsigned)value;
    }
    assert_int_equal(seen.rows, count);
    buf_release(&batch);
    return &seen;
}

static struct stage *stage_numbers(const struct place *p, unsigned count)
{
    struct stage *s = stage_new(p->dir, NULL);
    for (unsigned i = 0; i < count; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%u", i);
        /* Each hash five times, the hashes spread evenly. */
        add_hashed(s, "a@x.example", "a@x.example", 9, number,
                   (uint64_t)(i / 5) * 0x9E3779B97F4A7C15);
    }
    assert_int_equal(stage_finish(s, NULL), 0);
    return s;
}

static void rows_of_one_batch_keep_their_order(void **state)
{
    struct stage *s = stage_numbers(*state, STAGE_ROWS);
    assert_int_equal(stage_batch_count(s), 1);
    const struct seen *seen = batch_see(s, 0);
    assert_int_equal(seen->rows, STAGE_ROWS);
    for (unsigned i = 0; i < STAGE_ROWS; i++)
        assert_int_equal(seen->values[i], i);
    stage_free(s);
}

/* Hashes of a later batch come after those of an earlier one, but for the part that both share. */
static void more_rows_are_dealt_by_hash(void **state)
{
    enum { ROWS = 5 * STAGE_ROWS };
    struct stage *s = stage_numbers(*state, ROWS);
    size_t total = 0;
    uint64_t reached = 0;
    static uint8_t met[ROWS];
    assert_true(stage_batch_count(s) < 10);
    for (size_t b = 0; b < stage_batch_count(s); b++) {
        const struct seen *seen = batch_see(s, b);
        uint64_t least = UINT64_MAX, most = 0;
        for (size_t i = 0; i < seen->rows; i++) {
            unsigned n = seen->values[i];
            assert_true(seen->hashes[i] == (uint64_t)(n / 5) * 0x9E3779B97F4A7C15);
            assert_true(n % 5 == 0 || met[n - 1]); /* the same hash: in their order */
            assert_int_equal(met[n]++, 0);
            least = seen->hashes[i] < least ? seen->hashes[i] : least;
            most = seen->hashes[i] > most ? seen->hashes[i] : most;
        }
        assert_true(least >> 57 >= reached >> 57);
        reached = most;
        total += seen->rows;
    }
    assert_int_equal(total, ROWS);
    stage_free(s);
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
    size_t rows = 0;
    for (size_t i = 0; i < stage_batch_count(s); i++) {
        const struct seen *seen = batch_see(s, i); /* not more rows than a batch may have */
        assert_in_range(seen->bytes, 1, STAGE_BYTES + (1 << 20) + (1 << 16));
        rows += seen->rows;
    }
    assert_int_equal(rows, STAGE_ROWS + 7);
    assert_in_range(stage_batch_count(s), 3, 4);
    free(large);
    stage_free(s);
}

static void few_large_rows_are_several_batches(void **state)
{
    const struct place *p = *state;
    struct stage *s = stage_new(p->dir, NULL);
    char *large = calloc(1, 1 << 20);
    memset(large, 'x', (1 << 20) - 1);
    for (uint64_t i = 0; i < 12; i++)
        add_hashed(s, "a@x.example", "a@x.example", 9, large, i << 60);
    assert_int_equal(stage_finish(s, NULL), 0);
    assert_int_equal(stage_batch_count(s), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(batch_see(s, i)->rows, 4);
    free(large);
    stage_free(s);
}

static void no_rows_are_no_batch(void **state)
{
    struct stage *s = stage_numbers(*state, 0);
    assert_int_equal(stage_batch_count(s), 0);
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
        STORE_TEST(rows_of_one_batch_keep_their_order),
        STORE_TEST(more_rows_are_dealt_by_hash),
        STORE_TEST(batches_are_bounded),
        STORE_TEST(few_large_rows_are_several_batches),
        STORE_TEST(no_rows_are_no_batch),
        STORE_TEST(leaves_no_file_and_says_where_it_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
