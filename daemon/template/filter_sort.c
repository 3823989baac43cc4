/*
 * Filters that compare the items of a list with each other, or a member of them. Nil goes last,
 * equal items keep their order.
 */
#include "base/hash.h"
#include "template/filter_list.h"

struct sortable {
    struct value item, key;
};

typedef bool sort_less(struct call *c, const struct value *a, const struct value *b);

/* The items with what they are compared by; false if there is no order for them. */
static bool sortables_of(struct call *c, struct list *list, struct sortable **out)
{
    if (!list_of(c, &c->value, list))
        return false;
    /* As many again for `merge` to write to. */
    *out = render_alloc(c->r, (uint64_t)list->count * 2, sizeof(**out));
    for (size_t i = 0; *out && i < list->count; i++) {
        struct sortable *s = &(*out)[i];
        s->item = s->key = list->items[i];
        if (c->args[0].kind == VALUE_NIL)
            continue;
        if (!list_member_of(c, &s->item, &c->args[0], &s->key))
            return false;
    }
    return *out;
}

/* Merges from[run[0]..run[1]) and from[run[1]..run[2]) into `to`. */
static void merge(struct call *c, sort_less *less, const struct sortable *from, struct sortable *to,
                  const size_t run[3])
{
    size_t left = run[0], right = run[1];
    for (size_t i = run[0]; i < run[2]; i++) {
        bool take_right =
            left == run[1] || (right < run[2] && less(c, &from[right].key, &from[left].key));
        to[i] = from[take_right ? right++ : left++];
    }
}

static const struct sortable *merge_sort(struct call *c, sort_less *less, struct sortable *from,
                                         size_t count)
{
    struct sortable *to = from + count;
    for (size_t width = 1; width < count && !c->r->failed; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = middle + width < count ? middle + width : count;
            merge(c, less, from, to, (size_t[3]){start, middle, end});
        }
        struct sortable *sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

/* Texts by bytes, numbers by size; nothing else has an order. */
static bool less_plain(struct call *c, const struct value *a, const struct value *b)
{
    int order = 0;
    if (a->kind == VALUE_NIL || b->kind == VALUE_NIL)
        return a->kind != VALUE_NIL && b->kind == VALUE_NIL;
    if (a->kind == VALUE_STR && b->kind == VALUE_STR)
        render_work(c->r, a->str.len < b->str.len ? a->str.len : b->str.len);
    if (!c->r->failed && !value_order(a, b, &order))
        render_fail(c->r, "\"sort\" cannot put values of different kinds in order.");
    return order < 0;
}

static void sort_by(struct call *c, sort_less *less, void (*prepare)(struct call *, struct value *))
{
    struct list list;
    struct sortable *all;
    if (!sortables_of(c, &list, &all))
        return;
    for (size_t i = 0; prepare && i < list.count && !c->r->failed; i++)
        prepare(c, &all[i].key);
    const struct sortable *sorted = merge_sort(c, less, all, list.count);
    for (size_t i = 0; i < list.count; i++)
        list.items[i] = sorted[i].item;
    c->value = value_array(list.items, list.count);
}

void filter_sort(struct call *c)
{
    sort_by(c, less_plain, NULL);
}

/* What an item reads as, in small letters. */
static void make_natural(struct call *c, struct value *key)
{
    if (key->kind != VALUE_NIL)
        *key = text_downcase(c->r, render_str(c->r, key));
}

void filter_sort_natural(struct call *c)
{
    sort_by(c, less_plain, make_natural);
}

/* The items that were seen, in an open hash table of numbers of items, from 1. */
struct seen {
    uint32_t *slots;
    size_t mask;
    struct value *keys;
};

/* The same for all that list_same holds for the same, except that objects and arrays are only told
 * from other things. */
static uint64_t hash_plain(struct call *c, const struct value *v)
{
    render_work(c->r, v->kind == VALUE_STR ? v->str.len : WORK_STEP);
    if (v->kind == VALUE_STR)
        return hash_bytes(v->str.at, v->str.len);
    double real = value_is_number(v) ? value_to_double(v) + 0.0 : v->kind;
    return hash_bytes(&real, sizeof(real));
}

/* The same for all that list_same holds for the same: of an object's members in any order. */
static uint64_t hash_of(struct call *c, const struct value *v)
{
    if (v->kind != VALUE_OBJECT || !v->object.type->count)
        return hash_plain(c, v);
    uint64_t sum = 0;
    size_t count = v->object.type->count(v->object.ctx);
    for (size_t i = 0; i < count && !c->r->failed; i++) {
        struct str name = {NULL, 0};
        struct value member = value_nil();
        render_work(c->r, WORK_MEMBER);
        v->object.type->at(v->object.ctx, i, &name, &member);
        uint64_t pair[2] = {hash_bytes(name.at, name.len), hash_plain(c, &member)};
        sum += hash_bytes(pair, sizeof(pair));
    }
    return sum;
}

/* True if the key number `index` is new; it is then among the seen ones. */
static bool seen_add(struct call *c, struct seen *s, size_t index)
{
    const struct value *key = &s->keys[index];
    size_t at = hash_of(c, key) & s->mask;
    for (; s->slots[at]; at = (at + 1) & s->mask)
        if (list_same(c, &s->keys[s->slots[at] - 1], key) || c->r->failed)
            return false;
    s->slots[at] = (uint32_t)index + 1;
    return true;
}

static bool seen_init(struct call *c, struct seen *s, size_t count)
{
    size_t size = 8;
    while (size < count * 2)
        size *= 2;
    s->slots = render_alloc(c->r, size, sizeof(*s->slots));
    s->keys = render_alloc(c->r, count, sizeof(*s->keys));
    s->mask = size - 1;
    if (s->slots)
        memset(s->slots, 0, size * sizeof(*s->slots));
    return s->slots && s->keys;
}

void filter_uniq(struct call *c)
{
    struct list list;
    struct seen seen;
    size_t count = 0;
    if (!list_of(c, &c->value, &list) || !seen_init(c, &seen, list.count))
        return;
    for (size_t i = 0; i < list.count && !c->r->failed; i++) {
        seen.keys[i] = list.items[i];
        if (c->args[0].kind != VALUE_NIL &&
            !list_member_of(c, &list.items[i], &c->args[0], &seen.keys[i]))
            return;
        if (seen_add(c, &seen, i))
            list.items[count++] = list.items[i];
    }
    c->value = value_array(list.items, count);
}
