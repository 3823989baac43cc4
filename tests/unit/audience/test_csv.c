/* CSV as spreadsheets, databases and people write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>

#include "audience/csv.h"
#include "base/buf.h"

/* Rows come out as text: `LINE[!]:<field><field>` and a newline for each row. */
static int note_row(void *ctx, const struct csv_row *row, struct err *err)
{
    struct buf *out = ctx;
    (void)err;
    buf_addf(out, "%llu%s:", (unsigned long long)row->line, row->fault == CSV_FINE ? "" : "!");
    for (size_t i = 0; i < row->count; i++)
        buf_addf(out, "<%.*s>", STR_ARG(row->fields[i]));
    buf_add_byte(out, '\n');
    return 0;
}

/* Reads `input` in pieces of `piece` bytes; 0 or -1 as the reader said. */
static int read_pieces(struct str input, size_t piece, struct buf *out, struct err *err)
{
    struct csv_reader *r = csv_reader_new(note_row, out);
    int rc = 0;
    for (size_t at = 0; at < input.len && rc == 0; at += piece) {
        struct str slice = str_skip(input, at);
        slice.len = slice.len < piece ? slice.len : piece;
        rc = csv_reader_feed(r, slice, err);
    }
    if (rc == 0)
        rc = csv_reader_end(r, err);
    csv_reader_free(r);
    return rc;
}

static void assert_rows(struct str input, const char *expect)
{
    static const size_t pieces[] = {1, 2, 3, 7, 100000};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct buf out = BUF_INIT;
        struct err err = {""};
        assert_int_equal(read_pieces(input, pieces[i], &out, &err), 0);
        assert_string_equal(out.at ? out.at : "", expect);
        buf_release(&out);
    }
}

#define ASSERT_ROWS(input, expect) assert_rows(STR(input), expect)

static void assert_refused(struct str input, const char *sentence)
{
    struct buf out = BUF_INIT;
    struct err err = {""};
    assert_int_equal(read_pieces(input, 1000, &out, &err), -1);
    assert_string_equal(err.text, sentence);
    buf_release(&out);
}

static void splits_rows_and_fields(void **state)
{
    (void)state;
    ASSERT_ROWS("a,b\n1,2\n", "1:<a><b>\n2:<1><2>\n");
    ASSERT_ROWS("a,b\n1,2", "1:<a><b>\n2:<1><2>\n");
    ASSERT_ROWS("a,b\n,\n", "1:<a><b>\n2:<><>\n");
    ASSERT_ROWS("a\n", "1:<a>\n");
    ASSERT_ROWS("", "");
}

static void finds_the_separator(void **state)
{
    (void)state;
    ASSERT_ROWS("email;name\nx;y,z\n", "1:<email><name>\n2:<x><y,z>\n");
    ASSERT_ROWS("email\tname\nx\ty z\n", "1:<email><name>\n2:<x><y z>\n");
    ASSERT_ROWS("\"a,b,c,d\";e\n1;2\n", "1:<a,b,c,d><e>\n2:<1><2>\n");
    ASSERT_ROWS("\"a \"\",,\"\" b\";e\n1;2\n", "1:<a \",,\" b><e>\n2:<1><2>\n");
    ASSERT_ROWS("size 6\";e,mail;x\n1;2;3\n", "1:<size 6\"><e,mail><x>\n2:<1><2><3>\n");
    ASSERT_ROWS("\n\nemail;name\n", "3:<email><name>\n");
}

static void takes_any_line_end(void **state)
{
    (void)state;
    ASSERT_ROWS("a\r\nb\r\nc", "1:<a>\n2:<b>\n3:<c>\n");
    ASSERT_ROWS("a\rb\rc\r", "1:<a>\n2:<b>\n3:<c>\n");
    ASSERT_ROWS("a\n\n\r\n\r\nb\n", "1:<a>\n5:<b>\n");
    ASSERT_ROWS("a\r\rb\n", "1:<a>\n3:<b>\n");
}

static void unfolds_quotes(void **state)
{
    (void)state;
    ASSERT_ROWS("a,b\n\"x,\"\"y\"\"\",\"\"\n", "1:<a><b>\n2:<x,\"y\"><>\n");
    ASSERT_ROWS("a,b\n5'6\",\"o\"\n", "1:<a><b>\n2:<5'6\"><o>\n");
    ASSERT_ROWS("a,b\n \"x\" , \" y \" \n", "1:<a><b>\n2:<x>< y >\n");
}

static void counts_the_lines_inside_quotes(void **state)
{
    (void)state;
    ASSERT_ROWS("a,b\n\"x\r\ny\nz\rw\",2\nlast,3\n",
                "1:<a><b>\n2:<x\r\ny\nz\rw><2>\n6:<last><3>\n");
    ASSERT_ROWS("a,b\n\"x\r\",\"\ny\"\nlast,3\n", "1:<a><b>\n2:<x\r><\ny>\n5:<last><3>\n");
}

static void skips_the_byte_order_mark(void **state)
{
    (void)state;
    ASSERT_ROWS("\xEF\xBB\xBF"
                "email;pr\xC3\xA9nom\n",
                "1:<email><pr\xC3\xA9nom>\n");
    ASSERT_ROWS("\xEF\xBB\xBF\"a,b,c\";d\n", "1:<a,b,c><d>\n");
}

static void converts_windows_1252(void **state)
{
    (void)state;
    ASSERT_ROWS("email;pr\xE9nom\r\nx@y.be;Fran\xE7ois \x80\r\n",
                "1:<email><pr\xC3\xA9nom>\n2:<x@y.be><Fran\xC3\xA7ois \xE2\x82\xAC>\n");
}

static void does_not_guess_in_a_utf8_file(void **state)
{
    (void)state;
    /* After a row that was valid UTF-8, a broken one is damage and no other charset. */
    ASSERT_ROWS("a\nz\xC3\xA9\nz\xE9\nx\n", "1:<a>\n2:<z\xC3\xA9>\n3!:<z\xE9>\n4:<x>\n");
    ASSERT_ROWS("\xEF\xBB\xBF"
                "a\nz\xE9\n",
                "1:<a>\n2!:<z\xE9>\n");
    /* 81 means nothing in Windows-1252. */
    ASSERT_ROWS("a\nz\x81\n", "1:<a>\n2!:<z\x81>\n");
}

static void refuses_utf16(void **state)
{
    (void)state;
    assert_refused(STR("\xFF\xFE"
                       "a\0;\0b\0\n\0"),
                   "Line 1: the file is UTF-16: save it as \"CSV UTF-8\".");
}

static void marks_rows_with_a_nul(void **state)
{
    (void)state;
    ASSERT_ROWS("a,b\nx\0y,2\n", "1:<a><b>\n2!:<x><2>\n");
}

static void refuses_an_open_quote(void **state)
{
    (void)state;
    assert_refused(STR("a,b\n1,2\n\"x,3\n4,5\n"),
                   "Line 3: a quoted field is not closed before the file ends.");
}

static void bounds_a_row(void **state)
{
    (void)state;
    struct buf input = BUF_INIT;
    buf_add_text(&input, "a,b\n\"");
    for (size_t i = 0; i < CSV_MAX_ROW / 4 + 40000; i++)
        buf_add_text(&input, "xyz\n");
    assert_refused(buf_str(&input),
                   "Line 2: the row is longer than 256 KiB: look for a quote that is not closed.");
    buf_release(&input);
    for (size_t i = 0; i < 2 * CSV_MAX_ROW; i++)
        buf_add_byte(&input, 'x');
    assert_refused(buf_str(&input),
                   "Line 1: the first line is longer than 256 KiB: this is not CSV.");
    buf_release(&input);
}

static int note_faults(void *ctx, const struct csv_row *row, struct err *err)
{
    (void)err;
    buf_addf(ctx, "%llu %zu %d\n", (unsigned long long)row->line, row->count, (int)row->fault);
    return 0;
}

static void marks_long_fields_and_too_many(void **state)
{
    (void)state;
    struct buf input = BUF_INIT, out = BUF_INIT;
    struct err err;
    buf_add_text(&input, "a\n");
    for (size_t i = 0; i <= CSV_MAX_FIELD; i++)
        buf_add_byte(&input, 'x');
    buf_add_byte(&input, '\n');
    for (size_t i = 0; i < CSV_MAX_FIELDS; i++)
        buf_add_byte(&input, ',');
    buf_add_text(&input, "\nz\n");
    struct csv_reader *r = csv_reader_new(note_faults, &out);
    assert_int_equal(csv_reader_feed(r, buf_str(&input), &err), 0);
    assert_int_equal(csv_reader_end(r, &err), 0);
    csv_reader_free(r);
    assert_string_equal(out.at, "1 1 0\n2 1 4\n3 1024 5\n4 1 0\n");
    buf_release(&input);
    buf_release(&out);
}

static int stop_at_two(void *ctx, const struct csv_row *row, struct err *err)
{
    ++*(int *)ctx;
    return row->line == 2 ? err_set(err, "Enough.") : 0;
}

static void stops_when_the_sink_says_so(void **state)
{
    (void)state;
    int rows = 0;
    struct err err = {""};
    struct csv_reader *r = csv_reader_new(stop_at_two, &rows);
    assert_int_equal(csv_reader_feed(r, STR("a\nb\nc\nd\n"), &err), -1);
    assert_string_equal(err.text, "Enough.");
    assert_int_equal(csv_reader_feed(r, STR("e\n"), NULL), -1);
    assert_int_equal(csv_reader_end(r, &err), -1);
    assert_string_equal(err.text, "Enough.");
    assert_int_equal(rows, 2);
    csv_reader_free(r);
}

/* --- The public examples of csv-spectrum, where they are at hand --- */

static void json_string(struct buf *out, const char **at)
{
    for (++*at; **at && **at != '"'; ++*at) {
        if (**at == '\\') {
            ++*at;
            if (**at != 'r') /* copies of the collection lost the CRs of its CSV files */
                buf_add_byte(out, **at == 'n' ? '\n' : **at);
        } else {
            buf_add_byte(out, **at);
        }
    }
    ++*at;
}

/* The values of the objects, one object after the other: `<value><value>\n`. Keys are dropped. */
static void json_values(struct buf *out, const char *at)
{
    while (*at) {
        if (*at == '}')
            buf_add_byte(out, '\n');
        if (*at != '"') {
            at++;
            continue;
        }
        struct buf text = BUF_INIT;
        json_string(&text, &at);
        at += strspn(at, " ");
        if (*at != ':')
            buf_addf(out, "<%s>", text.at ? text.at : "");
        buf_release(&text);
    }
}

static int note_values(void *ctx, const struct csv_row *row, struct err *err)
{
    (void)err;
    if (row->line == 1)
        return 0;
    for (size_t i = 0; i < row->count; i++)
        buf_addf(ctx, "<%.*s>", STR_ARG(row->fields[i]));
    buf_add_byte(ctx, '\n');
    return 0;
}

static struct buf file_read(const char *folder, const char *part, const char *name,
                            const char *ending)
{
    char path[4096];
    struct buf text = BUF_INIT;
    snprintf(path, sizeof(path), "%s/%s/%.*s%s", folder, part, (int)(strlen(name) - 4), name,
             ending);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof(piece), file)) > 0;)
        buf_add(&text, piece, n);
    fclose(file);
    return text;
}

static char *remove_crs(char *from, const char *end)
{
    char *to = from;
    for (; from < end; from++)
        if (*from != '\r')
            *to++ = *from;
    return to;
}

static void example_check(const char *folder, const char *name)
{
    struct buf csv = file_read(folder, "csvs", name, ".csv");
    struct buf json = file_read(folder, "json", name, ".json");
    struct buf expect = BUF_INIT, got = BUF_INIT;
    struct err err = {""};
    csv.len = (size_t)(remove_crs(csv.at, csv.at + csv.len) - csv.at);
    json_values(&expect, json.at);
    struct csv_reader *r = csv_reader_new(note_values, &got);
    assert_int_equal(csv_reader_feed(r, buf_str(&csv), &err), 0);
    assert_int_equal(csv_reader_end(r, &err), 0);
    csv_reader_free(r);
    /* That one's JSON was never finished by its authors: reading it well is all we can ask. */
    if (strcmp(name, "location_coordinates.csv") != 0)
        assert_string_equal(got.at, expect.at);
    buf_release(&csv);
    buf_release(&json);
    buf_release(&expect);
    buf_release(&got);
}

static void reads_the_public_examples(void **state)
{
    (void)state;
    char path[4096];
    const char *corpora = getenv("TOCSIN_CORPORA");
    int count = 0;
    snprintf(path, sizeof(path), "%s/csv", corpora ? corpora : "../shared/corpora");
    char csvs[4200];
    snprintf(csvs, sizeof(csvs), "%s/csvs", path);
    DIR *folder = opendir(csvs);
    if (!folder) {
        print_message("SKIPPED: no CSV examples at %s; set TOCSIN_CORPORA\n", csvs);
        skip();
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!str_ends(str_of(entry->d_name), STR(".csv")))
            continue;
        example_check(path, entry->d_name);
        count++;
    }
    closedir(folder);
    assert_true(count >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_rows_and_fields),
        cmocka_unit_test(finds_the_separator),
        cmocka_unit_test(takes_any_line_end),
        cmocka_unit_test(unfolds_quotes),
        cmocka_unit_test(counts_the_lines_inside_quotes),
        cmocka_unit_test(skips_the_byte_order_mark),
        cmocka_unit_test(converts_windows_1252),
        cmocka_unit_test(does_not_guess_in_a_utf8_file),
        cmocka_unit_test(refuses_utf16),
        cmocka_unit_test(marks_rows_with_a_nul),
        cmocka_unit_test(refuses_an_open_quote),
        cmocka_unit_test(bounds_a_row),
        cmocka_unit_test(marks_long_fields_and_too_many),
        cmocka_unit_test(stops_when_the_sink_says_so),
        cmocka_unit_test(reads_the_public_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
