/* Filters on arrays. Ranges and objects count as arrays of their items; other values are left
 * alone. */
#include "template/filters.h"
#include "template/space.h"
#include "template/utf8.h"

static bool has_items(const struct value *v)
{
    return v->kind == VALUE_ARRAY || v->kind == VALUE_RANGE ||
           (v->kind == VALUE_OBJECT && v->object.type->count);
}

/* All items of v in scratch, for changing; NULL if they are too many. */
static struct value *items_copy(struct call *c, const struct value *v, uint64_t count)
{
    struct value *items = render_alloc(c->r, count, sizeof(*items));
    render_work(c->r, count < SIZE_MAX ? (size_t)count : SIZE_MAX);
    for (uint64_t i = 0; items && i < count && !c->r->failed; i++)
        items[i] = value_item(c->r, v, i);
    return c->r->failed ? NULL : items;
}

void filter_first(struct call *c)
{
    bool some = has_items(&c->value) && value_count(&c->value);
    c->value = some ? value_item(c->r, &c->value, 0) : value_nil();
}

void filter_last(struct call *c)
{
    uint64_t count =
        has_items(&c->value) && c->value.kind != VALUE_OBJECT ? value_count(&c->value) : 0;
    c->value = count ? value_item(c->r, &c->value, count - 1) : value_nil();
}

void filter_size(struct call *c)
{
    uint64_t count = has_items(&c->value) ? value_count(&c->value) : 0;
    if (c->value.kind == VALUE_STR)
        count = utf8_count(c->value.str);
    c->value = value_int(count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

enum { MAX_JOIN_DEPTH = 20 };

/* Adds the items of v, and those of arrays in it; *first is true until one was added. */
static void join_items(struct call *c, const struct value *v, struct str between, bool *first,
                       int depth)
{
    uint64_t count = value_count(v);
    for (uint64_t i = 0; i < count && !c->r->failed; i++) {
        struct value item = value_item(c->r, v, i);
        render_work(c->r, 1);
        if (item.kind == VALUE_ARRAY && depth < MAX_JOIN_DEPTH) {
            join_items(c, &item, between, first, depth + 1);
            continue;
        }
        if (!*first)
            text_add(c->r, between);
        text_add_value(c->r, &item, false, false);
        *first = false;
    }
}

void filter_join(struct call *c)
{
    if (!has_items(&c->value))
        return;
    struct str between = c->count ? render_str(c->r, &c->args[0]) : STR(" ");
    bool first = true;
    size_t mark = text_begin(c->r);
    join_items(c, &c->value, between, &first, 0);
    c->value = text_end(c->r, mark);
}

void filter_reverse(struct call *c)
{
    if (!has_items(&c->value))
        return;
    uint64_t count = value_count(&c->value);
    struct value *items = items_copy(c, &c->value, count);
    if (!items)
        return;
    for (uint64_t i = 0; i < count / 2; i++) {
        struct value other = items[count - 1 - i];
        items[count - 1 - i] = items[i];
        items[i] = other;
    }
    c->value = value_array(items, count);
}

/* What an item is sorted by: itself, or its member. */
static struct value sort_key(struct call *c, const struct value *item)
{
    if (c->count == 0 || c->args[0].kind != VALUE_STR)
        return *item;
    return value_member(c->r, item, c->args[0].str);
}

/* True if b belongs before a; nil comes last. */
static bool goes_before(struct call *c, const struct value *b, const struct value *a)
{
    struct value x = sort_key(c, a), y = sort_key(c, b);
    int order = 0;
    if (x.kind == VALUE_NIL || y.kind == VALUE_NIL)
        return x.kind == VALUE_NIL && y.kind != VALUE_NIL;
    if (!value_order(&x, &y, &order))
        render_fail(c->r, "\"sort\" cannot put values of different kinds in order.");
    return order > 0;
}

/* Merges from[start..middle) and from[middle..end) into `to`; equal items keep their order. */
static void merge(struct call *c, const struct value *from, struct value *to, const size_t run[3])
{
    size_t left = run[0], right = run[1];
    for (size_t i = run[0]; i < run[2]; i++) {
        bool take_right =
            left == run[1] || (right < run[2] && goes_before(c, &from[right], &from[left]));
        to[i] = from[take_right ? right++ : left++];
    }
}

void filter_sort(struct call *c)
{
    if (!has_items(&c->value))
        return;
    uint64_t count = value_count(&c->value);
    struct value *from = items_copy(c, &c->value, count);
    struct value *to = from ? render_alloc(c->r, count, sizeof(*to)) : NULL;
    if (!to)
        return;
    for (size_t width = 1; width < count && !c->r->failed; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = middle + width < count ? middle + width : count;
            merge(c, from, to, (size_t[3]){start, middle, end});
        }
        struct value *sorted = to;
        to = from;
        from = sorted;
    }
    c->value = value_array(from, count);
}

/* The next part of *rest, which loses it: a character, a word, or what `by` ends. */
static struct str next_part(struct str *rest, struct str by)
{
    int32_t point;
    struct str part = {rest->at, 0};
    if (by.len == 0) {
        part.len = utf8_next(*rest, 0, &point);
        *rest = str_skip(*rest, part.len);
        return part;
    }
    const char *hit = memmem(rest->at, rest->len, by.at, by.len);
    part.len = hit ? (size_t)(hit - rest->at) : rest->len;
    *rest = str_skip(*rest, hit ? part.len + by.len : part.len);
    return part;
}

/* Parts of s into items (NULL to count them only); empty ones at the end do not count. */
static size_t split(struct str s, struct str by, struct value *items)
{
    bool words = str_eq(by, STR(" "));
    size_t count = 0, all = 0;
    while (s.len) {
        struct str part = words ? space_next_word(&s) : next_part(&s, by);
        if (items && (part.len || !words))
            items[all] = value_str(part);
        all++;
        if (part.len)
            count = all;
    }
    return items ? count : all;
}

void filter_split(struct call *c)
{
    struct str s = render_str(c->r, &c->value), by = render_str(c->r, &c->args[0]);
    struct value *items = render_alloc(c->r, split(s, by, NULL), sizeof(*items));
    if (items)
        c->value = value_array(items, split(s, by, items));
}
