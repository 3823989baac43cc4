/*
 * The golden Liquid cases (a JSON file that is not part of this repository). It looks for it in the
 * folder TOCSIN_CORPORA, or in ../shared/corpora from here or from the source tree. Cases of tags
 * that are not in the language are left out, and counted; of the rest, the share that must pass is
 * a floor: it only goes up. (One fails: it and another one want different things of the same
 * template, a `when` with `and` in it. Here that is an error.) TOCSIN_GOLDEN_VERBOSE=1 shows each
 * case that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/json_value.h"
#include "template/liquid.h"

enum { FLOOR_PER_MILLE = 999 };

/* Why a case is not counted: one of its tags. */
static const char *const left_out[] = {"tablerow tag", "ifchanged tag"};
enum { REASONS = sizeof(left_out) / sizeof(left_out[0]) };

struct count {
    size_t counted, passed, left[REASONS];
};

static struct str text_of(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

static void partial_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    json_t *partials = (json_t *)(uintptr_t)ctx;
    void *member = json_object_iter(partials);
    while (index--)
        member = json_object_iter_next(partials, member);
    *name = str_of(json_object_iter_key(member));
    *source = text_of(json_object_iter_value(member));
}

static bool no_names(void *ctx, struct str name, struct value *out)
{
    (void)ctx;
    (void)name;
    (void)out;
    return false;
}

/* 0 and the rendering in *out, or -1 and the error's sentence there. */
static int run(const json_t *test, struct arena *data, struct arena *scratch, struct buf *out)
{
    const json_t *sources = json_object_get(test, "templates"),
                 *names = json_object_get(test, "data");
    struct template_partials partials = {sources, json_object_size(sources), partial_at};
    struct value root = names ? json_value(names, data) : value_nil();
    struct template_scope scope = {NULL, no_names};
    struct template_error error;
    struct template *t =
        template_compile(text_of(json_object_get(test, "template")),
                         &(struct template_options){.partials = &partials}, &error);
    if (root.kind == VALUE_OBJECT)
        scope = json_value_scope(&root);
    int result = -1;
    if (t)
        result = template_render(t, &scope, &(struct render_options){0}, scratch, out, &error);
    if (result != 0)
        buf_add_text(out, error.text);
    template_free(t);
    return result;
}

static bool is_expected(const json_t *test, int result, struct str out)
{
    size_t i;
    const json_t *one, *results = json_object_get(test, "results");
    if (json_is_true(json_object_get(test, "invalid")))
        return result != 0;
    if (result != 0)
        return false;
    json_array_foreach(results, i, one)
    {
        if (str_eq(out, text_of(one)))
            return true;
    }
    const json_t *expected = json_object_get(test, "result");
    return expected && str_eq(out, text_of(expected));
}

static size_t reason_to_leave_out(const json_t *test)
{
    size_t i, reason;
    const json_t *tag;
    json_array_foreach(json_object_get(test, "tags"), i, tag)
    {
        for (reason = 0; reason < REASONS; reason++)
            if (strcmp(json_string_value(tag), left_out[reason]) == 0)
                return reason;
    }
    return REASONS;
}

static void complain(const json_t *test, const struct buf *out)
{
    print_message("fails: %s\n", json_string_value(json_object_get(test, "name")));
    if (!getenv("TOCSIN_GOLDEN_VERBOSE"))
        return;
    char *text = json_dumps(test, JSON_ENSURE_ASCII);
    print_message("   %s\n   gave: %s\n", text, out->at ? out->at : "");
    free(text);
}

static void take(const json_t *test, struct count *count)
{
    struct arena data = ARENA_INIT, scratch = ARENA_INIT;
    struct buf out = BUF_INIT;
    size_t reason = reason_to_leave_out(test);
    if (reason < REASONS) {
        count->left[reason]++;
        return;
    }
    int result = run(test, &data, &scratch, &out);
    bool good = is_expected(test, result, buf_str(&out));
    count->counted++;
    count->passed += good;
    if (!good)
        complain(test, &out);
    buf_release(&out);
    arena_release(&scratch);
    arena_release(&data);
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
    size_t i;
    struct count count = {0};
    json_t *json = load(), *test;
    if (!json) {
        print_message(
            "SKIPPED: no liquid/golden_liquid.json; set TOCSIN_CORPORA to its corpora folder\n");
        skip();
    }
    json_array_foreach(json_object_get(json, "tests"), i, test)
    {
        take(test, &count);
    }
    print_message("golden Liquid: %zu of %zu pass\n", count.passed, count.counted);
    for (i = 0; i < REASONS; i++)
        print_message("left out, as there is no %s: %zu\n", left_out[i], count.left[i]);
    json_decref(json);
    assert_true(count.counted >= 1000);
    assert_true(count.passed * 1000 >= count.counted * FLOOR_PER_MILLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
