#include "template/loop.h"

static bool loop_get(const void *ctx, struct str member, struct value *out)
{
    const struct loop *l = ctx;
    const struct {
        const char *name;
        struct value value;
    } members[] = {
        {"index", value_int((int64_t)l->index + 1)},
        {"index0", value_int((int64_t)l->index)},
        {"rindex", value_int((int64_t)(l->length - l->index))},
        {"rindex0", value_int((int64_t)(l->length - l->index) - 1)},
        {"length", value_int((int64_t)l->length)},
        {"first", value_bool(l->index == 0)},
        {"last", value_bool(l->index + 1 == l->length)},
        {"name", value_str(l->name)},
        {"parentloop", l->parent},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (!str_eq(member, str_of(members[i].name)))
            continue;
        *out = members[i].value;
        return true;
    }
    return false;
}

struct value loop_value(const struct loop *l)
{
    static const struct object_type type = {.get = loop_get};
    return value_object(&type, l);
}

struct loop *loop_new(struct render *r, struct str name, uint64_t length)
{
    struct loop *l = render_alloc(r, 1, sizeof(*l));
    if (l)
        *l = (struct loop){.name = name, .length = length};
    return l;
}

uint64_t loop_count(const struct value *items)
{
    if (items->kind == VALUE_OBJECT && !items->object.type->count)
        return 0;
    return value_count(items);
}
