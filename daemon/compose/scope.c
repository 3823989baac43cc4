#include "compose/scope.h"

/* What every contact has. A column of the same name wins over `id` and `address`. */
static bool contact_own(const struct contact *contact, struct str member, struct value *out)
{
    if (str_eq(member, STR("email")) || str_eq(member, STR("address")))
        *out = value_str(contact->address);
    else if (str_eq(member, STR("id")))
        *out = value_int(contact->id);
    else
        return false;
    return true;
}

static bool contact_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    uint32_t attribute = name_recall(s->names, s->txn, NAME_ATTRIBUTE, member);
    struct str value = attribute ? contact_value(s->contact, attribute) : (struct str){NULL, 0};
    if (!value.at)
        return contact_own(s->contact, member, out);
    *out = value_loose(value);
    return true;
}

static bool job_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    if (str_eq(member, STR("id")))
        *out = value_int(s->mailing->job);
    else if (str_eq(member, STR("name")))
        *out = value_str(s->mailing->name);
    else
        return false;
    return true;
}

static bool message_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    if (str_eq(member, STR("topic")))
        *out = value_str(s->mailing->message->topic);
    else if (str_eq(member, STR("language")))
        *out = value_str(s->mailing->message->language);
    else
        return false;
    return true;
}

static bool links_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    if (!str_eq(member, STR("unsubscribe")))
        return false;
    *out = value_str(s->unsubscribe);
    return true;
}

static const struct {
    struct str name;
    struct object_type type;
} roots[] = {
    {STR("contact"), {.get = contact_get}},
    {STR("job"), {.get = job_get}},
    {STR("message"), {.get = message_get}},
    {STR("links"), {.get = links_get}},
};

static bool lookup(void *ctx, struct str name, struct value *out)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (!str_eq(name, roots[i].name))
            continue;
        *out = value_object(&roots[i].type, ctx);
        return true;
    }
    return false;
}

struct template_scope scope_for(struct scope *scope)
{
    return (struct template_scope){.ctx = scope, .lookup = lookup};
}
