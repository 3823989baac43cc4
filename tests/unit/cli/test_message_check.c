/* What the daemon finds in a message, as people read it. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/message_check.h"

static void says(const char *path, const char *text, const char *json, const char *wanted)
{
    struct buf out = BUF_INIT;
    setlocale(LC_CTYPE, "C.UTF-8");
    json_t *answer = json_loads(json, 0, NULL);
    assert_non_null(answer);
    message_check_say(&out, path, str_of(text), answer);
    assert_string_equal(out.at, wanted);
    json_decref(answer);
    buf_release(&out);
}

static void findings_have_their_line_and_a_caret(void **state)
{
    (void)state;
    says(
        "dir/a.md", "Subject: x\n\n{{ a | b }}\n",
        "{\"errors\": 1, \"warnings\": 2, \"findings\": ["
        "{\"severity\": \"warning\", \"file\": null, \"line\": null, \"column\": null, \"text\": "
        "\"W.\"},"
        "{\"severity\": \"warning\", \"file\": null, \"line\": 1, \"column\": null, \"text\": "
        "\"V.\"},"
        "{\"severity\": \"error\", \"file\": null, \"line\": 3, \"column\": 4, \"text\": \"E.\"}]}",
        "dir/a.md: warning: W.\n"
        "dir/a.md:1: warning: V.\n"
        "  Subject: x\n"
        "dir/a.md:3:4: error: E.\n"
        "  {{ a | b }}\n"
        "     ^\n"
        "1 error, 2 warnings: it cannot be sent like this.\n");
}

static void other_files_are_named(void **state)
{
    (void)state;
    says("-", "Subject: x\n\nhi\n",
         "{\"errors\": 0, \"warnings\": 1, \"findings\": ["
         "{\"severity\": \"warning\", \"file\": \"layouts/a.html\", \"line\": 1, \"column\": 4, "
         "\"text\": \"E.\"}]}",
         "layouts/a.html:1:4: warning: E.\n"
         "0 errors, 1 warning: it can be sent.\n");
}

static void nothing_found_is_said(void **state)
{
    (void)state;
    says("a.md", "x", "{\"errors\": 0, \"warnings\": 0, \"findings\": []}",
         "Nothing is wrong with it.\n");
}

static void an_answer_of_a_stranger_is_harmless(void **state)
{
    (void)state;
    says("a\x1b.md", "x\n",
         "{\"errors\": 7, \"findings\": [{\"severity\": \"\\u001b[2J\", \"line\": 99999999999, "
         "\"column\": -4, \"text\": \"a\\nb\"}, 5, {\"line\": 1, \"column\": 4294967295}]}",
         "a␛.md: ␛[2J: a␊b\n"
         "a␛.md: : \n"
         "a␛.md:1:4294967295: : \n"
         "  x\n"
         "   ^\n"
         "There is more to say: this is the beginning. "
         "7 errors, 0 warnings: it cannot be sent like this.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_have_their_line_and_a_caret),
        cmocka_unit_test(other_files_are_named),
        cmocka_unit_test(nothing_found_is_said),
        cmocka_unit_test(an_answer_of_a_stranger_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
