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

static void prepare_quoted(struct part *part, struct arena *memory)
{
    uint32_t count = template_constant_count(part->template);
    part->constants = arena_zero(memory, count * sizeof(*part->constants));
    for (uint32_t i = 0; i < count; i++)
        quoted_prepare(&part->constants[i], template_constant(part->template, i), memory);
}

/* The constants as they stand, unless one of them cannot. */
static void prepare_bare(struct part *part, struct arena *memory)
{
    uint32_t count = template_constant_count(part->template);
    part->bares = arena_zero(memory, count * sizeof(*part->bares));
    part->bare = ENCODING_7BIT;
    for (uint32_t i = 0; i < count && part->bare != ENCODING_QUOTED; i++) {
        verbatim_prepare(&part->bares[i], template_constant(part->template, i), memory);
        enum mail_encoding is = verbatim_piece_encoding(&part->bares[i]);
        if (is != ENCODING_7BIT)
            part->bare = is;
    }
}

int part_compile(struct part *part, struct str text, const struct template_partials *partials,
                 struct arena *memory, struct err *err)
{
    part->template = part_template(text, 1, partials, err);
    if (!part->template)
        return -1;
    part->encoding = encode_choose(text);
    prepare_bare(part, memory);
    if (part->encoding == ENCODING_QUOTED)
        prepare_quoted(part, memory);
    return 0;
}

void part_release(struct part *part)
{
    template_free(part->template);
    part->template = NULL;
}

/* Where 8bit may be sent it is said at once: a value may need it that the constants do not. */
enum mail_encoding part_encoding(const struct part *part, bool eight_bit)
{
    if (part->bare == ENCODING_QUOTED || (part->bare == ENCODING_8BIT && !eight_bit))
        return part->encoding;
    return eight_bit ? ENCODING_8BIT : ENCODING_7BIT;
}

struct writing {
    const struct part *part;
    struct quoted quoted;
    struct verbatim verbatim;
};

static void put_quoted(void *ctx, uint32_t number)
{
    struct writing *w = ctx;
    quoted_put(&w->quoted, &w->part->constants[number]);
}

static void add_quoted(void *ctx, struct str text)
{
    struct writing *w = ctx;
    quoted_add(&w->quoted, text);
}

static void put_bare(void *ctx, uint32_t number)
{
    struct writing *w = ctx;
    verbatim_put(&w->verbatim, &w->part->bares[number]);
}

static void add_bare(void *ctx, struct str text)
{
    struct writing *w = ctx;
    verbatim_add(&w->verbatim, text);
}

static bool fits(const struct verbatim *v, enum mail_encoding encoding)
{
    enum mail_encoding is = verbatim_encoding(v);
    return is == ENCODING_7BIT || is == encoding;
}

static int render_pieces(const struct part *part, enum mail_encoding encoding,
                         const struct template_scope *scope, struct render_options options,
                         struct arena *scratch, struct buf *plain, struct buf *out,
                         struct template_error *error)
{
    bool bare = encoding != ENCODING_QUOTED;
    struct writing w = {.part = part};
    struct render_target target = {
        .ctx = &w, .constant = bare ? put_bare : put_quoted, .value = bare ? add_bare : add_quoted};
    if (bare)
        verbatim_begin(&w.verbatim, out);
    else
        quoted_begin(&w.quoted, out);
    options.target = &target;
    int result = template_render(part->template, scope, &options, scratch, plain, error);
    return result == 0 && bare && !fits(&w.verbatim, encoding) ? PART_UNFIT : result;
}

int part_render(const struct part *part, enum mail_encoding encoding,
                const struct template_scope *scope, const struct render_options *options,
                struct arena *scratch, struct buf *plain, struct buf *out,
                struct template_error *error)
{
    buf_reset(plain);
    if (encoding != ENCODING_BASE64)
        return render_pieces(part, encoding, scope, *options, scratch, plain, out, error);
    int result = template_render(part->template, scope, options, scratch, plain, error);
    if (result == 0)
        encode_base64_text(out, buf_str(plain));
    return result;
}
