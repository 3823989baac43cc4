/* Filters on lists as a whole; those that look into their items are in filter_select.c and
 * filter_sort.c. */
#include "template/filter_list.h"
#include "template/space.h"
#include "template/utf8.h"

void filter_first(struct call *c)
{
    bool some = value_has_items(&c->value) && value_count(&c->value);
    c->value = some ? value_item(c->r, &c->value, 0) : value_nil();
}

void filter_last(struct call *c)
{
    uint64_t count =
        value_has_items(&c->value) && c->value.kind != VALUE_OBJECT ? value_count(&c->value) : 0;
    c->value = count ? value_item(c->r, &c->value, count - 1) : value_nil();
}

void filter_size(struct call *c)
{
    uint64_t count = value_has_items(&c->value) ? value_count(&c->value) : 0;
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
    if (!value_has_items(&c->value))
        return;
    struct str between = c->count ? render_str(c->r, &c->args[0]) : STR(" ");
    bool first = true;
    size_t mark = text_begin(c->r);
    join_items(c, &c->value, between, &first, 0);
    c->value = text_end(c->r, mark);
}

void filter_reverse(struct call *c)
{
    struct list list;
    if (!list_of(c, &c->value, &list))
        return;
    for (size_t i = 0; i < list.count / 2; i++) {
        struct value other = list.items[list.count - 1 - i];
        list.items[list.count - 1 - i] = list.items[i];
        list.items[i] = other;
    }
    c->value = value_array(list.items, list.count);
}

void filter_concat(struct call *c)
{
    struct list left, right;
    if (c->args[0].kind != VALUE_ARRAY && c->args[0].kind != VALUE_RANGE)
        render_fail(c->r, "the argument of \"concat\" must be a list.");
    if (c->r->failed || !list_of(c, &c->value, &left) || !list_of(c, &c->args[0], &right))
        return;
    struct value *all = render_alloc(c->r, (uint64_t)left.count + right.count, sizeof(*all));
    if (!all)
        return;
    memcpy(all, left.items, left.count * sizeof(*all));
    memcpy(all + left.count, right.items, right.count * sizeof(*all));
    c->value = value_array(all, left.count + right.count);
}

/* Whole numbers, and text that is nothing but one. */
static bool take_whole(struct call *c, size_t number, int64_t *out)
{
    const struct value *v = &c->args[number];
    if (v->kind != VALUE_FLOAT && value_to_int(v, out))
        return true;
    render_fail(c->r, "the arguments of \"slice\" must be whole numbers.");
    return false;
}

/* The part [*start, *end) of `count` things; from the end if it starts below 0. */
static void cut_part(int64_t offset, int64_t length, uint64_t count, uint64_t *start, uint64_t *end)
{
    uint64_t back = offset < 0 ? 0 - (uint64_t)offset : 0;
    *start = offset < 0 ? count - back : (uint64_t)offset;
    *end = *start;
    if (back > count || *start >= count || length <= 0)
        *start = *end = 0;
    else
        *end = (uint64_t)length < count - *start ? *start + (uint64_t)length : count;
}

static void slice_list(struct call *c, int64_t offset, int64_t length)
{
    uint64_t start, end;
    cut_part(offset, length, value_count(&c->value), &start, &end);
    if (c->value.kind == VALUE_ARRAY) {
        c->value = value_array(c->value.items ? c->value.items + start : NULL, end - start);
        return;
    }
    int64_t first = (int64_t)((uint64_t)c->value.range.first + start);
    c->value = end > start ? value_range(first, (int64_t)((uint64_t)first + (end - start - 1)))
                           : value_array(NULL, 0);
}

void filter_slice(struct call *c)
{
    int64_t offset, length = 1;
    uint64_t start, end;
    if (!take_whole(c, 0, &offset))
        return;
    if (value_is_true(&c->args[1]) && !take_whole(c, 1, &length))
        return;
    if (c->value.kind == VALUE_ARRAY || c->value.kind == VALUE_RANGE) {
        slice_list(c, offset, length);
        return;
    }
    struct str s = render_str(c->r, &c->value);
    cut_part(offset, length, utf8_count(s), &start, &end);
    s = str_skip(s, utf8_offset(s, start));
    c->value = value_str((struct str){s.at, utf8_offset(s, end - start)});
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
