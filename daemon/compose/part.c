#include "compose/part.h"

struct template *part_template(struct str text, unsigned first_line,
                               const struct template_partials *partials, struct err *err)
{
    struct template_error error;
    struct template_options options = {.first_line = first_line, .partials = partials};
    struct template *t = template_compile(text, &options, &error);
    if (!t)
        err_set(err, "%s", error.text);
    return t;
}

static void prepare_constants(struct part *part, struct arena *memory)
{
    uint32_t count = template_constant_count(part->template);
    part->constants = arena_zero(memory, count * sizeof(*part->constants));
    for (uint32_t i = 0; i < count; i++)
        quoted_prepare(&part->constants[i], template_constant(part->template, i), memory);
}

int part_compile(struct part *part, struct str text, const struct template_partials *partials,
                 struct arena *memory, struct err *err)
{
    part->template = part_template(text, 1, partials, err);
    if (!part->template)
        return -1;
    part->encoding = encode_choose(text);
    if (part->encoding == ENCODING_QUOTED)
        prepare_constants(part, memory);
    return 0;
}

void part_release(struct part *part)
{
    template_free(part->template);
    part->template = NULL;
}

struct writing {
    const struct part *part;
    struct quoted quoted;
};

static void put_constant(void *ctx, uint32_t number)
{
    struct writing *w = ctx;
    quoted_put(&w->quoted, &w->part->constants[number]);
}

static void add_value(void *ctx, struct str text)
{
    struct writing *w = ctx;
    quoted_add(&w->quoted, text);
}

static int render_quoted(const struct part *part, const struct template_scope *scope,
                         struct render_options options, struct arena *scratch, struct buf *plain,
                         struct buf *out, struct template_error *error)
{
    struct writing w = {.part = part};
    struct render_target target = {.ctx = &w, .constant = put_constant, .value = add_value};
    quoted_begin(&w.quoted, out);
    options.target = &target;
    return template_render(part->template, scope, &options, scratch, plain, error);
}

int part_render(const struct part *part, const struct template_scope *scope,
                const struct render_options *options, struct arena *scratch, struct buf *plain,
                struct buf *out, struct template_error *error)
{
    buf_reset(plain);
    if (part->encoding == ENCODING_QUOTED)
        return render_quoted(part, scope, *options, scratch, plain, out, error);
    int result = template_render(part->template, scope, options, scratch, plain, error);
    if (result == 0)
        encode_base64_text(out, buf_str(plain));
    return result;
}
