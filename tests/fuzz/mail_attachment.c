/*
 * Any name and any bytes as a part of a message: lines are short and ASCII, there are no fields but
 * those that are meant, the name is safe and can be read back (RFC 2231), and so can the bytes. The
 * name is what comes before the first LF; it may hold a NUL.
 */
#include <stdbool.h>
#include <stdint.h>

#include "../decode.h"
#include "mail/attachment.h"
#include "mail/filename.h"
#include "mail/param.h"
#include "mail/word.h"

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts the line at the front off, which must end with CRLF. */
static struct str take_line(struct str *rest)
{
    struct str line = str_cut(rest, '\n');
    CHECK(rest->at && str_ends(line, STR("\r")));
    line.len--;
    CHECK(!str_find(line, '\r') && !str_find(line, '\0') && str_is_ascii(line));
    return line;
}

static void decode_quoted_value(struct buf *out, struct str value)
{
    CHECK(value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"');
    for (size_t i = 1; i + 1 < value.len; i++) {
        if (value.at[i] == '\\')
            CHECK(++i + 1 < value.len);
        else
            CHECK(value.at[i] != '"');
        buf_add_byte(out, value.at[i]);
    }
}

static void decode_extended_value(struct buf *out, struct str value)
{
    size_t start = out->len;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == '%') {
            CHECK(i + 2 < value.len);
            c = (char)(decode_hex(value.at[i + 1]) * 16 + decode_hex(value.at[i + 2]));
            i += 2;
        } else {
            CHECK(c > ' ' && !strchr("()<>@,;:\\\"/[]?=*'", c));
        }
        buf_add_byte(out, c);
    }
    CHECK(str_is_utf8(str_skip(buf_str(out), start)));
}

/* ` name=…`, ` name*=…`, ` name*0=…` or ` name*0*=…`; `section` counts from 0. */
static void decode_line_of_param(struct buf *out, struct str line, size_t section)
{
    struct str value = line;
    struct str name = str_cut(&value, '=');
    bool extended = str_ends(name, STR("*"));
    CHECK(line.len <= 77 && line.at[0] == ' ');
    if (extended && section == 0) {
        CHECK(str_starts(value, STR("utf-8''")));
        value = str_skip(value, 7);
    }
    if (extended)
        decode_extended_value(out, value);
    else
        decode_quoted_value(out, value);
}

/* The parameter whose lines begin here; it ends with a line that has no semicolon. */
static void decode_param(struct buf *out, struct str *rest)
{
    bool more = true;
    for (size_t section = 0; more; section++) {
        struct str line = take_line(rest);
        more = str_ends(line, STR(";"));
        line.len -= more;
        decode_line_of_param(out, line, section);
    }
}

static void check_param(struct str value)
{
    struct buf out = BUF_INIT, scratch = BUF_INIT, back = BUF_INIT;
    param_add(&out, "filename", value);
    buf_add_text(&out, "\r\n");
    CHECK(str_starts(buf_str(&out), STR(";\r\n ")));
    struct str rest = str_skip(buf_str(&out), 3);
    decode_param(&back, &rest);
    CHECK(rest.len == 0);
    CHECK(str_eq(buf_str(&back), word_clean(value, &scratch)));
    buf_release(&out);
    buf_release(&scratch);
    buf_release(&back);
}

static void check_name(struct str name, size_t max)
{
    CHECK(name.len > 0 && name.len <= max && str_is_utf8(name));
    CHECK(name.at[0] != '.' && name.at[0] != ' ');
    CHECK(name.at[name.len - 1] != '.' && name.at[name.len - 1] != ' ');
    for (size_t i = 0; i < name.len; i++)
        CHECK((unsigned char)name.at[i] >= ' ' && !strchr("/\\\":<>|?*\x7F", name.at[i]));
    CHECK(!memmem(name.at, name.len, "\xE2\x80\xAE", 3));
}

static void check_names(struct str given)
{
    struct buf clean = BUF_INIT, again = BUF_INIT, ascii = BUF_INIT;
    filename_clean(&clean, given);
    check_name(buf_str(&clean), FILENAME_OCTETS_MAX);
    filename_clean(&again, buf_str(&clean));
    CHECK(str_eq(buf_str(&again), buf_str(&clean)));
    filename_ascii(&ascii, buf_str(&clean));
    check_name(buf_str(&ascii), FILENAME_ASCII_MAX);
    CHECK(str_is_ascii(buf_str(&ascii)));
    buf_release(&clean);
    buf_release(&again);
    buf_release(&ascii);
}

/* The fields in their order, and the name that Content-Disposition has. */
static void check_part(const struct attachment *a, struct str bytes)
{
    struct buf name = BUF_INIT, back = BUF_INIT;
    struct str rest = a->part;
    struct str line = take_line(&rest);
    CHECK(str_starts(line, STR("Content-Type: ")) && str_ends(line, STR(";")));
    for (line = take_line(&rest); line.at[0] == ' '; line = take_line(&rest))
        CHECK(str_starts(line, STR(" name=\"")) || str_starts(line, STR(" method=\"")));
    CHECK(str_eq(line, STR("Content-Transfer-Encoding: base64")));
    line = take_line(&rest);
    CHECK(str_eq(line, a->id.len ? STR("Content-Disposition: inline;")
                                 : STR("Content-Disposition: attachment;")));
    decode_param(&name, &rest);
    CHECK(str_eq(buf_str(&name), a->name));
    if (a->id.len)
        CHECK(str_starts(take_line(&rest), STR("Content-ID: <")));
    CHECK(take_line(&rest).len == 0);
    CHECK(!decode_base64_fault(rest) && decode_base64(&back, rest));
    CHECK(str_eq(buf_str(&back), bytes));
    buf_release(&name);
    buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena memory = ARENA_INIT;
    struct buf id = BUF_INIT;
    struct str bytes = str_from(data, size);
    struct str name = str_cut(&bytes, '\n');
    struct attachment a;
    check_param(name);
    check_names(name);
    attachment_prepare(&a, name, STR(""), bytes, &memory);
    check_part(&a, bytes);
    attachment_id(&id, bytes, STR("example.org"));
    attachment_prepare(&a, name, buf_str(&id), bytes, &memory);
    check_part(&a, bytes);
    CHECK(!attachment_id_valid(name) || str_is_ascii(name));
    buf_release(&id);
    arena_release(&memory);
    return 0;
}
