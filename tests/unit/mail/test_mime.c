#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct attachment image = {.part = {"Content-ID: <a@b>\r\n\r\nimage\r\n", 28}};
static const struct attachment file = {.part = {"Content-Type: c/d\r\n\r\nfile\r\n", 27}};

/* The structure with "text" and "HTML" as its texts, and the fields in front. */
static void assert_made(const struct mime *m, const char *expected)
{
    struct buf body = BUF_INIT, whole = BUF_INIT;
    mime_begin(m, &body);
    mime_text(m, 0, &body);
    buf_add_text(&body, "text\r\n");
    if (m->text_count == 2) {
        mime_text(m, 1, &body);
        buf_add_text(&body, "HTML\r\n");
    }
    mime_finish(m, &body);
    mime_fields(m, &whole);
    buf_add_text(&whole, "\r\n");
    buf_add_str(&whole, buf_str(&body));
    assert_string_equal(whole.at, expected);
    buf_release(&body);
    buf_release(&whole);
}

static struct mime mime_of(size_t texts, size_t images, size_t files)
{
    return (struct mime){.unique = STR("u1"),
                         .texts = {{"text/plain", ENCODING_7BIT}, {"text/html", ENCODING_QUOTED}},
                         .text_count = texts,
                         .images = &image,
                         .image_count = images,
                         .files = &file,
                         .file_count = files};
}

#define TEXT_FIELDS                               \
    "Content-Type: text/plain; charset=utf-8\r\n" \
    "Content-Transfer-Encoding: 7bit\r\n\r\n"     \
    "text\r\n"
#define HTML_FIELDS                                       \
    "Content-Type: text/html; charset=utf-8\r\n"          \
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" \
    "HTML\r\n"
#define TEXTS "--=_au1\r\n" TEXT_FIELDS "\r\n--=_au1\r\n" HTML_FIELDS "\r\n--=_au1--"

static void one_text_alone_has_no_parts(void **state)
{
    (void)state;
    struct mime m = mime_of(1, 0, 0);
    assert_made(&m, TEXT_FIELDS);
}

static void two_texts_are_alternatives(void **state)
{
    (void)state;
    struct mime m = mime_of(2, 0, 0);
    assert_made(&m,
                "Content-Type: multipart/alternative;\r\n boundary=\"=_au1\"\r\n\r\n" TEXTS "\r\n");
}

static void images_are_related_to_the_texts(void **state)
{
    (void)state;
    struct mime m = mime_of(2, 1, 0);
    assert_made(&m, "Content-Type: multipart/related;\r\n boundary=\"=_ru1\";\r\n"
                    " type=\"multipart/alternative\"\r\n\r\n"
                    "--=_ru1\r\n"
                    "Content-Type: multipart/alternative;\r\n boundary=\"=_au1\"\r\n\r\n" TEXTS
                    "\r\n--=_ru1\r\nContent-ID: <a@b>\r\n\r\nimage\r\n\r\n--=_ru1--\r\n");
    struct mime alone = mime_of(1, 1, 0);
    assert_made(&alone, "Content-Type: multipart/related;\r\n boundary=\"=_ru1\";\r\n"
                        " type=\"text/plain\"\r\n\r\n"
                        "--=_ru1\r\n" TEXT_FIELDS
                        "\r\n--=_ru1\r\nContent-ID: <a@b>\r\n\r\nimage\r\n\r\n--=_ru1--\r\n");
}

#define MIXED_FIELD "Content-Type: multipart/mixed;\r\n boundary=\"=_mu1\"\r\n\r\n"
#define MIXED_END "\r\n--=_mu1\r\nContent-Type: c/d\r\n\r\nfile\r\n\r\n--=_mu1--\r\n"

static void files_are_mixed_with_the_rest(void **state)
{
    (void)state;
    struct mime m = mime_of(2, 0, 1);
    assert_made(
        &m, MIXED_FIELD
        "--=_mu1\r\n"
        "Content-Type: multipart/alternative;\r\n boundary=\"=_au1\"\r\n\r\n" TEXTS MIXED_END);
    struct mime alone = mime_of(1, 0, 1);
    assert_made(&alone, MIXED_FIELD "--=_mu1\r\n" TEXT_FIELDS MIXED_END);
}

static void all_levels_are_nested(void **state)
{
    (void)state;
    struct mime m = mime_of(2, 1, 1);
    assert_made(&m, MIXED_FIELD
                "--=_mu1\r\n"
                "Content-Type: multipart/related;\r\n boundary=\"=_ru1\";\r\n"
                " type=\"multipart/alternative\"\r\n\r\n"
                "--=_ru1\r\n"
                "Content-Type: multipart/alternative;\r\n boundary=\"=_au1\"\r\n\r\n" TEXTS
                "\r\n--=_ru1\r\nContent-ID: <a@b>\r\n\r\nimage\r\n\r\n--=_ru1--" MIXED_END);
}

/* RFC 2045 §6.4: a multipart says so too. */
static void all_around_an_8bit_text_say_8bit(void **state)
{
    (void)state;
    struct mime m = mime_of(2, 1, 1);
    m.eight_bit = true;
    struct buf out = BUF_INIT;
    mime_fields(&m, &out);
    mime_begin(&m, &out);
    mime_text(&m, 0, &out);
    unsigned found = 0;
    for (const char *at = out.at; (at = strstr(at, ": 8bit\r\n")); at++)
        found++;
    assert_int_equal(found, 3);
    assert_non_null(strstr(out.at, ": 7bit\r\n"));
    buf_release(&out);
}

static void an_alternative_alone_says_what_its_texts_are(void **state)
{
    (void)state;
    struct mime m = mime_of(2, 0, 0);
    struct buf out = BUF_INIT;
    m.eight_bit = true;
    mime_fields(&m, &out);
    assert_null(strstr(out.at, "8bit"));
    m.texts[1].encoding = ENCODING_8BIT;
    mime_fields(&m, &out);
    assert_non_null(strstr(out.at, "Content-Transfer-Encoding: 8bit\r\n"));
    buf_release(&out);
}

static void boundaries_are_made_of_a_unique_text(void **state)
{
    (void)state;
    char longest[68];
    memset(longest, 'b', sizeof(longest));
    assert_true(mime_unique_valid(str_from(longest, MIME_UNIQUE_MAX)));
    assert_false(mime_unique_valid(str_from(longest, MIME_UNIQUE_MAX + 1)));
    assert_false(mime_unique_valid(STR("")));
    assert_false(mime_unique_valid(STR("a\"b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_alone_has_no_parts),
        cmocka_unit_test(two_texts_are_alternatives),
        cmocka_unit_test(images_are_related_to_the_texts),
        cmocka_unit_test(files_are_mixed_with_the_rest),
        cmocka_unit_test(all_levels_are_nested),
        cmocka_unit_test(all_around_an_8bit_text_say_8bit),
        cmocka_unit_test(an_alternative_alone_says_what_its_texts_are),
        cmocka_unit_test(boundaries_are_made_of_a_unique_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
