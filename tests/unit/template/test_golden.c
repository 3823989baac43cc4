/*
 * The golden Liquid cases (a JSON file that is not part of this repository). It looks for it in the
 * folder TOCSIN_CORPORA, or in ../shared/corpora from here or from the source tree. Cases that use
 * a tag or filter that is not in the language yet are left out; of the rest, the share that must
 * pass is a floor: it only goes up. TOCSIN_GOLDEN_VERBOSE=1 prints each case that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "template/liquid.h"

enum { FLOOR_PERCENT = 98 };

static const char *const left_out[] = {
    "tablerow",  "echo tag",  "liquid tag", "include tag", "render tag",
    "cycle tag", "increment", "decrement",  "ifchanged",   "doc tag",
};

/* JSON as values: arrays and objects live in the arena. */
static struct value from_json(struct arena *a, const json_t *json);

struct json_object {
    const json_t *json;
    struct arena *arena;
};

static bool object_get(const void *ctx, struct str member, struct value *out)
{
    const struct json_object *o = ctx;
    const json_t *found = json_object_getn(o->json, member.at ? member.at : "", member.len);
    if (!found)
        return false;
    *out = from_json(o->arena, found);
    return true;
}

static size_t object_count(const void *ctx)
{
    return json_object_size(((const struct json_object *)ctx)->json);
}

static void object_at(const void *ctx, size_t index, struct str *name, struct value *out)
{
    const struct json_object *o = ctx;
    void *iter = json_object_iter((json_t *)(uintptr_t)o->json);
    for (size_t i = 0; i < index; i++)
        iter = json_object_iter_next((json_t *)(uintptr_t)o->json, iter);
    *name = str_of(json_object_iter_key(iter));
    *out = from_json(o->arena, json_object_iter_value(iter));
}

static struct str object_text(const void *ctx)
{
    const struct json_object *o = ctx;
    char *text = json_dumps(o->json, 0);
    struct str copy = arena_str(o->arena, str_of(text));
    free(text);
    return copy;
}

static const struct object_type object_type = {object_get, object_count, object_at, object_text};

static struct value array_from_json(struct arena *a, const json_t *json)
{
    size_t count = json_array_size(json);
    struct value *items = arena_alloc(a, count * sizeof(*items));
    for (size_t i = 0; i < count; i++)
        items[i] = from_json(a, json_array_get(json, i));
    return value_array(items, count);
}

static struct value from_json(struct arena *a, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        return value_str((struct str){json_string_value(json), json_string_length(json)});
    case JSON_INTEGER:
        return value_int(json_integer_value(json));
    case JSON_REAL:
        return value_float(json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return value_bool(json_is_true(json));
    case JSON_ARRAY:
        return array_from_json(a, json);
    case JSON_OBJECT: {
        struct json_object *o = ARENA_NEW(a, struct json_object);
        *o = (struct json_object){json, a};
        return value_object(&object_type, o);
    }
    default:
        return value_nil();
    }
}

static bool lookup(void *ctx, struct str name, struct value *out)
{
    struct json_object *o = ctx;
    return o->json && object_get(o, name, out);
}

/* What the template renders to, or "INVALID: " and the error. */
static void run(const json_t *test, struct buf *out)
{
    struct arena data = ARENA_INIT, scratch = ARENA_INIT;
    const json_t *source = json_object_get(test, "template");
    struct json_object root = {json_object_get(test, "data"), &data};
    struct template_scope scope = {&root, lookup};
    struct template_error error;
    struct template *t = template_compile(
        (struct str){json_string_value(source), json_string_length(source)}, NULL, &error);
    if (!t || template_render(t, &scope, &(struct render_options){0}, &scratch, out, &error) < 0)
        buf_addf(out, "INVALID: %s", error.text);
    template_free(t);
    arena_release(&scratch);
    arena_release(&data);
}

static bool is_expected(const json_t *test, struct buf *out)
{
    size_t i;
    const json_t *one, *results = json_object_get(test, "results");
    if (json_is_true(json_object_get(test, "invalid")))
        return str_starts(buf_str(out), STR("INVALID: "));
    json_array_foreach(results, i,
                       one) if (str_eq(buf_str(out), str_of(json_string_value(one)))) return true;
    const json_t *result = json_object_get(test, "result");
    return result && str_eq(buf_str(out),
                            (struct str){json_string_value(result), json_string_length(result)});
}

static bool is_left_out(const json_t *test, const struct buf *out)
{
    size_t i;
    const json_t *tag;
    json_array_foreach(json_object_get(test, "tags"), i,
                       tag) for (size_t k = 0; k < sizeof(left_out) / sizeof(left_out[0]);
                                 k++) if (strstr(json_string_value(tag), left_out[k])) return true;
    /* A filter of a later day. */
    return out->at && strstr(out->at, "there is no filter named") &&
           !strstr(out->at, "there is no filter named \"nosuch");
}

static void complain(const json_t *test, const struct buf *out)
{
    if (!getenv("TOCSIN_GOLDEN_VERBOSE"))
        return;
    char *text = json_dumps(test, JSON_ENSURE_ASCII);
    print_message("%s\n   GOT %s\n", text, out->at ? out->at : "");
    free(text);
}

static json_t *load(void)
{
    static const char *const folders[] = {"../shared/corpora", TOCSIN_SOURCE "/../shared/corpora"};
    const char *named = getenv("TOCSIN_CORPORA");
    for (size_t i = 0; i < (named ? 1u : 2u); i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/liquid/golden_liquid.json", named ? named : folders[i]);
        json_t *json = json_load_file(path, JSON_ALLOW_NUL, NULL);
        if (json)
            return json;
    }
    return NULL;
}

static void golden_cases_pass(void **state)
{
    (void)state;
    size_t i, all = 0, passed = 0, later = 0;
    json_t *json = load(), *test;
    if (!json) {
        print_message(
            "SKIPPED: no liquid/golden_liquid.json; set TOCSIN_CORPORA to its corpora folder\n");
        skip();
    }
    json_array_foreach(json_object_get(json, "tests"), i, test)
    {
        struct buf out = BUF_INIT;
        run(test, &out);
        bool left = is_left_out(test, &out), good = !left && is_expected(test, &out);
        later += left;
        all += !left;
        passed += good;
        if (!left && !good)
            complain(test, &out);
        buf_release(&out);
    }
    print_message("golden Liquid: %zu of %zu pass; %zu use what is not in the language yet\n",
                  passed, all, later);
    json_decref(json);
    assert_true(passed * 100 >= all * FLOOR_PERCENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
