/*
 * Any bytes as a template, with partials: the bytes up to the first RS (0x1E) are the template, and
 * what follows up to each next one are the partials "a", "b" and so on. Compiling says yes or gives
 * a sentence with a position; rendering keeps its limits, leaves the buffer alone when it fails,
 * gives the same twice, and writes nothing but valid UTF-8. Into a target it is the same, byte for
 * byte and error for error. In HTML the hostile value can leave no markup behind where the template
 * has no sign of HTML and no `raw` of its own. Every name of the outside is told once.
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

struct pieces {
    const struct template *template;
    struct buf text;
};

static void take_constant(void *ctx, uint32_t number)
{
    struct pieces *p = ctx;
    assert(number < template_constant_count(p->template));
    buf_add_str(&p->text, template_constant(p->template, number));
}

static void take_value(void *ctx, struct str text)
{
    struct pieces *p = ctx;
    assert(text.len > 0);
    buf_add_str(&p->text, text);
}

static int render(const struct template *t, enum render_escape escape,
                  const struct render_target *target, struct buf *out, struct template_error *error)
{
    struct arena scratch = ARENA_INIT;
    struct template_scope scope = {NULL, lookup};
    struct render_options options = {.escape = escape,
                                     .now_s = 1709211909,
                                     .limits = {.iterations = 200,
                                                .output = OUTPUT_LIMIT,
                                                .scratch = SCRATCH_LIMIT,
                                                .work = 1 << 20},
                                     .target = target};
    buf_add_text(out, "before");
    int result = template_render(t, &scope, &options, &scratch, out, error);
    assert(str_is_utf8(str_of(error->text)) && !strpbrk(error->text, "\r\n"));
    assert(str_starts(buf_str(out), STR("before")));
    assert(out->len <= 6 + OUTPUT_LIMIT);
    assert(result == 0 || (out->len == 6 && error->line && error->column && error->text[0]));
    assert(str_is_utf8(buf_str(out)));
    arena_release(&scratch);
    return result;
}

static void check_pieces(const struct template *t, enum render_escape escape, int plain_result,
                         struct str plain, const struct template_error *plain_error)
{
    struct pieces pieces = {.template = t};
    struct render_target target = {&pieces, take_constant, take_value};
    struct template_error error = {0};
    struct buf work = BUF_INIT;
    int result = render(t, escape, &target, &work, &error);
    assert(result == plain_result && work.len == 6);
    assert(pieces.text.len <= OUTPUT_LIMIT);
    assert(result != 0 || str_eq(buf_str(&pieces.text), str_skip(plain, 6)));
    assert(str_eq(str_of(error.text), str_of(plain_error->text)));
    buf_release(&work);
    buf_release(&pieces.text);
}

static void render_both(const struct template *t, enum render_escape escape, struct buf *out)
{
    struct template_error error = {0};
    int result = render(t, escape, NULL, out, &error);
    check_pieces(t, escape, result, buf_str(out), &error);
}

enum { MAX_PARTIALS = 8 };

struct sources {
    struct str texts[MAX_PARTIALS];
    size_t count;
};

static void partial_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    static const char names[] = "abcdefgh";
    const struct sources *s = ctx;
    *name = (struct str){names + index, 1};
    *source = s->texts[index];
}

static struct str cut_sources(struct str bytes, struct sources *s)
{
    struct str source = str_cut(&bytes, 0x1E);
    while (bytes.at && s->count < MAX_PARTIALS)
        s->texts[s->count++] = str_cut(&bytes, 0x1E);
    return source;
}

struct names {
    struct buf seen; /* each with a NUL before and after it, as no template has one in a name */
    unsigned count;
};

static void take_name(void *ctx, struct str name, unsigned line, unsigned column)
{
    struct names *n = ctx;
    struct buf quoted = BUF_INIT;
    assert(name.len && line && column && str_is_utf8(name));
    buf_add_byte(&quoted, 0);
    buf_add_str(&quoted, name);
    buf_add_byte(&quoted, 0);
    if (++n->count < 100 && !str_find(name, 0)) {
        assert(!n->seen.len || !memmem(n->seen.at, n->seen.len, quoted.at, quoted.len));
        buf_add_str(&n->seen, buf_str(&quoted));
    }
    buf_release(&quoted);
}

static void check_names(const struct template *t)
{
    struct names names = {.seen = BUF_INIT};
    template_each_name(t, take_name, &names);
    buf_release(&names.seen);
}

/* No sign of HTML, and no filter that makes some. */
static bool is_plain(struct str bytes)
{
    return !str_find(bytes, '<') && !memmem(bytes.at, bytes.len, "raw", 3) &&
           !memmem(bytes.at, bytes.len, "newline_to_br", 13);
}

static void check_template(const struct template *t, bool plain)
{
    struct template_error error = {0};
    struct buf once = BUF_INIT, twice = BUF_INIT, html = BUF_INIT;
    render_both(t, ESCAPE_NONE, &once);
    render(t, ESCAPE_NONE, NULL, &twice, &error);
    assert(str_eq(buf_str(&once), buf_str(&twice)));
    render_both(t, ESCAPE_HTML, &html);
    assert(!plain || !str_find(buf_str(&html), '<'));
    check_names(t);
    buf_release(&once);
    buf_release(&twice);
    buf_release(&html);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    struct sources sources = {.count = 0};
    struct str source = cut_sources(bytes, &sources);
    struct template_partials partials = {&sources, sources.count, partial_at};
    struct template_options options = {.partials = &partials};
    struct template_error error = {0};
    struct template *t = template_compile(source, &options, &error);
    if (!t) {
        assert(error.line && error.column && error.text[0]);
        assert(str_is_utf8(str_of(error.text)) && !strpbrk(error.text, "\r\n"));
        return 0;
    }
    check_template(t, is_plain(bytes));
    template_free(t);
    return 0;
}
