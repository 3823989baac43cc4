#include "mail/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_type(const char *name, struct str bytes, const char *expected)
{
    struct str type = media_type(str_of(name), bytes);
    if (!str_eq(type, str_of(expected)))
        fail_msg("%s is %.*s", name, STR_ARG(type));
}

static void files_go_by_their_extension(void **state)
{
    (void)state;
    assert_type("plan.pdf", STR("%PDF-1.7"), "application/pdf");
    assert_type("PLAN.PDF", STR(""), "application/pdf");
    assert_type("a.b.ics", STR(""), "text/calendar");
    assert_type("logo.svg", STR("<svg/>"), "image/svg+xml");
    assert_type("x.docx", STR("PK\3\4"),
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
}

static void what_is_not_known_is_bytes(void **state)
{
    (void)state;
    assert_type("x.exe", STR("MZ"), "application/octet-stream");
    assert_type("pdf", STR(""), "application/octet-stream");
    assert_type("x.", STR(""), "application/octet-stream");
    assert_type("", STR(""), "application/octet-stream");
}

static void images_are_known_by_what_they_are(void **state)
{
    (void)state;
    assert_type("a.jpg", STR("\x89PNG\r\n\x1A\nxx"), "image/png");
    assert_type("a.pdf", STR("\xFF\xD8\xFF\xE0"), "image/jpeg");
    assert_type("a", STR("GIF89a"), "image/gif");
    assert_type("a.bin", STR("RIFF\x01\x02\x03\x04WEBPVP8 "), "image/webp");
    assert_type("a.png",
                STR("\0\0\0\x20"
                    "ftypavif"),
                "image/avif");
}

static void a_name_that_says_image_is_not_believed(void **state)
{
    (void)state;
    assert_type("a.png", STR("<html>"), "application/octet-stream");
    assert_type("a.jpg", STR(""), "application/octet-stream");
    assert_type("a.webp", STR("RIFF\x01\x02\x03\x04WAVE"), "application/octet-stream");
    assert_type("BMW.txt", STR("BMW is a car"), "text/plain");
}

static void images_are_told_from_the_rest(void **state)
{
    (void)state;
    assert_true(media_is_image(STR("image/svg+xml")));
    assert_false(media_is_image(STR("application/pdf")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_go_by_their_extension),
        cmocka_unit_test(what_is_not_known_is_bytes),
        cmocka_unit_test(images_are_known_by_what_they_are),
        cmocka_unit_test(a_name_that_says_image_is_not_believed),
        cmocka_unit_test(images_are_told_from_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
