#include "audience/csv.h"

#include <csv.h>

#include "audience/charset.h"
#include "base/alloc.h"

/*
 * RFC 4180 §2, as libcsv reads it:
 *
 *     file    = [header CRLF] record *(CRLF record) [CRLF]
 *     record  = field *(COMMA field)
 *     field   = (escaped / non-escaped)
 *     escaped = DQUOTE *(TEXTDATA / COMMA / CR / LF / 2DQUOTE) DQUOTE
 *
 * with `;` and tab as separators too, any line end, bare quotes in non-escaped fields, and spaces
 * around fields.
 */

enum { PIECE = 32 * 1024, LIBCSV_BLOCK = 4096 };

/* How far the first line was looked at, to find the separator. */
struct csv_head {
    struct buf text;
    bool done;
    bool content;  /* something other than line ends and spaces was seen */
    bool quoted;   /* inside quotes */
    bool closed;   /* right after a closing quote, which a second one opens again */
    bool at_start; /* a quote here opens a quoted field */
    size_t commas, semicolons, tabs;
};

struct csv_reader {
    struct csv_parser parser;
    csv_sink *sink;
    void *ctx;
    struct csv_head head;
    bool had_bom, utf8_seen, converted;
    bool after_cr; /* an LF now belongs to the line end before */
    bool failed;
    struct err why;
    uint64_t line;   /* that the next row begins on */
    struct buf row;  /* the fields, with the separator between them */
    struct buf utf8; /* the fields converted, the same way */
    size_t count;
    bool too_many, too_long;
    uint32_t begin[CSV_MAX_FIELDS];
    struct str fields[CSV_MAX_FIELDS];
};

static void *memory_again(void *at, size_t size)
{
    return alloc_again(at, size);
}

struct csv_reader *csv_reader_new(csv_sink *sink, void *ctx)
{
    struct csv_reader *r = NEW(struct csv_reader);
    csv_init(&r->parser, CSV_REPALL_NL);
    csv_set_blk_size(&r->parser, LIBCSV_BLOCK);
    csv_set_realloc_func(&r->parser, memory_again);
    r->sink = sink;
    r->ctx = ctx;
    r->line = 1;
    r->head.at_start = true;
    return r;
}

void csv_reader_free(struct csv_reader *r)
{
    if (!r)
        return;
    csv_free(&r->parser);
    buf_release(&r->head.text);
    buf_release(&r->row);
    buf_release(&r->utf8);
    free(r);
}

char csv_reader_separator(const struct csv_reader *r)
{
    return (char)r->parser.delim_char;
}

bool csv_reader_had_bom(const struct csv_reader *r)
{
    return r->had_bom;
}

bool csv_reader_converted(const struct csv_reader *r)
{
    return r->converted;
}

const char *csv_fault_text(enum csv_fault fault)
{
    switch (fault) {
    case CSV_FINE:
        return "is fine";
    case CSV_NOT_UTF8:
        return "is not valid UTF-8, as the rest of the file is";
    case CSV_NOT_TEXT:
        return "is neither UTF-8 nor Windows-1252 text";
    case CSV_HAS_NUL:
        return "has a NUL byte";
    case CSV_LONG_FIELD:
        return "has a field of more than 64 KiB";
    case CSV_TOO_MANY_FIELDS:
        return "has more than 1,024 fields";
    }
    return "is damaged";
}

/* Line ends inside quoted fields; a CRLF is one. */
static uint64_t newlines_count(struct str text)
{
    uint64_t count = 0;
    if (!str_find(text, '\n') && !str_find(text, '\r'))
        return 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '\r' || (text.at[i] == '\n' && (i == 0 || text.at[i - 1] != '\r'));
    return count;
}

static struct str field_view(const struct csv_reader *r, const struct buf *from,
                             const uint32_t *begin, size_t i)
{
    size_t end = i + 1 < r->count ? begin[i + 1] - 1 : from->len;
    return (struct str){from->at ? from->at + begin[i] : "", end - begin[i]};
}

static void fields_view(struct csv_reader *r, const struct buf *from, const uint32_t *begin)
{
    for (size_t i = 0; i < r->count; i++)
        r->fields[i] = field_view(r, from, begin, i);
}

/* Converts the row from Windows-1252: -1 when it is not that either. */
static int row_convert(struct csv_reader *r)
{
    uint32_t begin[CSV_MAX_FIELDS];
    buf_reset(&r->utf8);
    for (size_t i = 0; i < r->count; i++) {
        if (i)
            buf_add_byte(&r->utf8, ',');
        begin[i] = (uint32_t)r->utf8.len;
        if (charset_add_cp1252(&r->utf8, r->fields[i]) < 0)
            return -1;
    }
    fields_view(r, &r->utf8, begin);
    r->converted = true;
    return 0;
}

static bool bytes_are_ascii(struct str s)
{
    uint64_t seen = 0, word;
    for (; s.len >= sizeof(word); s.at += sizeof(word), s.len -= sizeof(word)) {
        /* A view with a length has bytes. */
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        memcpy(&word, s.at, sizeof(word));
        seen |= word;
    }
    return (seen & 0x8080808080808080u) == 0 && str_is_ascii(s);
}

/* Makes the fields UTF-8, or says why they cannot be. */
static enum csv_fault row_decode(struct csv_reader *r)
{
    struct str whole = buf_str(&r->row);
    if (bytes_are_ascii(whole))
        return CSV_FINE;
    if (str_is_utf8(whole)) {
        r->utf8_seen = true;
        return CSV_FINE;
    }
    if (r->utf8_seen)
        return CSV_NOT_UTF8;
    return row_convert(r) < 0 ? CSV_NOT_TEXT : CSV_FINE;
}

static enum csv_fault row_check(struct csv_reader *r)
{
    enum csv_fault fault = row_decode(r);
    if (fault != CSV_FINE)
        return fault;
    if (str_find(buf_str(&r->row), '\0'))
        return CSV_HAS_NUL;
    if (r->too_long)
        return CSV_LONG_FIELD;
    return r->too_many ? CSV_TOO_MANY_FIELDS : CSV_FINE;
}

static void row_reset(struct csv_reader *r)
{
    buf_reset(&r->row);
    r->count = 0;
    r->too_many = r->too_long = false;
}

/* libcsv: one field is complete. */
static void on_field(void *at, size_t len, void *ctx)
{
    struct csv_reader *r = ctx;
    if (r->failed)
        return;
    if (r->row.len + len > CSV_MAX_ROW) {
        r->failed = true;
        err_set(&r->why,
                "Line %llu: the row is longer than 256 KiB: look for a quote that is not closed.",
                (unsigned long long)r->line);
        return;
    }
    if (r->count == CSV_MAX_FIELDS) {
        r->too_many = true;
        return;
    }
    if (r->count)
        buf_add_byte(&r->row, ',');
    r->begin[r->count++] = (uint32_t)r->row.len;
    buf_add(&r->row, at, len);
    r->too_long = r->too_long || len > CSV_MAX_FIELD;
}

static void row_give(struct csv_reader *r)
{
    fields_view(r, &r->row, r->begin);
    struct csv_row row = {.fields = r->fields, .count = r->count, .line = r->line};
    row.fault = row_check(r);
    if (r->sink(r->ctx, &row, &r->why) < 0)
        r->failed = true;
}

/* libcsv: a line ended with `end`, or the file (-1); an empty line comes here without fields. */
static void on_row(int end, void *ctx)
{
    struct csv_reader *r = ctx;
    if (r->failed)
        return;
    bool rest_of_crlf = r->count == 0 && end == '\n' && r->after_cr;
    if (r->count)
        row_give(r);
    r->line += newlines_count(buf_str(&r->row)) + !rest_of_crlf;
    r->after_cr = end == '\r';
    row_reset(r);
}

static int reader_result(struct csv_reader *r, struct err *err)
{
    if (r->failed && err)
        *err = r->why;
    return r->failed ? -1 : 0;
}

static int reader_fail(struct csv_reader *r, struct err *err, const char *sentence)
{
    r->failed = true;
    err_set(&r->why, "Line %llu: %s", (unsigned long long)r->line, sentence);
    return reader_result(r, err);
}

static int reader_parse(struct csv_reader *r, struct str bytes, struct err *err)
{
    while (bytes.len && !r->failed) {
        struct str piece = {bytes.at, bytes.len < PIECE ? bytes.len : PIECE};
        if (csv_parse(&r->parser, piece.at, piece.len, on_field, on_row, r) != piece.len)
            return reader_fail(r, err, csv_strerror(csv_error(&r->parser)));
        if (!r->failed && csv_get_buffer_size(&r->parser) > CSV_MAX_ROW + PIECE)
            return reader_fail(
                r, err, "the row is longer than 256 KiB: look for a quote that is not closed.");
        bytes = str_skip(bytes, piece.len);
    }
    return reader_result(r, err);
}

/* Looks at one byte of the first line; true when the line ends with it. */
static bool head_see(struct csv_head *h, char byte)
{
    bool opens = byte == '"' && (h->closed || h->at_start);
    h->closed = h->quoted && byte == '"';
    if (h->quoted || opens) {
        h->quoted = !h->closed;
        h->at_start = false;
        h->content = true;
        return false;
    }
    if (byte == '\n' || byte == '\r')
        return h->content;
    h->commas += byte == ',';
    h->semicolons += byte == ';';
    h->tabs += byte == '\t';
    h->at_start = byte == ',' || byte == ';' || byte == '\t' || (h->at_start && byte == ' ');
    h->content = h->content || byte != ' ';
    return false;
}

static char head_separator(const struct csv_head *h)
{
    if (h->commas >= h->semicolons && h->commas >= h->tabs)
        return ',';
    return h->semicolons >= h->tabs ? ';' : '\t';
}

/* The first line is complete: fixes what it tells, and reads it. */
static int head_finish(struct csv_reader *r, struct err *err)
{
    struct str text = buf_str(&r->head.text);
    r->head.done = true;
    if (str_starts(text, STR("\xFF\xFE")) || str_starts(text, STR("\xFE\xFF")))
        return reader_fail(r, err, "the file is UTF-16: save it as \"CSV UTF-8\".");
    if (str_starts(text, STR("\xEF\xBB\xBF"))) {
        r->had_bom = r->utf8_seen = true;
        text = str_skip(text, 3);
    }
    csv_set_delim(&r->parser, (unsigned char)head_separator(&r->head));
    int rc = reader_parse(r, text, err);
    buf_release(&r->head.text);
    return rc;
}

/* A byte order mark is no part of the first name: a quote after it still opens a field. */
static bool head_is_mark(size_t position, char byte)
{
    return position < 3 && byte == "\xEF\xBB\xBF"[position];
}

/* Takes bytes of the first line off *bytes. */
static int head_feed(struct csv_reader *r, struct str *bytes, struct err *err)
{
    struct csv_head *h = &r->head;
    for (size_t i = 0; i < bytes->len; i++) {
        if (head_is_mark(h->text.len + i, bytes->at[i]) || !head_see(h, bytes->at[i]))
            continue;
        buf_add(&h->text, bytes->at, i + 1);
        *bytes = str_skip(*bytes, i + 1);
        return head_finish(r, err);
    }
    buf_add_str(&h->text, *bytes);
    *bytes = (struct str){NULL, 0};
    if (h->text.len > CSV_MAX_ROW)
        return reader_fail(r, err, "the first line is longer than 256 KiB: this is not CSV.");
    return 0;
}

int csv_reader_feed(struct csv_reader *r, struct str bytes, struct err *err)
{
    if (r->failed)
        return reader_result(r, err);
    if (!r->head.done && head_feed(r, &bytes, err) < 0)
        return -1;
    return reader_parse(r, bytes, err);
}

int csv_reader_end(struct csv_reader *r, struct err *err)
{
    if (r->failed)
        return reader_result(r, err);
    if (!r->head.done && head_finish(r, err) < 0)
        return -1;
    /* Only now strict: a quote that is still open is an error, all else was fine before. */
    csv_set_opts(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(&r->parser, on_field, on_row, r) != 0)
        return reader_fail(r, err, "a quoted field is not closed before the file ends.");
    return reader_result(r, err);
}
