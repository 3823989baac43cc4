#include "template/filter_list.h"
#include "template/utf8.h"

enum { MAX_DEPTH = 20 };

/* Counts the items of an array and of arrays in it, and puts them to `out` unless that is NULL. */
static size_t flatten(struct call *c, const struct value *v, struct value *out, int depth)
{
    size_t count = 0;
    render_work(c->r, v->count);
    for (uint32_t i = 0; i < v->count && !c->r->failed; i++) {
        const struct value *item = &v->items[i];
        if (item->kind == VALUE_ARRAY && depth < MAX_DEPTH)
            count += flatten(c, item, out ? out + count : NULL, depth + 1);
        else if (out)
            out[count++] = *item;
        else
            count++;
    }
    return count;
}

static bool list_of_array(struct call *c, const struct value *v, struct list *out)
{
    out->count = flatten(c, v, NULL, 0);
    out->items = render_alloc(c->r, out->count, sizeof(*out->items));
    if (out->items)
        flatten(c, v, out->items, 0);
    return !c->r->failed && out->items;
}

static bool list_of_range(struct call *c, const struct value *v, struct list *out)
{
    uint64_t count = value_count(v);
    out->items = render_alloc(c->r, count, sizeof(*out->items));
    if (!out->items)
        return false;
    render_work(c->r, (size_t)count);
    for (out->count = 0; out->count < count; out->count++)
        out->items[out->count] = value_item(c->r, v, out->count);
    return !c->r->failed;
}

bool list_of(struct call *c, const struct value *v, struct list *out)
{
    *out = (struct list){NULL, 0};
    if (v->kind == VALUE_ARRAY)
        return list_of_array(c, v, out);
    if (v->kind == VALUE_RANGE)
        return list_of_range(c, v, out);
    out->items = render_alloc(c->r, 1, sizeof(*out->items));
    if (!out->items)
        return false;
    out->items[0] = *v;
    out->count = v->kind != VALUE_NIL && v->kind != VALUE_EMPTY && v->kind != VALUE_BLANK;
    return true;
}

static struct value character_at(struct str s, int64_t index)
{
    int64_t count = (int64_t)utf8_count(s);
    index = index < 0 ? index + count : index;
    if (index < 0 || index >= count)
        return value_nil();
    size_t at = utf8_offset(s, (size_t)index);
    s = str_skip(s, at);
    return value_str((struct str){s.at, utf8_offset(s, 1)});
}

static enum list_member text_member(struct call *c, struct str s, const struct value *key,
                                    struct value *out)
{
    render_work(c->r, s.len);
    if (key->kind == VALUE_INT) {
        *out = character_at(s, key->whole);
        return MEMBER_READ;
    }
    if (key->kind != VALUE_STR && key->kind != VALUE_NIL)
        return MEMBER_WRONG;
    struct str part = key->kind == VALUE_STR ? key->str : (struct str){NULL, 0};
    if (part.len == 0 || (s.len && memmem(s.at, s.len, part.at, part.len)))
        *out = key->kind == VALUE_STR ? *key : value_str(part);
    return MEMBER_READ;
}

enum list_member list_member(struct call *c, const struct value *item, const struct value *key,
                             struct value *out)
{
    *out = value_nil();
    switch ((enum value_kind)item->kind) {
    case VALUE_OBJECT:
        render_work(c->r, WORK_MEMBER);
        if (key->kind == VALUE_STR && !item->object.type->get(item->object.ctx, key->str, out))
            *out = value_nil();
        return MEMBER_READ;
    case VALUE_STR:
        return text_member(c, item->str, key, out);
    case VALUE_INT:
    case VALUE_FLOAT:
        if (!value_is_number(key))
            return MEMBER_WRONG;
        if (value_equals(item, key))
            *out = value_bool(true);
        return MEMBER_READ;
    case VALUE_ARRAY:
        return MEMBER_WRONG;
    default:
        return MEMBER_NEVER;
    }
}

void list_fail(struct call *c)
{
    render_fail(c->r, "\"%s\" cannot look for this property in every item of the list.",
                c->filter->name);
}

bool list_member_of(struct call *c, const struct value *item, const struct value *key,
                    struct value *out)
{
    if (list_member(c, item, key, out) == MEMBER_WRONG)
        list_fail(c);
    return !c->r->failed;
}

static bool same(struct call *c, const struct value *a, const struct value *b, int depth);

static bool same_object(struct call *c, const struct value *a, const struct value *b, int depth)
{
    const struct object_type *x = a->object.type, *y = b->object.type;
    if (x == y && a->object.ctx == b->object.ctx)
        return true;
    if (!x->count || !y->count || x->count(a->object.ctx) != y->count(b->object.ctx))
        return false;
    for (size_t i = 0; i < x->count(a->object.ctx) && !c->r->failed; i++) {
        struct str name = {NULL, 0};
        struct value one = value_nil(), other = value_nil();
        render_work(c->r, WORK_MEMBER);
        x->at(a->object.ctx, i, &name, &one);
        if (!y->get(b->object.ctx, name, &other) || !same(c, &one, &other, depth + 1))
            return false;
    }
    return true;
}

static bool same_array(struct call *c, const struct value *a, const struct value *b, int depth)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count && !c->r->failed; i++)
        if (!same(c, &a->items[i], &b->items[i], depth + 1))
            return false;
    return true;
}

static bool same(struct call *c, const struct value *a, const struct value *b, int depth)
{
    if (a->kind != b->kind || depth == MAX_DEPTH)
        return value_is_number(a) && value_equals(a, b);
    render_work(c->r, a->kind == VALUE_STR && a->str.len == b->str.len ? a->str.len : WORK_STEP);
    if (a->kind == VALUE_OBJECT)
        return same_object(c, a, b, depth);
    return a->kind == VALUE_ARRAY ? same_array(c, a, b, depth) : value_equals(a, b);
}

bool list_same(struct call *c, const struct value *a, const struct value *b)
{
    return same(c, a, b, 0);
}
