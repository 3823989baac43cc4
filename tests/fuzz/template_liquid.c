/*
 * Any bytes as a template: compiling says yes or gives a sentence with a position; rendering keeps
 * its limits, leaves the buffer alone when it fails, gives the same twice, and writes nothing but
 * valid UTF-8. In HTML the hostile value can leave no markup behind where the template has no sign
 * of HTML and no `raw` of its own.
 */
#include <assert.h>

#include "template/liquid.h"

enum { OUTPUT_LIMIT = 64 * 1024, SCRATCH_LIMIT = 1024 * 1024 };

static const struct value items[] = {
    {.kind = VALUE_STR, .str = {"<script>\"&'\0\xff\xc3\xa9", 14}},
    {.kind = VALUE_INT, .whole = INT64_MIN},
    {.kind = VALUE_FLOAT, .real = 1e300},
    {.kind = VALUE_NIL},
};

static bool get(const void *ctx, struct str member, struct value *out)
{
    (void)ctx;
    *out = items[member.len % 4];
    return member.len < 8;
}

static size_t count(const void *ctx)
{
    (void)ctx;
    return 4;
}

static void at(const void *ctx, size_t index, struct str *name, struct value *out)
{
    (void)ctx;
    *name = STR("name");
    *out = items[index];
}

static const struct object_type object = {.get = get, .count = count, .at = at};

static bool lookup(void *ctx, struct str name, struct value *out)
{
    (void)ctx;
    *out = name.len == 1   ? value_array(items, 3)
           : name.len == 2 ? value_object(&object, NULL)
                           : items[name.len % 4];
    return name.len < 7;
}

static int render(const struct template *t, enum render_escape escape, struct buf *out)
{
    struct arena scratch = ARENA_INIT;
    struct template_scope scope = {NULL, lookup};
    struct template_error error = {0};
    struct render_options options = {
        .escape = escape,
        .now_s = 1709211909,
        .limits = {
            .iterations = 200, .output = OUTPUT_LIMIT, .scratch = SCRATCH_LIMIT, .work = 1 << 20}};
    buf_add_text(out, "before");
    int result = template_render(t, &scope, &options, &scratch, out, &error);
    assert(str_starts(buf_str(out), STR("before")));
    assert(out->len <= 6 + OUTPUT_LIMIT);
    assert(result == 0 || (out->len == 6 && error.line && error.column && error.text[0]));
    assert(str_is_utf8(buf_str(out)));
    arena_release(&scratch);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str source = {(const char *)data, size};
    struct template_error error = {0};
    struct template *t = template_compile(source, NULL, &error);
    if (!t) {
        assert(error.line && error.column && error.text[0]);
        return 0;
    }
    struct buf once = BUF_INIT, twice = BUF_INIT, html = BUF_INIT;
    assert(render(t, ESCAPE_NONE, &once) == render(t, ESCAPE_NONE, &twice));
    assert(str_eq(buf_str(&once), buf_str(&twice)));
    render(t, ESCAPE_HTML, &html);
    bool own = str_find(source, '<') || memmem(data, size, "raw", 3) ||
               memmem(data, size, "newline_to_br", 13);
    assert(own || !str_find(buf_str(&html), '<'));
    buf_release(&once);
    buf_release(&twice);
    buf_release(&html);
    template_free(t);
    return 0;
}
