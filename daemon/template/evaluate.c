#include "template/filters.h"
#include "template/number.h"
#include "template/utf8.h"

static void look_outside(struct render *r, uint32_t symbol)
{
    struct outside *outside = &r->outside[symbol];
    if (r->scope &&
        !r->scope->lookup(r->scope->ctx, r->template->symbols[symbol].name, &outside->value))
        outside->value = value_nil();
    outside->known = true;
}

struct value symbol_outside(struct render *r, uint32_t symbol)
{
    if (!r->outside[symbol].known)
        look_outside(r, symbol);
    return r->outside[symbol].value;
}

static struct value symbol_value(struct render *r, uint32_t symbol)
{
    struct slot *slot = &r->frame->slots[symbol];
    if (slot->scoped_set)
        return slot->scoped;
    if (slot->local_set)
        return slot->local;
    return slot->counter_set ? value_int(slot->counter) : symbol_outside(r, symbol);
}

/* {{ [name] }}: a name that is only known now. */
static struct value named_value(struct render *r, struct str name)
{
    struct value v = value_nil();
    render_work(r, (uint64_t)r->template->symbol_count + WORK_MEMBER);
    for (uint32_t i = 0; i < r->template->symbol_count; i++)
        if (str_eq(r->template->symbols[i].name, name))
            return symbol_value(r, i);
    if (r->scope && !r->scope->lookup(r->scope->ctx, name, &v))
        return value_nil();
    return v;
}

struct value object_pair(struct render *r, const struct value *object, size_t index)
{
    struct value *pair = render_alloc(r, 2, sizeof(*pair));
    if (!pair)
        return value_nil();
    struct str name = {NULL, 0};
    pair[1] = value_nil();
    object->object.type->at(object->object.ctx, index, &name, &pair[1]);
    pair[0] = value_str(name);
    return value_array(pair, 2);
}

struct value value_item(struct render *r, const struct value *v, uint64_t index)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_ARRAY:
        return v->items[index];
    case VALUE_RANGE:
        return value_int((int64_t)((uint64_t)v->range.first + index));
    case VALUE_OBJECT:
        return v->object.type->at ? object_pair(r, v, index) : value_nil();
    default:
        return *v;
    }
}

/* `size`, `first` and `last` of what has items. */
static struct value counted_member(struct render *r, const struct value *v, struct str name)
{
    uint64_t count = value_count(v);
    if (str_eq(name, STR("size")))
        return value_int(count > INT64_MAX ? INT64_MAX : (int64_t)count);
    if (count && str_eq(name, STR("first")))
        return value_item(r, v, 0);
    if (count && v->kind != VALUE_OBJECT && str_eq(name, STR("last")))
        return value_item(r, v, count - 1);
    return value_nil();
}

struct value value_member(struct render *r, const struct value *v, struct str name)
{
    struct value out = value_nil();
    switch ((enum value_kind)v->kind) {
    case VALUE_OBJECT:
        render_work(r, WORK_MEMBER);
        if (v->object.type->get(v->object.ctx, name, &out))
            return out;
        return v->object.type->count ? counted_member(r, v, name) : value_nil();
    case VALUE_ARRAY:
    case VALUE_RANGE:
        return counted_member(r, v, name);
    case VALUE_STR:
        render_work(r, v->str.len);
        return str_eq(name, STR("size")) ? value_int((int64_t)utf8_count(v->str)) : value_nil();
    default:
        return value_nil();
    }
}

static struct value indexed(struct render *r, const struct value *v, const struct value *index)
{
    if (index->kind == VALUE_STR)
        return value_member(r, v, index->str);
    if (index->kind != VALUE_INT || v->kind != VALUE_ARRAY)
        return value_nil();
    int64_t i = index->whole < 0 ? index->whole + v->count : index->whole;
    return i >= 0 && i < v->count ? v->items[i] : value_nil();
}

static struct value eval_path(struct render *r, const struct path *path)
{
    struct value v;
    if (path->root) {
        struct value name = eval_expr(r, path->root);
        v = named_value(r, render_str(r, &name));
    } else {
        v = symbol_value(r, path->symbol);
    }
    for (size_t i = 0; i < path->count && v.kind != VALUE_NIL; i++) {
        const struct step *step = &path->steps[i];
        if (!step->index) {
            v = value_member(r, &v, step->name);
            continue;
        }
        struct value index = eval_expr(r, step->index);
        v = indexed(r, &v, &index);
    }
    return v;
}

static size_t text_length(const struct value *v)
{
    return v->kind == VALUE_STR ? v->str.len : 0;
}

/* A limit of a range: what is no whole number counts as the number it begins with. */
static int64_t range_limit(struct render *r, const struct expr *e)
{
    struct value v = eval_expr(r, e);
    render_work(r, text_length(&v));
    struct value number = value_number(&v);
    int64_t whole = 0;
    value_to_int(&number, &whole);
    return whole;
}

struct value eval_expr(struct render *r, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_PATH:
        return eval_path(r, e->path);
    case EXPR_RANGE:
        return value_range(range_limit(r, &e->range->first), range_limit(r, &e->range->last));
    default:
        return e->literal;
    }
}

static void apply(struct call *c, const struct applied_filter *f)
{
    uint64_t work = WORK_FILTER + text_length(&c->value);
    c->filter = f->filter;
    c->count = f->count;
    for (size_t i = 0; i < FILTER_MAX_ARGS; i++) {
        c->args[i] = i < f->count ? eval_expr(c->r, &f->args[i]) : value_nil();
        work += text_length(&c->args[i]);
    }
    c->option = f->option ? eval_expr(c->r, f->option) : value_nil();
    render_work(c->r, work);
    bool markup = c->value.kind == VALUE_STR && c->value.markup;
    f->filter->apply(c);
    if (markup && f->filter->keeps_markup)
        c->value.markup = true;
}

struct value eval_chain(struct render *r, const struct chain *chain)
{
    if (chain->count == 0)
        return eval_expr(r, &chain->base);
    struct call c; /* `apply` sets the rest of it */
    c.r = r;
    c.value = eval_expr(r, &chain->base);
    for (size_t i = 0; i < chain->count && !r->failed; i++)
        apply(&c, &chain->filters[i]);
    return c.value;
}

static bool contains(struct render *r, const struct value *left, const struct value *right)
{
    struct value ignored;
    if (!value_is_true(right))
        return false;
    if (left->kind == VALUE_ARRAY) {
        for (uint32_t i = 0; i < left->count && !r->failed; i++)
            if (render_equals(r, &left->items[i], right))
                return true;
        return false;
    }
    struct str needle = render_str(r, right);
    render_work(r, left->kind == VALUE_OBJECT ? WORK_MEMBER : text_length(left));
    if (left->kind == VALUE_OBJECT)
        return left->object.type->get(left->object.ctx, needle, &ignored);
    if (left->kind != VALUE_STR)
        return false;
    return needle.len == 0 ||
           (left->str.len && memmem(left->str.at, left->str.len, needle.at, needle.len));
}

static const char *kind_name(const struct value *v)
{
    return v->kind == VALUE_STR ? "a text" : "a number";
}

static bool in_order(struct render *r, enum compare compare, const struct value *a,
                     const struct value *b)
{
    int order;
    if (a->kind == VALUE_STR && b->kind == VALUE_STR)
        render_work(r, a->str.len < b->str.len ? a->str.len : b->str.len);
    if (!value_order(a, b, &order)) {
        bool a_text = a->kind == VALUE_STR && !a->loose, b_text = b->kind == VALUE_STR && !b->loose;
        if ((a_text && value_is_number(b)) || (b_text && value_is_number(a)))
            render_fail(
                r, "%s cannot be compared with %s by < or >; add \"plus: 0\" to make a number.",
                kind_name(a), kind_name(b));
        return false;
    }
    switch (compare) {
    case COMPARE_LESS:
        return order < 0;
    case COMPARE_MORE:
        return order > 0;
    case COMPARE_LESS_EQUAL:
        return order <= 0;
    default:
        return order >= 0;
    }
}

/* Loose text that is compared with a number is one, if all of it is; else it is neither equal to
 * the number nor in any order with it. */
static void take_as_number(struct render *r, struct value *v, const struct value *other)
{
    struct number n;
    if (v->kind != VALUE_STR || !v->loose || !value_is_number(other))
        return;
    render_work(r, v->str.len);
    struct str s = str_trim(v->str);
    if (s.len && number_scan(s, &n) == s.len)
        *v = value_number(v);
}

static bool eval_test(struct render *r, const struct test *t)
{
    struct value left = eval_expr(r, &t->left);
    render_work(r, WORK_STEP);
    if (t->compare == COMPARE_TRUTH)
        return value_is_true(&left);
    struct value right = eval_expr(r, &t->right);
    take_as_number(r, &left, &right);
    take_as_number(r, &right, &left);
    switch (t->compare) {
    case COMPARE_EQUAL:
        return render_equals(r, &left, &right);
    case COMPARE_UNEQUAL:
        return !render_equals(r, &left, &right);
    case COMPARE_CONTAINS:
        return contains(r, &left, &right);
    default:
        return in_order(r, t->compare, &left, &right);
    }
}

/* a OP (b OP (c …)): from the left, whatever decides ends it. */
bool eval_condition(struct render *r, const struct condition *c)
{
    bool truth = false;
    for (size_t i = 0; i < c->count; i++) {
        truth = eval_test(r, &c->tests[i]);
        if (i + 1 < c->count && truth == c->tests[i].or_next)
            break;
    }
    return truth;
}
