#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "template/images.h"

/* LINE:SRC, then " alt" and " pixel", one image a line. */
static void assert_images(const char *html, const char *expected)
{
    struct arena memory = ARENA_INIT;
    struct buf got = BUF_INIT;
    struct image *images;
    struct err err = {{0}};
    size_t count;
    assert_int_equal(images_find(str_of(html), &memory, &images, &count, &err), 0);
    buf_add_text(&got, "");
    for (size_t i = 0; i < count; i++)
        buf_addf(&got, "%u:%.*s%s%s\n", images[i].line, STR_ARG(images[i].src),
                 images[i].has_alt ? " alt" : "", images[i].is_pixel ? " pixel" : "");
    assert_string_equal(got.len ? got.at : "", expected);
    buf_release(&got);
    arena_release(&memory);
}

static void images_are_found(void **state)
{
    (void)state;
    assert_images("<p><img src='https://x.org/?a&amp;b' alt='A cat'>\n<IMG\nSRC=\" {{ x }}.png \">"
                  "\n<img src=c alt><img src=d alt=\"\"/>",
                  "1:https://x.org/?a&b alt\n2:{{ x }}.png\n4:c alt\n4:d alt\n");
    assert_images("<!-- <img src=no> --><style><img></style><image src=no>{{ '<img>' }}", "");
    assert_images("<!--[if mso]><img src=a><![endif]--><img src=b", "1:a\n");
    assert_images("<img src=a src=b>", "1:a\n");
    assert_images("<img {% if x %}alt='y'{% endif %} src={{ z }}>", "1:{{ z }} alt\n");
    assert_images("<img alt=x>", "1: alt\n");
    assert_images("", "");
}

static void pixels_are_known(void **state)
{
    (void)state;
    assert_images("<img width=1 height='1'><img width=1px height=0 src=a>"
                  "<img style=\"height:1px; WIDTH : 1px !ignored\" width=1>"
                  "<img width=200 height=100 style='border:0;display: none'>"
                  "<img style='width:1px;height:1px'>",
                  "1: pixel\n1:a pixel\n1:\n1: pixel\n1: pixel\n");
    assert_images("<img width=1 height=10><img width=1><img width=10 height=1><img width='' height>"
                  "<img width=100% height=1><img width={{ w }} height=1>"
                  "<img width=1 height=1 style='width:100px'>",
                  "1:\n1:\n1:\n1:\n1:\n1:\n1:\n");
}

static void there_is_a_limit(void **state)
{
    (void)state;
    struct arena memory = ARENA_INIT;
    struct buf html = BUF_INIT;
    struct image *images;
    struct err err;
    size_t count;
    for (int i = 0; i < IMAGES_MAX; i++)
        buf_add_text(&html, "<img>\n");
    assert_int_equal(images_find(buf_str(&html), &memory, &images, &count, &err), 0);
    assert_int_equal(count, IMAGES_MAX);
    buf_add_text(&html, "<img>\n");
    assert_int_equal(images_find(buf_str(&html), &memory, &images, &count, &err), -1);
    assert_string_equal(err.text, "Line 1001: there are more than 1000 images; use fewer.");
    arena_release(&memory);
    buf_release(&html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_found),
        cmocka_unit_test(pixels_are_known),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
