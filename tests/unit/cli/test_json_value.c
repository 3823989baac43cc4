#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cli/json_value.h"

static struct arena arena;
static json_t *json;
static struct err err;

static struct value parsed(const char *text)
{
    json = json_value_load(str_of(text), &err);
    if (!json)
        fail_msg("%s", err.text);
    return json_value(json, &arena);
}

static int let_go(void **state)
{
    (void)state;
    json_decref(json);
    json = NULL;
    arena_release(&arena);
    return 0;
}

static struct value member(const struct value *object, const char *name)
{
    struct value out = value_nil();
    assert_int_equal(object->kind, VALUE_OBJECT);
    assert_true(object->object.type->get(object->object.ctx, str_of(name), &out));
    return out;
}

static void is_text(const struct value *v, struct str text)
{
    assert_int_equal(v->kind, VALUE_STR);
    assert_true(str_eq(v->str, text));
}

static void each_kind_of_json_is_a_value(void **state)
{
    (void)state;
    struct value v = parsed("[null, true, false, \"a\\u0000\\u00e9\", 12, -3, 2.5, 1e3, [], {}]");
    assert_int_equal(v.kind, VALUE_ARRAY);
    assert_int_equal(v.count, 10);
    assert_int_equal(v.items[0].kind, VALUE_NIL);
    assert_true(v.items[1].kind == VALUE_BOOL && v.items[1].truth);
    assert_true(v.items[2].kind == VALUE_BOOL && !v.items[2].truth);
    is_text(&v.items[3], STR("a\0\xc3\xa9"));
    assert_true(v.items[4].kind == VALUE_INT && v.items[4].whole == 12);
    assert_true(v.items[5].kind == VALUE_INT && v.items[5].whole == -3);
    assert_true(v.items[6].kind == VALUE_FLOAT && v.items[6].real > 2.4 && v.items[6].real < 2.6);
    assert_true(v.items[7].kind == VALUE_FLOAT && v.items[7].real > 999);
    assert_true(v.items[8].kind == VALUE_ARRAY && v.items[8].count == 0);
    assert_true(v.items[9].kind == VALUE_OBJECT && value_is_empty(&v.items[9]));
}

static void members_keep_the_order_of_the_document(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_add_byte(&text, '{');
    for (int i = 999; i >= 0; i--)
        buf_addf(&text, "\"k%d\": %d%s", i, i, i ? "," : "}");
    struct value v = parsed(text.at);
    buf_release(&text);
    assert_int_equal(value_count(&v), 1000);
    for (size_t i = 0; i < 1000; i++) {
        struct str name;
        struct value out;
        char expected[16];
        v.object.type->at(v.object.ctx, i, &name, &out);
        snprintf(expected, sizeof(expected), "k%d", (int)(999 - i));
        assert_true(str_eq(name, str_of(expected)));
        assert_true(out.kind == VALUE_INT && out.whole == (int64_t)(999 - i));
        out = member(&v, expected);
        assert_true(out.whole == (int64_t)(999 - i));
    }
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct value out, v = parsed("{\"a\": {\"b\": null}, \"\": 1}");
    assert_false(v.object.type->get(v.object.ctx, STR("b"), &out));
    assert_false(v.object.type->get(v.object.ctx, STR("A"), &out));
    assert_false(v.object.type->get(v.object.ctx, STR("a\0"), &out));
    assert_true(v.object.type->get(v.object.ctx, (struct str){NULL, 0}, &out));
    struct value inner = member(&v, "a"), nothing = member(&inner, "b");
    assert_int_equal(nothing.kind, VALUE_NIL);
}

static void an_object_reads_as_json(void **state)
{
    (void)state;
    struct value v = parsed("{\"z\":[1,2.5],\"a\":{\"b\":\"\\\"\\u00e9\"}}");
    struct str text = v.object.type->text(v.object.ctx);
    assert_string_equal(text.at, "{\"z\": [1, 2.5], \"a\": {\"b\": \"\\\"\xc3\xa9\"}}");
}

static void an_object_is_a_scope(void **state)
{
    (void)state;
    struct value out, v = parsed("{\"a\": 1}");
    struct template_scope scope = json_value_scope(&v);
    assert_true(scope.lookup(scope.ctx, STR("a"), &out));
    assert_true(out.whole == 1);
    assert_false(scope.lookup(scope.ctx, STR("b"), &out));
}

/* A program that writes big numbers must not lose the small ones beside them. */
static void whole_numbers_beyond_64_bits_become_real(void **state)
{
    (void)state;
    struct value v = parsed("[9223372036854775807, -9223372036854775808, 9223372036854775808, "
                            "-9223372036854775809, 123456789012345678901234567890, 7, "
                            "\"9223372036854775808 \\\"\\\\\", 12345678901234567890.5, "
                            "12345678901234567890e2]");
    assert_true(v.items[0].kind == VALUE_INT && v.items[0].whole == INT64_MAX);
    assert_true(v.items[1].kind == VALUE_INT && v.items[1].whole == INT64_MIN);
    assert_true(v.items[2].kind == VALUE_FLOAT && v.items[2].real >= 9.2233720368547758e18);
    assert_true(v.items[3].kind == VALUE_FLOAT && v.items[3].real <= -9.2233720368547758e18);
    assert_true(v.items[4].kind == VALUE_FLOAT && v.items[4].real > 1.2e29);
    assert_true(v.items[5].kind == VALUE_INT && v.items[5].whole == 7);
    is_text(&v.items[6], STR("9223372036854775808 \"\\"));
    assert_int_equal(v.items[7].kind, VALUE_FLOAT);
    assert_int_equal(v.items[8].kind, VALUE_FLOAT);
}

static void refuses(struct str text, const char *sentence)
{
    assert_null(json_value_load(text, &err));
    if (strncmp(err.text, sentence, strlen(sentence)) != 0)
        fail_msg("%s", err.text);
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    refuses(STR(""), "This is no JSON: '[' or '{' expected near end of file (column 0).");
    refuses((struct str){NULL, 0}, "This is no JSON: ");
    refuses(STR("{\"a\": 1} x"), "This is no JSON: end of file expected near 'x' (column 10).");
    refuses(STR("{\"a\": 1, \"a\": 2}"), "This is no JSON: duplicate object key near '\"a\"'");
    refuses(STR("[\"\xff\"]"), "This is no JSON: unable to decode byte 0xff");
    refuses(STR("[1e999]"), "This is no JSON: real number overflow");
    refuses(STR("[99999999999999999999, \"\\"), "This is no JSON: ");
    refuses(STR("[99999999999999999999, \""), "This is no JSON: ");
    refuses(STR("[99999999999999999999"), "This is no JSON: ");
    struct buf deep = BUF_INIT;
    for (int i = 0; i < 100000; i++)
        buf_add_byte(&deep, '[');
    refuses(buf_str(&deep), "This is no JSON: maximum parsing depth reached");
    buf_release(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_kind_of_json_is_a_value, let_go),
        cmocka_unit_test_teardown(members_keep_the_order_of_the_document, let_go),
        cmocka_unit_test_teardown(what_is_not_there_is_not_found, let_go),
        cmocka_unit_test_teardown(an_object_reads_as_json, let_go),
        cmocka_unit_test_teardown(an_object_is_a_scope, let_go),
        cmocka_unit_test_teardown(whole_numbers_beyond_64_bits_become_real, let_go),
        cmocka_unit_test_teardown(what_is_no_json_is_refused, let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
