/*
 * Filters that look into the items of a list. `key` is what is looked for, `wanted` what it must
 * be; without `wanted`, it must be true.
 */
#include "template/filter_list.h"

/* The answers of the list's items, one after the other. */
struct selection {
    struct list list;
    size_t next;
    bool never; /* an item had no members: there is no result */
};

static bool selection_start(struct call *c, struct selection *s)
{
    *s = (struct selection){0};
    return list_of(c, &c->value, &s->list);
}

/* The next item, and whether it is one of those; NULL at the end. */
static const struct value *selection_next(struct call *c, struct selection *s, bool *hit)
{
    struct value member;
    if (s->next == s->list.count || c->r->failed)
        return NULL;
    const struct value *item = &s->list.items[s->next++];
    enum list_member how = list_member(c, item, &c->args[0], &member);
    if (how == MEMBER_WRONG)
        list_fail(c);
    s->never = how == MEMBER_NEVER;
    if (how != MEMBER_READ)
        return NULL;
    *hit = value_is_true(&member);
    if (c->args[1].kind != VALUE_NIL)
        *hit = render_equals(c->r, &member, &c->args[1]);
    return item;
}

static void keep(struct call *c, bool wanted)
{
    struct selection s;
    const struct value *item;
    size_t count = 0;
    bool hit;
    if (!selection_start(c, &s))
        return;
    while ((item = selection_next(c, &s, &hit)))
        if (hit == wanted)
            s.list.items[count++] = *item;
    c->value = s.never ? value_nil() : value_array(s.list.items, count);
}

void filter_where(struct call *c)
{
    keep(c, true);
}

void filter_reject(struct call *c)
{
    keep(c, false);
}

/* The first item that is one of those, or NULL. */
static const struct value *search(struct call *c, struct selection *s)
{
    const struct value *item;
    bool hit;
    if (!selection_start(c, s))
        return NULL;
    while ((item = selection_next(c, s, &hit)))
        if (hit)
            return item;
    return NULL;
}

void filter_find_item(struct call *c)
{
    struct selection s;
    const struct value *found = search(c, &s);
    c->value = found ? *found : value_nil();
}

void filter_find_index(struct call *c)
{
    struct selection s;
    bool found = search(c, &s);
    c->value = found ? value_int((int64_t)s.next - 1) : value_nil();
}

void filter_has(struct call *c)
{
    struct selection s;
    bool found = search(c, &s);
    c->value = s.never ? value_nil() : value_bool(found);
}

void filter_map(struct call *c)
{
    struct list list;
    if (!list_of(c, &c->value, &list))
        return;
    for (size_t i = 0; i < list.count; i++) {
        struct value member;
        if (!list_member_of(c, &list.items[i], &c->args[0], &member))
            return;
        list.items[i] = member;
    }
    c->value = value_array(list.items, list.count);
}

void filter_compact(struct call *c)
{
    struct list list;
    size_t count = 0;
    if (!list_of(c, &c->value, &list))
        return;
    for (size_t i = 0; i < list.count; i++) {
        struct value member = list.items[i];
        if (c->count && c->args[0].kind != VALUE_NIL &&
            !list_member_of(c, &list.items[i], &c->args[0], &member))
            return;
        if (member.kind != VALUE_NIL)
            list.items[count++] = list.items[i];
    }
    c->value = value_array(list.items, count);
}

/* The sum of a member that is a list itself is the sum of its items. */
static struct value sum_of(struct call *c, const struct value *v)
{
    struct list list;
    struct value sum = value_int(0);
    if (v->kind == VALUE_STR)
        render_work(c->r, v->str.len);
    if (v->kind != VALUE_ARRAY)
        return value_number(v);
    if (!list_of(c, v, &list))
        return sum;
    for (size_t i = 0; i < list.count && !c->r->failed; i++) {
        render_work(c->r, list.items[i].kind == VALUE_STR ? list.items[i].str.len : 1);
        sum = number_add(sum, value_number(&list.items[i]));
    }
    return sum;
}

void filter_sum(struct call *c)
{
    struct list list;
    struct value sum = value_int(0);
    if (!list_of(c, &c->value, &list))
        return;
    for (size_t i = 0; i < list.count && !c->r->failed; i++) {
        struct value member = list.items[i];
        if (c->args[0].kind != VALUE_NIL &&
            !list_member_of(c, &list.items[i], &c->args[0], &member))
            return;
        sum = number_add(sum, sum_of(c, &member));
    }
    c->value = sum;
}
