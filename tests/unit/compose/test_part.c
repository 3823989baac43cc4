#include "compose/part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode.h"

/* A part, and what becomes of it: rendered by its template alone, and as it is sent. */
static struct {
    struct part part;
    enum mail_encoding encoding; /* to render in */
    struct arena memory, scratch;
    struct buf plain, work, out;
    struct template_error error;
} t;

/* name, note (several lines, dots and blanks), greek, tags, size; nothing else. */
static bool lookup(void *ctx, struct str name, struct value *out)
{
    static const struct value tags[] = {
        {.kind = VALUE_STR, .str = {"From here", 9}},
        {.kind = VALUE_STR, .str = {".", 1}},
        {.kind = VALUE_STR, .str = {"\xC3\x89\x64ucation ", 11}},
    };
    (void)ctx;
    if (str_eq(name, STR("name")))
        *out = value_str(STR("Zo\xC3\xAB & <b>"));
    else if (str_eq(name, STR("note")))
        *out = value_str(STR(".dots \nFrom me\r\n\tto = you \n"));
    else if (str_eq(name, STR("greek")))
        *out = value_str(STR("\xCE\x95\xCE\xBB\xCE\xBB\xCE\xAC\xCE\xB4\xCE\xB1"));
    else if (str_eq(name, STR("tags")))
        *out = value_array(tags, 3);
    else
        return false;
    return true;
}

static int tear_down(void **state)
{
    (void)state;
    part_release(&t.part);
    arena_release(&t.memory);
    arena_release(&t.scratch);
    buf_release(&t.plain);
    buf_release(&t.work);
    buf_release(&t.out);
    return 0;
}

static void compile(struct str text)
{
    struct err err;
    part_release(&t.part);
    if (part_compile(&t.part, text, NULL, &t.memory, &err) != 0)
        fail_msg("%s", err.text);
    t.encoding = t.part.encoding;
}

static int render(struct render_options options)
{
    struct template_scope scope = {NULL, lookup};
    buf_reset(&t.out);
    return part_render(&t.part, t.encoding, &scope, &options, &t.scratch, &t.work, &t.out,
                       &t.error);
}

static void render_plain(struct render_options options)
{
    struct template_scope scope = {NULL, lookup};
    buf_reset(&t.plain);
    assert_int_equal(
        template_render(t.part.template, &scope, &options, &t.scratch, &t.plain, &t.error), 0);
}

/* What goes out is sound, and says what the template alone says. */
static void assert_sent(enum render_escape escape)
{
    struct render_options options = {.escape = escape};
    bool quoted = t.part.encoding == ENCODING_QUOTED;
    struct buf back = BUF_INIT, meant = BUF_INIT;
    render_plain(options);
    assert_int_equal(render(options), 0);
    struct str out = buf_str(&t.out);
    const char *fault = quoted ? decode_quoted_fault(out) : decode_base64_fault(out);
    if (fault)
        fail_msg("%s in\n%s", fault, t.out.at);
    assert_true(quoted ? decode_quoted(&back, out) : decode_base64(&back, out));
    decode_canonical(&meant, buf_str(&t.plain));
    assert_string_equal(back.at, meant.at);
    buf_release(&back);
    buf_release(&meant);
}

static void assert_part(struct str text, enum mail_encoding encoding)
{
    compile(text);
    assert_int_equal(t.part.encoding, encoding);
    assert_sent(ESCAPE_NONE);
    assert_sent(ESCAPE_HTML);
}

static const char letter[] =
    "Bonjour {{ name }},\n"
    "\n"
    ".a line that begins with a dot, and goes on well beyond what a line may hold, {{ name }} says "
    "so, and then it ends \n"
    "{% for tag in tags %}{{ tag }}{% unless forloop.last %}, {% endunless %}\n{% endfor %}"
    "{% capture c %}From {{ greek }}{% endcapture %}{{ c }} = {{ note }}\n"
    "{% raw %}{{ raw }} {% endraw %}\n"
    "{% if nobody %}never{% else %}From us \xE2\x80\x94 all{% endif %}";

static const char arabic[] =
    "\xD8\xB9\xD8\xB2\xD9\x8A\xD8\xB2\xD9\x8A {{ name }}\xD8\x8C\n\n"
    "{% for tag in tags %}\xD8\xB4\xD9\x83\xD8\xB1\xD8\xA7 {{ tag }}\r\n{% endfor %}"
    "{{ note }}\xD9\x85\xD8\xB9 \xD8\xA3\xD8\xB7\xD9\x8A\xD8\xA8 "
    "\xD8\xA7\xD9\x84\xD8\xAA\xD8\xAD\xD9\x8A\xD8\xA7\xD8\xAA\n";

static const char chinese[] =
    "\xE4\xBA\xB2\xE7\x88\xB1\xE7\x9A\x84{{ name }}\xEF\xBC\x9A\n"
    "{% if name %}\xE8\xB0\xA2\xE8\xB0\xA2\xE6\x82\xA8\xE7\x9A\x84\xE7\xAD\xBE\xE5\x90\x8D"
    "{% endif %}\xE3\x80\x82{{ greek }}\n";

static void what_is_sent_says_what_was_rendered(void **state)
{
    (void)state;
    assert_part(str_of(letter), ENCODING_QUOTED);
    assert_part(str_of(arabic), ENCODING_BASE64);
    assert_part(str_of(chinese), ENCODING_BASE64);
}

/* The values do not change the encoding: it is chosen before they are known. */
static void values_may_be_of_another_script(void **state)
{
    (void)state;
    assert_part(STR("{{ greek }}{{ greek }}{{ greek }}"), ENCODING_QUOTED);
    assert_part(STR("{{ greek }} {{ note }}\n{{ greek }}.\n"), ENCODING_QUOTED);
}

static void constants_and_values_share_lines(void **state)
{
    (void)state;
    compile(STR("Dear {{ name }},\nFrom {{ greek }}"));
    assert_int_equal(render((struct render_options){0}), 0);
    assert_string_equal(t.out.at, "Dear=20Zo=C3=AB & <b>,\r\n"
                                  "=46rom=20=CE=95=CE=BB=CE=BB=CE=AC=CE=B4=CE=B1");
}

/* As they would stand at the start of a line, wherever they come to stand, and undivided. */
static void constants_are_encoded_once_and_for_all(void **state)
{
    (void)state;
    compile(STR("{{ name }}."));
    assert_int_equal(render((struct render_options){0}), 0);
    assert_string_equal(t.out.at, "Zo=C3=AB & <b>=2E");
    compile(STR("{{ greek }}{{ greek }}123456"));
    assert_int_equal(render((struct render_options){0}), 0);
    assert_string_equal(t.out.at + 72, "=\r\n123456");
}

static void values_are_escaped_in_html(void **state)
{
    (void)state;
    compile(STR("<p>{{ name }}</p>"));
    assert_int_equal(render((struct render_options){.escape = ESCAPE_HTML}), 0);
    assert_string_equal(t.out.at, "<p>Zo=C3=AB &amp; &lt;b&gt;</p>");
}

/* At every length of a value and of what follows it, lines stay within bounds. */
static void names_of_any_length_fit(void **state)
{
    (void)state;
    for (unsigned before = 0; before < 80; before++) {
        char text[256];
        snprintf(text, sizeof(text), "%.*s{{ name }}.{{ note }}From %.*s{{ name }}", (int)before,
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                 (int)(before / 2), "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
        compile(str_of(text));
        assert_sent(ESCAPE_HTML);
    }
}

static void a_part_can_be_rendered_again(void **state)
{
    (void)state;
    const char *const sources[] = {letter, arabic};
    for (size_t i = 0; i < 2; i++) {
        struct buf first = BUF_INIT;
        compile(str_of(sources[i]));
        assert_int_equal(render((struct render_options){0}), 0);
        buf_add_str(&first, buf_str(&t.out));
        assert_int_equal(render((struct render_options){0}), 0);
        assert_string_equal(t.out.at, first.at);
        buf_release(&first);
    }
}

static void a_part_is_appended_at_the_start_of_a_line(void **state)
{
    (void)state;
    const char *const sources[] = {".{{ name }}", chinese};
    const char *const expected[] = {"=2EZo=C3=AB & <b>", "5Lqy54ix55qE"};
    for (size_t i = 0; i < 2; i++) {
        struct template_scope scope = {NULL, lookup};
        compile(str_of(sources[i]));
        buf_reset(&t.out);
        buf_add_text(&t.out, "A: b\r\n\r\n");
        assert_int_equal(part_render(&t.part, t.encoding, &scope, &(struct render_options){0},
                                     &t.scratch, &t.work, &t.out, &t.error),
                         0);
        assert_memory_equal(t.out.at, "A: b\r\n\r\n", 8);
        assert_memory_equal(t.out.at + 8, expected[i], strlen(expected[i]));
    }
}

static void an_empty_part_is_nothing(void **state)
{
    (void)state;
    compile(STR(""));
    assert_int_equal(render((struct render_options){0}), 0);
    assert_int_equal(t.out.len, 0);
    compile(STR("{{ nobody }}"));
    assert_int_equal(render((struct render_options){0}), 0);
    assert_int_equal(t.out.len, 0);
}

static void render_as(const char *text, bool eight_bit, enum mail_encoding tried, int result)
{
    compile(str_of(text));
    t.encoding = part_encoding(&t.part, eight_bit);
    assert_int_equal(t.encoding, tried);
    assert_int_equal(render((struct render_options){.escape = ESCAPE_NONE}), result);
}

static void what_may_stand_as_it_is_does(void **state)
{
    (void)state;
    render_as("one\ntwo = {{ 3 }}\n", false, ENCODING_7BIT, 0);
    assert_string_equal(t.out.at, "one\r\ntwo = 3\r\n");
    render_as("\xC3\xA9t\xC3\xA9 {{ greek }}\n", true, ENCODING_8BIT, 0);
    assert_string_equal(t.out.at,
                        "\xC3\xA9t\xC3\xA9 \xCE\x95\xCE\xBB\xCE\xBB\xCE\xAC\xCE\xB4\xCE\xB1\r\n");
    render_as("\xC3\xA9t\xC3\xA9, and so on\n", false, ENCODING_QUOTED, 0);
    assert_string_equal(t.out.at, "=C3=A9t=C3=A9, and so on\r\n");
}

/* A value can make it unfit, a constant always does. */
static void what_may_not_is_found_out(void **state)
{
    char line[1200];
    (void)state;
    render_as("one {{ greek }}\n", false, ENCODING_7BIT, PART_UNFIT);
    render_as("one {{ greek }}\n", true, ENCODING_8BIT, 0);
    render_as("one\n{{ \"From\" }} here\n", true, ENCODING_8BIT, PART_UNFIT);
    memset(line, 'a', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    render_as(line, true, ENCODING_QUOTED, 0);
}

static void what_cannot_be_compiled_is_said_with_its_line(void **state)
{
    (void)state;
    struct err err;
    struct part part = {0};
    assert_int_equal(part_compile(&part, STR("One\n\nTwo {% if %}"), NULL, &t.memory, &err), -1);
    assert_true(
        str_starts(str_of(err.text), STR("Line 3, column 10: \"{% if %}\" ends too early")));
    assert_null(part.template);
    part_release(&part);
    assert_null(part_template(STR("One\n{% if %}"), 7, NULL, &err));
    assert_true(str_starts(str_of(err.text), STR("Line 8, column 6: \"{% if %}\" ends too early")));
}

static void what_cannot_be_rendered_is_said_with_its_line(void **state)
{
    (void)state;
    const char *const sources[] = {
        "one\ntwo {{ 1 | divided_by: 0 }}",
        "\xE4\xBA\xB2\xE7\x88\xB1\xE7\x9A\x84\xE4\xBA\xB2\xE7\x88\xB1\xE7\x9A\x84\xE4\xBA\xB2\n"
        "\xE7\x9A\x84\xE4\xBA\xB2\xE7\x88\xB1 {{ 1 | divided_by: 0 }}"};
    for (size_t i = 0; i < 2; i++) {
        compile(str_of(sources[i]));
        assert_int_equal(t.part.encoding, i == 0 ? ENCODING_QUOTED : ENCODING_BASE64);
        assert_int_equal(render((struct render_options){0}), -1);
        assert_string_equal(t.error.text, "Line 2, column 5: \"divided_by\" cannot divide by 0.");
    }
}

/* The limit is that of the text, not of what its encoding makes of it. */
static void the_output_limit_holds_in_both_encodings(void **state)
{
    (void)state;
    const char *const sources[] = {letter, arabic, chinese};
    for (size_t i = 0; i < 3; i++) {
        compile(str_of(sources[i]));
        render_plain((struct render_options){0});
        struct render_options enough = {.limits.output = t.plain.len};
        struct render_options less = {.limits.output = t.plain.len - 1};
        assert_int_equal(render(enough), 0);
        assert_true(t.out.len > t.plain.len);
        assert_int_equal(render(less), -1);
        assert_non_null(strstr(t.error.text, "the output is longer than"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_says_what_was_rendered),
        cmocka_unit_test(what_may_stand_as_it_is_does),
        cmocka_unit_test(what_may_not_is_found_out),
        cmocka_unit_test(values_may_be_of_another_script),
        cmocka_unit_test(constants_and_values_share_lines),
        cmocka_unit_test(constants_are_encoded_once_and_for_all),
        cmocka_unit_test(values_are_escaped_in_html),
        cmocka_unit_test(names_of_any_length_fit),
        cmocka_unit_test(a_part_can_be_rendered_again),
        cmocka_unit_test(a_part_is_appended_at_the_start_of_a_line),
        cmocka_unit_test(an_empty_part_is_nothing),
        cmocka_unit_test(what_cannot_be_compiled_is_said_with_its_line),
        cmocka_unit_test(what_cannot_be_rendered_is_said_with_its_line),
        cmocka_unit_test(the_output_limit_holds_in_both_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
