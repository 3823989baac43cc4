#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose/enclose.h"
#include "compose/message.h"

/* The smallest bytes that are a PNG to whoever looks at the first of them. */
#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

static struct library *library;

static int set_up(void **state)
{
    struct err err;
    (void)state;
    library = library_load(STR(""), &err);
    return library ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    library_free(library);
    return 0;
}

static int try(const char *text, struct bundle_file *files, size_t count, struct buf *out,
               struct err *err)
{
    struct buf given = BUF_INIT;
    struct bundle bundle = {str_of(text), files, count};
    bundle_write(&bundle, &given);
    int result = enclose(buf_str(&given), library, out, err);
    buf_release(&given);
    return result;
}

static void a_job_keeps_its_layout_and_its_files(void **state)
{
    struct bundle_file files[] = {{STR("files/img/logo.png"), {PNG, sizeof(PNG) - 1}},
                                  {STR("files/plan.pdf"), STR("%PDF-1.7")}};
    struct buf out = BUF_INIT;
    struct arena memory = ARENA_INIT;
    struct bundle kept;
    struct err err;
    (void)state;
    assert_int_equal(try("Subject: x\nLayout: plain\nInline: img/logo.png\nAttach: plan.pdf\n\n"
                         "![Logo](cid:logo.png)\n",
                         files, 2, &out, &err),
                     0);
    assert_int_equal(bundle_read(buf_str(&out), &memory, &kept, &err), 0);
    assert_non_null(bundle_find(&kept, "layouts/", STR("plain.html")));
    assert_non_null(bundle_find(&kept, "layouts/", STR("plain.txt")));
    assert_null(bundle_find(&kept, "layouts/", STR("letter.html")));
    assert_non_null(bundle_find(&kept, "partials/", STR("footer.txt")));
    struct message *m = message_compile(buf_str(&out), &err);
    assert_non_null(m);
    assert_int_equal(m->enclosed.image_count, 1);
    assert_true(str_eq(m->enclosed.images[0].type, STR("image/png")));
    assert_int_equal(m->enclosed.file_count, 1);
    assert_true(str_eq(m->enclosed.files[0].name, STR("plan.pdf")));
    message_free(m);
    arena_release(&memory);
    buf_release(&out);
}

static void faults_are_told(void **state)
{
    static struct bundle_file text[] = {{STR("files/a.txt"), STR("words")}};
    static const struct {
        const char *message;
        size_t files;
        const char *words;
    } cases[] = {
        {"Subject: x\nAttach: b.txt\n\ny\n", 1, "Line 2: the file \"b.txt\" did not come along"},
        {"Subject: x\n\ny\n", 1, "the message does not name it"},
        {"Subject: x\nInline: a.txt\n\ny\n", 1, "is no image"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT;
        struct err err = {""};
        struct message *m = NULL;
        if (try(cases[i].message, text, cases[i].files, &out, &err) == 0)
            m = message_compile(buf_str(&out), &err);
        assert_null(m);
        if (!strstr(err.text, cases[i].words))
            fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].words);
        buf_release(&out);
    }
}

static void an_image_that_nobody_sees_is_a_fault(void **state)
{
    struct bundle_file files[] = {{STR("files/logo.png"), {PNG, sizeof(PNG) - 1}}};
    struct buf out = BUF_INIT;
    struct err err;
    (void)state;
    assert_int_equal(try("Subject: x\nInline: logo.png\n\ncid:logo.pngs\n", files, 1, &out, &err),
                     0);
    assert_null(message_compile(buf_str(&out), &err));
    assert_non_null(strstr(err.text, "Line 2: the text does not show \"logo.png\""));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_keeps_its_layout_and_its_files),
        cmocka_unit_test(faults_are_told),
        cmocka_unit_test(an_image_that_nobody_sees_is_a_fault),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
