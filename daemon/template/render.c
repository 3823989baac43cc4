#include "template/render.h"

#include "template/html_entity.h"
#include "template/utf8.h"

static const struct render_limits default_limits = {
    .iterations = 100000,
    .output = (size_t)16 << 20,
    .scratch = (size_t)64 << 20,
    .work = (uint64_t)256 << 20,
};

enum { MAX_ARRAY_DEPTH = 20 };

void render_fail(struct render *r, const char *format, ...)
{
    char sentence[320];
    va_list args;
    if (r->failed)
        return;
    r->failed = true;
    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    template_fail(r->template, r->at, r->error, "%s", sentence);
}

void render_stop(struct render *r, struct str reason)
{
    if (r->failed)
        return;
    r->failed = r->aborted = true;
    template_say(r->template, r->at, r->error, reason);
}

void *render_alloc(struct render *r, uint64_t count, size_t size)
{
    size_t used = r->scratch->total - r->scratch_start;
    size_t left = used < r->limits.scratch ? r->limits.scratch - used : 0;
    if (size && count > left / size) {
        render_fail(r, "the values made on the way need more than %zu bytes.", r->limits.scratch);
        return NULL;
    }
    return arena_alloc(r->scratch, (size_t)count * size);
}

void render_overworked(struct render *r)
{
    render_fail(r,
                "this is too much work: tags, filters and comparisons took more than %llu steps.",
                (unsigned long long)r->limits.work);
}

bool render_equals(struct render *r, const struct value *a, const struct value *b)
{
    uint64_t looked_at = 0;
    bool equal = value_equals_counted(a, b, &looked_at);
    render_work(r, looked_at + WORK_STEP);
    return equal;
}

bool render_count(struct render *r)
{
    if (++r->iterations <= r->limits.iterations)
        return true;
    render_fail(r, "the loops and partials of this template go round more than %llu times.",
                (unsigned long long)r->limits.iterations);
    return false;
}

/* False, and failed, if so many bytes more are beyond the limit; false after any failure. */
static bool has_room(struct render *r, size_t bytes)
{
    if (r->failed)
        return false;
    size_t used = r->given + r->out->len - r->out_start;
    if (used <= r->limits.output && bytes <= r->limits.output - used)
        return true;
    render_fail(r, "the output is longer than %zu bytes.", r->limits.output);
    return false;
}

void text_add(struct render *r, struct str s)
{
    if (has_room(r, s.len))
        buf_add_str(r->out, s);
}

void text_add_byte(struct render *r, char byte)
{
    text_add(r, (struct str){&byte, 1});
}

struct value text_end(struct render *r, size_t mark)
{
    struct str made = {r->out->at + mark, r->out->len - mark};
    char *copy = made.len && !r->failed ? render_alloc(r, made.len, 1) : NULL;
    if (copy)
        memcpy(copy, made.at, made.len);
    buf_cut(r->out, mark);
    return value_str((struct str){copy, copy ? made.len : 0});
}

/* A character of two bytes, as most beyond ASCII in Latin scripts are. */
static bool is_pair(struct str s, size_t at)
{
    unsigned char lead = (unsigned char)s.at[at];
    return lead >= 0xC2 && lead <= 0xDF && s.len - at > 1 &&
           ((unsigned char)s.at[at + 1] & 0xC0) == 0x80;
}

/* What the character at s[at] becomes; empty if it stays. *len is its length. */
static struct str replacement_of(struct str s, size_t at, bool escape, size_t *len)
{
    unsigned char c = (unsigned char)s.at[at];
    int32_t point = c;
    *len = 1;
    if (c >= 0x80)
        *len = utf8_next(s, at, &point);
    if (point <= 0)
        return STR("\xef\xbf\xbd");
    return escape ? html_entity(s.at[at]) : (struct str){NULL, 0};
}

/* True where one of eight bytes is `byte`, `mask` aside; and perhaps where one nearly is. */
static uint64_t has_byte(uint64_t bytes, uint8_t mask, uint8_t byte)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t found = (bytes & (ones * mask)) ^ (ones * byte);
    return (found - ones) & ~found;
}

/* True if one of eight bytes is not ASCII, NUL, or one of & ' < > ": two of them differ in one bit
 * each. */
static bool has_special(const char *at)
{
    const uint64_t highs = 0x8080808080808080;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof(bytes));
    return ((bytes | has_byte(bytes, 0xFF, 0) | has_byte(bytes, 0xFE, '&') |
             has_byte(bytes, 0xFD, '<') | has_byte(bytes, 0xFF, '"')) &
            highs) != 0;
}

/* How many bytes from `at` on stay as they are, escaped or not. */
static size_t clean_length(struct str s, size_t at)
{
    static const bool changes[256] = {
        [0] = true,   ['&'] = true,  ['<'] = true,           ['>'] = true,
        ['"'] = true, ['\''] = true, [0x80 ... 0xFF] = true,
    };
    size_t n = at;
    for (;;) {
        while (s.len - n >= sizeof(uint64_t) && !has_special(s.at + n))
            n += sizeof(uint64_t);
        while (n < s.len && !changes[(unsigned char)s.at[n]])
            n++;
        if (n == s.len || !is_pair(s, n))
            return n - at;
        n += 2;
    }
}

void text_add_clean(struct render *r, struct str s, bool escape)
{
    size_t kept = 0, len;
    for (size_t at = clean_length(s, 0); at < s.len && !r->failed;) {
        struct str instead = replacement_of(s, at, escape, &len);
        if (instead.len) {
            text_add(r, (struct str){s.at + kept, at - kept});
            text_add(r, instead);
            kept = at + len;
        }
        at += len;
        at += clean_length(s, at);
    }
    text_add(r, str_skip(s, kept));
}

static void add_value(struct render *r, const struct value *v, bool clean, bool escape, int depth);

static void add_items(struct render *r, const struct value *v, bool clean, bool escape, int depth)
{
    if (depth == MAX_ARRAY_DEPTH)
        return;
    render_work(r, (uint64_t)v->count * 2);
    for (uint32_t i = 0; i < v->count && !r->failed; i++)
        add_value(r, &v->items[i], clean, escape, depth + 1);
}

static void add_str(struct render *r, struct str s, bool clean, bool escape)
{
    if (clean)
        text_add_clean(r, s, escape);
    else
        text_add(r, s);
}

static void add_range(struct render *r, const struct value *v)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "%lld..%lld", (long long)v->range.first,
                       (long long)v->range.last);
    text_add(r, (struct str){text, (size_t)len});
}

static void add_value(struct render *r, const struct value *v, bool clean, bool escape, int depth)
{
    char number[VALUE_NUMBER_SIZE];
    switch ((enum value_kind)v->kind) {
    case VALUE_STR:
        add_str(r, v->str, clean, escape && !v->markup);
        return;
    case VALUE_INT:
    case VALUE_FLOAT:
        text_add(r, (struct str){number, value_number_text(v, number)});
        return;
    case VALUE_BOOL:
        text_add(r, v->truth ? STR("true") : STR("false"));
        return;
    case VALUE_ARRAY:
        add_items(r, v, clean, escape, depth);
        return;
    case VALUE_RANGE:
        add_range(r, v);
        return;
    case VALUE_OBJECT:
        if (v->object.type->text)
            add_str(r, v->object.type->text(v->object.ctx), clean, escape);
        return;
    default:
        return;
    }
}

void text_add_value(struct render *r, const struct value *v, bool clean, bool escape)
{
    add_value(r, v, clean, escape, 0);
}

struct str render_str(struct render *r, const struct value *v)
{
    if (v->kind == VALUE_STR)
        return v->str;
    size_t mark = text_begin(r);
    text_add_value(r, v, false, false);
    return text_end(r, mark).str;
}

enum flow render_text(struct render *r, const struct node *n)
{
    struct str text = r->template->constants[n->constant];
    if (!r->target) {
        text_add(r, text);
    } else if (has_room(r, text.len)) {
        r->given += text.len;
        r->target->constant(r->target->ctx, n->constant);
    }
    return FLOW_NEXT;
}

/* What was made at the end of the buffer goes to the target. */
static void give(struct render *r, size_t mark)
{
    struct str made = {r->out->at + mark, r->out->len - mark};
    if (made.len && !r->failed)
        r->target->value(r->target->ctx, made);
    r->given += made.len;
    buf_cut(r->out, mark);
}

static inline void write_value(struct render *r, const struct value *v)
{
    size_t mark = text_begin(r);
    text_add_value(r, v, true, r->options->escape == ESCAPE_HTML);
    if (r->target)
        give(r, mark);
}

enum flow render_output(struct render *r, const struct node *n)
{
    struct value v = eval_chain(r, n->chain);
    write_value(r, &v);
    return FLOW_NEXT;
}

void render_value(struct render *r, const struct value *v)
{
    write_value(r, v);
}

enum flow render_block(struct render *r, const struct block *block)
{
    render_work(r, block->count * WORK_STEP);
    if (r->failed)
        return FLOW_STOP;
    for (size_t i = 0; i < block->count; i++) {
        const struct node *n = &block->nodes[i];
        r->at = n->at;
        enum flow flow = n->render(r, n);
        if (r->failed)
            return FLOW_STOP;
        if (flow != FLOW_NEXT)
            return flow;
    }
    return FLOW_NEXT;
}

static void limits_fill(struct render_limits *l)
{
    if (!l->iterations)
        l->iterations = default_limits.iterations;
    if (!l->output)
        l->output = default_limits.output;
    if (!l->scratch)
        l->scratch = default_limits.scratch;
    if (!l->work)
        l->work = default_limits.work;
}

/* A frame, its variables and its marks lie one after the other. */
static size_t frame_size(const struct template *t)
{
    return sizeof(struct frame) + t->symbol_count * sizeof(struct slot) +
           t->mark_count * sizeof(uint64_t);
}

static void frame_clear(const struct template *t, struct frame *f)
{
    struct frame *inner = f->inner;
    memset(f, 0, frame_size(t));
    f->slots = (struct slot *)(f + 1);
    f->marks = (uint64_t *)(f->slots + t->symbol_count);
    f->inner = inner;
}

struct frame *render_frame(struct render *r)
{
    struct frame *f = r->frame->inner;
    render_work(r, r->template->symbol_count);
    if (!f) {
        f = render_alloc(r, 1, frame_size(r->template));
        if (!f)
            return NULL;
        f->inner = NULL;
        r->frame->inner = f;
    }
    frame_clear(r->template, f);
    return r->failed ? NULL : f;
}

/* What every rendering needs, within the limits or not. */
static void render_begin(struct render *r)
{
    const struct template *t = r->template;
    r->frame = arena_alloc(r->scratch, frame_size(t));
    r->frame->inner = NULL;
    frame_clear(t, r->frame);
    r->outside = arena_zero(r->scratch, t->symbol_count * sizeof(*r->outside));
}

uint32_t template_constant_count(const struct template *t)
{
    return t->constant_count;
}

struct str template_constant(const struct template *t, uint32_t number)
{
    return t->constants[number];
}

int template_render(const struct template *t, const struct template_scope *scope,
                    const struct render_options *options, struct arena *scratch, struct buf *out,
                    struct template_error *error)
{
    struct render r = {
        .template = t,
        .scope = scope,
        .options = options,
        .limits = options->limits,
        .scratch = scratch,
        .out = out,
        .target = options->target,
        .out_start = out->len,
        .scratch_start = scratch->total,
        .error = error,
    };
    limits_fill(&r.limits);
    if (!options->target)
        buf_reserve(out, t->main.source.len);
    buf_add(out, NULL, 0); /* a NUL, also where nothing follows */
    render_begin(&r);
    render_block(&r, &t->main.body);
    if (!r.failed)
        return 0;
    buf_cut(out, r.out_start);
    return r.aborted ? TEMPLATE_ABORTED : -1;
}
