/*
 * Whole messages, most of them of hostile values by a fixed chance: lines are bounded, only the
 * delimiters that were meant are there, and each header field is one field.
 *
 * With TOCSIN_SAMPLES=FOLDER in the environment, each is written there as NUMBER.eml, with what it
 * means beside it in NUMBER.meant, a `key hex` a line: tests/system/test_mime_parse.py gives them
 * to other people's parsers.
 */
#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/header.h"
#include "mail/quoted.h"
#include "mail/verbatim.h"
#include "mail/word.h"

enum { SAMPLES = 300, LEVELS = 3, IMAGES_MAX = 2, FILES_MAX = 3 };

#define UNIQUE "nbswy3dpo5xxe3denbswy3dpo5"
#define PNG "\x89PNG\r\n\x1A\n"

/* What values are made of: all that has a meaning to somebody on the way. */
static const struct str units[] = {
    STR("word "),
    STR("x"),
    STR("\n"),
    STR("\r\n"),
    STR("\n.\n"),
    STR("\nFrom here\n"),
    STR(" "),
    STR("\t"),
    STR("="),
    STR("=3D"),
    STR("=?utf-8?q?x?="),
    STR("\n--=_a" UNIQUE "\n"),
    STR("\n--=_m" UNIQUE "--\n"),
    STR("\r\n\r\n<b>"),
    STR("Bcc: x@example.org\r\n"),
    STR("\xC3\xA9"),
    STR("\xE6\xBC\xA2\xE5\xAD\x97"),
    STR("\xF0\x9F\x93\xA3"),
    STR("\xD0\x9F\xD0\xB0\xD0\xB2\xD0\xB5\xD0\xBB "),
    STR("\""),
    STR("\\"),
    STR("/"),
    STR(";"),
    STR("%41"),
    STR("'"),
    STR("(c)"),
    STR("<a@b.example>"),
    STR("\xE2\x80\xAE"),
    STR("\x1B"),
    STR(".pdf"),
    STR("a-rather-long-word-without-any-blanks-in-it-which-nobody-can-fold-before-its-end-is-near"),
    /* From here on not in texts, which are valid and hold no NUL. */
    STR("\xFF"),
    STR("\0"),
    STR("\r"),
};
enum { UNITS = sizeof(units) / sizeof(units[0]), TEXT_UNITS = UNITS - 3 };

static uint64_t chance_state;

/* Knuth's generator: the same samples each time. */
static size_t chance(size_t below)
{
    chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(chance_state >> 33) % below;
}

/* One message, and what it means. */
struct sample {
    struct mime mime;
    struct attachment images[IMAGES_MAX], files[FILES_MAX];
    bool eight_bit, smtputf8;
    struct buf headers, body, meant;
    struct arena memory;
};

static void mean(struct sample *s, const char *key, struct str value)
{
    buf_addf(&s->meant, "%s ", key);
    for (size_t i = 0; i < value.len; i++)
        buf_addf(&s->meant, "%02x", (unsigned char)value.at[i]);
    buf_add_byte(&s->meant, '\n');
}

static struct str random_value(struct sample *s, size_t max, size_t unit_count)
{
    struct buf value = BUF_INIT;
    for (size_t n = chance(max + 1); n > 0; n--)
        buf_add_str(&value, units[chance(chance(2) ? 2 : unit_count)]);
    struct str kept = arena_str(&s->memory, buf_str(&value));
    buf_release(&value);
    return kept;
}

static void add_quoted(struct sample *s, struct str text)
{
    struct quoted q;
    quoted_begin(&q, &s->body);
    quoted_add(&q, text);
}

static void add_verbatim(struct sample *s, struct str text)
{
    struct verbatim v;
    verbatim_begin(&v, &s->body);
    verbatim_add(&v, text);
}

static void add_text(struct sample *s, size_t i, const char *key)
{
    struct str text = random_value(s, 60, TEXT_UNITS);
    enum mail_encoding encoding = encode_choose_for(text, s->eight_bit);
    s->mime.texts[i].encoding = encoding;
    mime_text(&s->mime, i, &s->body);
    if (encoding == ENCODING_QUOTED)
        add_quoted(s, text);
    else if (encoding == ENCODING_BASE64)
        encode_base64_text(&s->body, text);
    else
        add_verbatim(s, text);
    mean(s, key, text);
}

static void add_headers(struct sample *s)
{
    static const char *const addresses[] = {"a@example.org", "\"a b\"@xn--bcher-kva.example",
                                            "ren\xC3\xA9@\xC3\xA9t\xC3\xA9.example"};
    struct buf scratch = BUF_INIT;
    struct mailbox from = {.name = random_value(s, 12, UNITS)};
    struct str subject = random_value(s, 20, UNITS);
    assert_int_equal(address_parse(str_of(addresses[chance(3)]), &from.address, NULL), 0);
    s->smtputf8 = header_add_mailbox(&s->headers, "From", &from);
    mean(s, "name", str_trim(word_clean(from.name, &scratch)));
    mean(s, "address", address_text(&from.address));
    header_add_text(&s->headers, "Subject", subject, &scratch);
    mean(s, "subject", str_trim(word_clean(subject, &scratch)));
    header_add_date(&s->headers, "Date", 1700000000);
    header_add_raw(&s->headers, "Message-ID", STR("<" UNIQUE "@example.org>"));
    header_add_raw(&s->headers, "MIME-Version", STR("1.0"));
    buf_release(&scratch);
}

static void add_file(struct sample *s, struct attachment *a, bool image)
{
    struct buf id = BUF_INIT, content = BUF_INIT;
    buf_add_str(&content, image ? STR(PNG) : STR(""));
    buf_add_str(&content, random_value(s, 200, UNITS));
    if (image)
        attachment_id(&id, buf_str(&content), STR("example.org"));
    attachment_prepare(a, random_value(s, 12, UNITS), buf_str(&id), buf_str(&content), &s->memory);
    mean(s, "file", a->name);
    mean(s, "type", a->type);
    mean(s, "id", a->id);
    mean(s, "content", buf_str(&content));
    buf_release(&id);
    buf_release(&content);
}

/* Each structure comes in its turn, in 8bit and without. */
static void sample_make(struct sample *s, size_t number)
{
    *s = (struct sample){.eight_bit = number & 1};
    chance_state = number;
    s->mime = (struct mime){.unique = STR(UNIQUE),
                            .texts = {{"text/plain", ENCODING_7BIT}, {"text/html", ENCODING_7BIT}},
                            .text_count = 1 + (number >> 1 & 1),
                            .eight_bit = s->eight_bit,
                            .images = s->images,
                            .image_count = number >> 2 & 1 ? 1 + chance(IMAGES_MAX) : 0,
                            .files = s->files,
                            .file_count = number >> 3 & 1 ? 1 + chance(FILES_MAX) : 0};
    add_headers(s);
    for (size_t i = 0; i < s->mime.image_count; i++)
        add_file(s, &s->images[i], true);
    for (size_t i = 0; i < s->mime.file_count; i++)
        add_file(s, &s->files[i], false);
    mime_begin(&s->mime, &s->body);
    add_text(s, 0, "text");
    if (s->mime.text_count > 1)
        add_text(s, 1, "html");
    mime_finish(&s->mime, &s->body);
    mime_fields(&s->mime, &s->headers);
    buf_add_text(&s->headers, "\r\n");
}

static void sample_release(struct sample *s)
{
    buf_release(&s->headers);
    buf_release(&s->body);
    buf_release(&s->meant);
    arena_release(&s->memory);
}

static void check_lines(struct str whole, bool ascii)
{
    while (whole.at && whole.len) {
        struct str line = str_cut(&whole, '\n');
        if (whole.at) {
            assert_true(str_ends(line, STR("\r")));
            line.len--;
        }
        assert_true(line.len <= 998);
        assert_false(str_find(line, '\r') || str_find(line, '\0'));
        assert_true(!ascii || str_is_ascii(line));
    }
}

static void check_delimiters(const struct sample *s)
{
    size_t expected = 0, found = 0;
    const size_t counts[LEVELS] = {s->mime.text_count > 1 ? s->mime.text_count : 0,
                                   s->mime.image_count, s->mime.file_count};
    for (size_t i = 0; i < LEVELS; i++)
        expected += counts[i] ? counts[i] + 1 + (i > 0) : 0;
    struct str rest = buf_str(&s->body);
    while (rest.at && rest.len)
        found += str_starts(str_cut(&rest, '\n'), STR("--=_"));
    assert_int_equal(found, expected);
}

/* Each line begins one of the fields that were meant, or continues it. */
static void check_fields(struct str headers)
{
    static const char *const names[] = {
        "From: ", "Subject: ", "Date: ", "Message-ID: ", "MIME-Version: ", "Content-Type: "};
    size_t field = 0;
    for (struct str line = str_cut(&headers, '\n'); line.len > 1; line = str_cut(&headers, '\n')) {
        if (line.at[0] == ' ' || str_starts(line, STR("Content-Transfer-Encoding: ")))
            continue;
        assert_true(field < sizeof(names) / sizeof(names[0]));
        assert_true(str_starts(line, str_of(names[field++])));
    }
    assert_int_equal(field, sizeof(names) / sizeof(names[0]));
    assert_int_equal(headers.len, 0);
}

static void write_file(const char *folder, size_t number, const char *ending, struct str one,
                       struct str other)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%zu.%s", folder, number, ending);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(one.at, 1, one.len, f), one.len);
    if (other.len)
        assert_int_equal(fwrite(other.at, 1, other.len, f), other.len);
    assert_int_equal(fclose(f), 0);
}

static void samples_are_safe(void **state)
{
    (void)state;
    const char *folder = getenv("TOCSIN_SAMPLES");
    for (size_t number = 0; number < SAMPLES; number++) {
        struct sample s;
        sample_make(&s, number);
        check_lines(buf_str(&s.headers), !s.smtputf8);
        check_lines(buf_str(&s.body), !s.eight_bit);
        check_fields(buf_str(&s.headers));
        check_delimiters(&s);
        if (folder) {
            write_file(folder, number, "eml", buf_str(&s.headers), buf_str(&s.body));
            write_file(folder, number, "meant", buf_str(&s.meant), STR(""));
        }
        sample_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_are_safe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
