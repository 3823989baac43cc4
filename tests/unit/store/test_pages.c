#include "unit/store/lmdb_files.h"

#include "store/pages.h"

static uint64_t findings_at(const struct file *f, enum pages_depth depth)
{
    struct findings findings = FINDINGS_FIRST;
    pages_check(f->path, depth, NULL, &findings);
    uint64_t count = findings.count;
    findings_release(&findings);
    return count;
}

/* Asserts a finding with these words. */
static void found(const struct file *f, const char *words)
{
    struct findings findings = FINDINGS_INIT;
    pages_check(f->path, PAGES_ALL, NULL, &findings);
    if (!findings.count || !strstr(findings.text.at, words) || !strstr(findings.text.at, f->path))
        fail_msg("%s\nis not in\n%s", words, findings.count ? findings.text.at : "(nothing)");
    findings_release(&findings);
}

static void whole(const struct file *f, enum pages_depth depth, struct pages_report *report)
{
    struct findings findings = FINDINGS_INIT;
    pages_check(f->path, depth, report, &findings);
    if (findings.count)
        fail_msg("%s", findings.text.at);
}

/* --- What LMDB wrote --- */

static void accepts_what_lmdb_writes(void **state)
{
    struct file *f = *state;
    struct pages_report report;
    whole(f, PAGES_ROUGH, NULL);
    whole(f, PAGES_BY_SIZE, NULL);
    whole(f, PAGES_ALL, &report);
    assert_true(report.all);
    assert_int_equal(report.tables, 5);
    assert_string_equal(report.table[0].name, "deep");
    assert_int_equal(report.table[0].records, 960);
    assert_string_equal(report.table[1].name, "empty");
    assert_int_equal(report.table[1].pages, 0);
    assert_string_equal(report.table[3].name, "large");
    assert_int_equal(report.table[3].pages, 1 + 4 * 3); /* a leaf, and 9,000 bytes four times */
    /* LMDB loses no page: each is a meta page, in use, or free. */
    assert_int_equal(2 + report.used + report.free, f->size / PAGE);
}

/* Each step leaves another form of tree, and of the list of free pages. */
static void accepts_every_state_between(void **state)
{
    struct file *f = *state;
    static const size_t sizes[] = {0, 30, 700, 3000, 20000};
    for (uint32_t i = 0; i < 60; i++) {
        MDB_env *env = env_at(f->path, 0);
        uint32_t count = 40 + i * 37 % 400;
        char table[] = {(char)('a' + i % 4), '\0'};
        fill(env, table, count, 1 + i % 3, 8 + 60 * (i % 4), sizes[i * 7 % 5], false);
        if (i % 3 == 2)
            fill(env, table, count, 1 + i % 3, 8 + 60 * (i % 4), 0, true);
        mdb_env_close(env);
        whole(f, PAGES_ALL, NULL);
        whole(f, PAGES_ROUGH, NULL);
    }
}

static void accepts_a_new_store_and_none(void **state)
{
    struct file *f = *state;
    struct pages_report report;
    whole(f, PAGES_ALL, &report); /* there is no file */
    assert_int_equal(report.used, 0);
    close(open(f->path, O_WRONLY | O_CREAT, 0600));
    whole(f, PAGES_ALL, &report); /* it is empty */
    mdb_env_close(env_at(f->path, 0));
    whole(f, PAGES_ALL, &report); /* LMDB has made it, and no transaction was in it */
    assert_int_equal(report.tables, 0);
}

static void refuses_what_is_no_store(void **state)
{
    struct file *f = *state;
    int fd = open(f->path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
    found(f, "page 0 (meta page): the file ends within it");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
    close(fd);
    found(f, "page 0 (meta page): it is no meta page of LMDB");
}

/* --- Damage --- */

static const uint8_t *newest_meta(const struct file *f)
{
    enum { TRANSACTION_AT = 16 + 128 };
    uint64_t even, odd;
    memcpy(&even, f->bytes + TRANSACTION_AT, 8);
    memcpy(&odd, f->bytes + PAGE + TRANSACTION_AT, 8);
    return f->bytes + (odd > even ? PAGE : 0);
}

/* Where a table's tree is recorded in the list of tables: behind the name. */
static size_t tree_of(const struct file *f, const char *table)
{
    uint64_t root;
    memcpy(&root, newest_meta(f) + 16 + 24 + 48 + 40, 8);
    const uint8_t *at = memmem(f->bytes + root * PAGE, PAGE, table, strlen(table));
    assert_non_null(at);
    return (size_t)(at - f->bytes) + strlen(table);
}

static uint64_t root_of(const struct file *f, const char *table)
{
    uint64_t root;
    memcpy(&root, f->bytes + tree_of(f, table) + 40, 8);
    return root;
}

static void names_table_page_and_fault(void **state)
{
    struct file *f = *state;
    char words[96];
    uint64_t root = root_of(f, "deep"), at = root * PAGE;
    uint8_t zeros[PAGE] = {0};
    snprintf(words, sizeof(words), "page %u (table `deep`): it says that it is page 0.",
             (unsigned)root);
    file_patch(f, at, zeros, PAGE);
    found(f, words);
    file_write(f, f->size);
    file_patch(f, at + 10, "\x04", 1);
    found(f, "its kind is 4, which is neither");
    file_write(f, f->size);
    file_patch(f, at + 12, "\xff\x0f", 2);
    found(f, "its free space from byte 4095");
    file_write(f, f->size);
    file_patch(f, at + 16, "\x02\x00", 2);
    found(f, "its entry 0 lies at byte 2, where none can be.");
    file_write(f, f->size);
    file_patch(f, at + 16, f->bytes + at + 18, 2);
    found(f, "two of its entries lie at byte");
}

static void names_what_is_wrong_with_a_node(void **state)
{
    struct file *f = *state;
    uint64_t at = root_of(f, "small") * PAGE; /* a leaf of three records */
    uint16_t node, other;
    memcpy(&node, f->bytes + at + 18, 2);
    memcpy(&other, f->bytes + at + 16, 2);
    file_patch(f, at + node + 6, "\xff\xff", 2);
    found(f, "its entry 1 reaches beyond the page.");
    file_write(f, f->size);
    file_patch(f, at + node, "\x20", 1);
    found(f, "(table `small`): its entries overlap, or leave a hole");
    file_write(f, f->size);
    file_patch(f, at + node + 8, "\xff", 1); /* its key */
    found(f, "its entry 2 is not after the one before it.");
    file_write(f, f->size);
    file_patch(f, at + node + 4, "\x04", 1); /* LMDB's duplicates */
    found(f, "it holds a record of a form that tocsind never writes.");
    file_write(f, f->size);
    file_patch(f, at + 16, &node, 2);
    file_patch(f, at + 18, &other, 2);
    found(f, "its entry 1 is not after the one before it.");
}

static void compares_what_the_tree_says_of_itself(void **state)
{
    struct file *f = *state;
    size_t tree = tree_of(f, "small");
    file_patch(f, tree + 32, "\x04", 1);
    found(f, "(table `small`): it should have 4 records, and has 3.");
    file_write(f, f->size);
    file_patch(f, tree + 16, "\x02", 1);
    found(f, "(table `small`): it should have 2 leaf pages, and has 1.");
    file_write(f, f->size);
    file_patch(f, tree + 6, "\x02", 1);
    found(f, "(table `small`): it is a leaf in the place of a branch.");
    file_write(f, f->size);
    file_patch(f, tree + 6, "\x21", 1);
    found(f, "(table `small`): its tree begins at page");
    file_write(f, f->size);
    file_patch(f, tree + 40 + 6, "\xff", 1);
    found(f, "(table `small`): something leads there, but pages go from 2 to");
}

static void the_last_page_must_be_in_the_file_or_free(void **state)
{
    struct file *f = *state;
    size_t at = (size_t)(newest_meta(f) - f->bytes) + 16 + 120;
    uint64_t last;
    memcpy(&last, f->bytes + at, 8);
    last++;
    file_patch(f, at, &last, 8);
    found(f, "It was cut off, or its meta page is wrong.");
}

static void finds_keys_outside_what_the_page_above_allows(void **state)
{
    struct file *f = *state;
    uint64_t at = root_of(f, "flat") * PAGE; /* a branch */
    uint16_t node;
    memcpy(&node, f->bytes + at + 18, 2);
    file_patch(f, at + node + 8 + 2, "\xff", 1); /* the lowest key of the second leaf, raised */
    found(f, "(table `flat`): its entry");
}

static void finds_a_page_that_is_used_twice(void **state)
{
    struct file *f = *state;
    uint64_t at = root_of(f, "flat") * PAGE;
    uint16_t first, last, lower;
    memcpy(&lower, f->bytes + at + 12, 2);
    memcpy(&first, f->bytes + at + 16, 2);
    memcpy(&last, f->bytes + at + lower - 2, 2);
    file_patch(f, at + last, f->bytes + at + first, 6); /* the child's number */
    found(f, "it is used twice");
    assert_int_equal(findings_at(f, PAGES_ROUGH), 1);
}

static void rough_leaves_the_leaves_alone(void **state)
{
    struct file *f = *state;
    uint64_t at = root_of(f, "flat") * PAGE, leaf = 0;
    uint16_t node;
    uint8_t zeros[PAGE] = {0};
    memcpy(&node, f->bytes + at + 16, 2);
    memcpy(&leaf, f->bytes + at + node, 6);
    file_patch(f, leaf * PAGE, zeros, PAGE);
    assert_int_equal(findings_at(f, PAGES_ROUGH), 0);
    assert_int_equal(findings_at(f, PAGES_BY_SIZE), 1);
}

/* Every length of the file: what is missing is found, or is free. */
static void a_file_cut_off_is_found_or_does_not_matter(void **state)
{
    struct file *f = *state;
    size_t taken = 0, pages = f->size / PAGE;
    for (size_t page = 1; page < pages; page++) {
        file_write(f, page * PAGE - page % 3 * 100);
        if (findings_at(f, PAGES_ALL))
            continue;
        taken++;
        file_walk(f->path);
    }
    assert_true(taken < pages / 2);
    file_write(f, pages / 2 * PAGE);
    found(f, "the file is cut off before it");
}

/* A damage at a time: it is found, or LMDB can read everything. The tests' own way of failing here
 * is to crash. */
static void damage(struct file *f, size_t at, const void *bytes, size_t len, size_t *missed)
{
    if (memcmp(f->bytes + at, bytes, len) == 0)
        return;
    file_patch(f, at, bytes, len);
    if (findings_at(f, PAGES_ALL) == 0) {
        ++*missed;
        file_walk(f->path);
    }
    file_patch(f, at, f->bytes + at, len);
}

static void each_page_zeroed_or_exchanged(void **state)
{
    struct file *f = *state;
    uint8_t zeros[PAGE] = {0}, ones[PAGE];
    struct pages_report report;
    size_t missed = 0, pages = f->size / PAGE;
    memset(ones, 0xff, sizeof(ones));
    whole(f, PAGES_ALL, &report);
    for (size_t page = 0; page < pages; page++) {
        damage(f, page * PAGE, zeros, PAGE, &missed);
        damage(f, page * PAGE, ones, PAGE, &missed);
        damage(f, page * PAGE, f->bytes + (page + 1) % pages * PAGE, PAGE, &missed);
    }
    /* Only free pages, and those of a large value after its first, say nothing about themselves. */
    assert_true(missed <= 3 * (report.free + 4 * 2));
}

static void each_byte_of_the_headers_changed(void **state)
{
    struct file *f = *state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    size_t missed = 0;
    for (size_t page = 0; page < f->size / PAGE; page++) {
        /* Of meta pages all, of others the header and the first places. */
        size_t until = page < 2 ? 152 : 28, step = page < 2 ? 1 : 1 + page % 3;
        for (size_t i = 0; i < until; i += step) {
            uint8_t byte = f->bytes[page * PAGE + i] ^ masks[(i + page) % sizeof(masks)];
            damage(f, page * PAGE + i, &byte, 1, &missed);
        }
    }
}

static uint32_t chance(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void words_changed_by_chance(void **state)
{
    struct file *f = *state;
    uint32_t seed = 4;
    size_t missed = 0;
    for (unsigned i = 0; i < 4000; i++) {
        uint32_t word = chance(&seed) % 3 ? chance(&seed) % 5000 : chance(&seed) << 8;
        size_t len = 1 + chance(&seed) % 4, at = chance(&seed) % (f->size - 4);
        damage(f, at, &word, len, &missed);
    }
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, file_setup, file_teardown)
#define MADE_TEST(function) \
    cmocka_unit_test_setup_teardown(function, file_made_setup, file_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MADE_TEST(accepts_what_lmdb_writes),
        FILE_TEST(accepts_every_state_between),
        FILE_TEST(accepts_a_new_store_and_none),
        FILE_TEST(refuses_what_is_no_store),
        MADE_TEST(names_table_page_and_fault),
        MADE_TEST(names_what_is_wrong_with_a_node),
        MADE_TEST(compares_what_the_tree_says_of_itself),
        MADE_TEST(the_last_page_must_be_in_the_file_or_free),
        MADE_TEST(finds_keys_outside_what_the_page_above_allows),
        MADE_TEST(finds_a_page_that_is_used_twice),
        MADE_TEST(rough_leaves_the_leaves_alone),
        MADE_TEST(a_file_cut_off_is_found_or_does_not_matter),
        MADE_TEST(each_page_zeroed_or_exchanged),
        MADE_TEST(each_byte_of_the_headers_changed),
        MADE_TEST(words_changed_by_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
