/*
 * Anything as CSV. However the bytes are cut into pieces, the rows are the same; a row without a
 * fault is valid UTF-8 without NUL; lines never go back; and what we write of a row reads back as
 * it.
 */
#include <assert.h>

#include "audience/csv.h"
#include "audience/csv_field.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct rows {
    struct buf text; /* the rows, written as CSV with a first line that fixes the separator */
    struct buf marks;
    uint64_t line;
    bool clean; /* no row has a fault */
};

static int sink(void *ctx, const struct csv_row *row, struct err *err)
{
    struct rows *rows = ctx;
    (void)err;
    assert(row->count > 0 && row->count <= CSV_MAX_FIELDS);
    assert(row->line > rows->line);
    rows->line = row->line;
    rows->clean = rows->clean && row->fault == CSV_FINE;
    for (size_t i = 0; i < row->count; i++) {
        assert(row->fault != CSV_FINE ||
               (str_is_utf8(row->fields[i]) && !str_find(row->fields[i], '\0')));
        if (i)
            buf_add_byte(&rows->text, ',');
        /* A row of one empty field would be an empty line. */
        if (row->count == 1 && row->fields[i].len == 0)
            buf_add_text(&rows->text, "\"\"");
        csv_field_add(&rows->text, row->fields[i], ',');
    }
    buf_add_byte(&rows->text, '\n');
    buf_addf(&rows->marks, "%llu/%zu/%d ", (unsigned long long)row->line, row->count,
             (int)row->fault);
    return 0;
}

static int read_pieces(struct str input, size_t piece, struct rows *rows)
{
    struct err err = {""};
    struct csv_reader *r = csv_reader_new(sink, rows);
    int rc = 0;
    for (size_t at = 0; at < input.len && rc == 0; at += piece) {
        struct str slice = str_skip(input, at);
        slice.len = slice.len < piece ? slice.len : piece;
        rc = csv_reader_feed(r, slice, &err);
    }
    if (rc == 0)
        rc = csv_reader_end(r, &err);
    assert(rc == 0 || err.text[0]);
    csv_reader_free(r);
    return rc;
}

static void rows_release(struct rows *rows)
{
    buf_release(&rows->text);
    buf_release(&rows->marks);
}

/* Reads what was written, behind a first line that says which separator it is. */
static void assert_reads_back(const struct rows *rows)
{
    struct rows again = {.clean = true};
    struct buf input = BUF_INIT;
    buf_add_text(&input, "a,b,c\n");
    buf_add_str(&input, buf_str(&rows->text));
    assert(read_pieces(buf_str(&input), input.len, &again) == 0);
    assert(str_eq(str_skip(buf_str(&again.text), 6), buf_str(&rows->text)));
    buf_release(&input);
    rows_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rows whole = {.clean = true}, bytes = {.clean = true};
    struct str input = {(const char *)data, size};
    int a = read_pieces(input, size + 1, &whole);
    int b = read_pieces(input, 1, &bytes);
    assert(a == b);
    assert(str_eq(buf_str(&whole.text), buf_str(&bytes.text)));
    assert(str_eq(buf_str(&whole.marks), buf_str(&bytes.marks)));
    if (a == 0 && whole.clean)
        assert_reads_back(&whole);
    rows_release(&whole);
    rows_release(&bytes);
    return 0;
}
