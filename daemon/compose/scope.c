#include "compose/scope.h"

#include "store/choices.h"
#include "store/counters.h"
#include "store/sets.h"

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

/* A member that is a text; an empty one is there, and is blank. */
struct text_member {
    struct str name, value;
};

static bool find_text(const struct text_member *members, size_t count, struct str name,
                      struct value *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(name, members[i].name))
            continue;
        *out = value_str(members[i].value);
        return true;
    }
    return false;
}

static bool message_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    const struct message *m = s->mailing->message;
    const struct text_member members[] = {{STR("topic"), m->topic},
                                          {STR("language"), m->language},
                                          {STR("preheader"), m->preheader},
                                          {STR("subject"), s->subject}};
    return find_text(members, sizeof(members) / sizeof(members[0]), member, out);
}

static bool identity_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    const struct text_member members[] = {{STR("name"), s->sender},
                                          {STR("domain"), s->identity->domain},
                                          {STR("footer"), s->identity->footer}};
    return find_text(members, sizeof(members) / sizeof(members[0]), member, out);
}

static char *put(char *to, struct str text)
{
    memcpy(to, text.at, text.len);
    return to + text.len;
}

/* base_url/KIND/TOKEN, and /NUMBER unless that is 0. */
static struct value make_url(const struct scope *s, struct str kind, uint32_t contact,
                             unsigned number)
{
    struct str base = s->identity->base_url;
    char token[TOKEN_LENGTH + 1];
    char *url = arena_alloc(s->memory, base.len + kind.len + TOKEN_LENGTH + 1 + STR_U64_SIZE);
    token_make(s->tokens, TOKEN_LINKS, s->mailing->job, contact, token);
    char *end = put(put(put(url, base), kind), str_from(token, TOKEN_LENGTH));
    if (number) {
        *end++ = '/';
        end += str_u64(number, end);
    }
    return value_str(str_from(url, (size_t)(end - url)));
}

bool scope_tracks(const struct scope *s)
{
    return s->identity->track;
}

/* links.click["3"]; the numbers are those of the message's links, from 1. */
static bool click_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    uint64_t number;
    if (!str_to_u64(member, &number) || number == 0 || number > UINT16_MAX)
        return false;
    *out = make_url(s, STR("/c/"), s->contact->id, (unsigned)number);
    return true;
}

static const struct object_type click_type = {.get = click_get};

/* The page of preferences is for whom may unsubscribe; what everybody may see has no contact. */
static bool links_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    if (str_eq(member, STR("click")))
        *out = value_object(&click_type, ctx);
    else if (str_eq(member, STR("tracked")))
        *out = value_bool(scope_tracks(s));
    else if (str_eq(member, STR("unsubscribe")) || str_eq(member, STR("preferences")))
        *out = value_str(s->unsubscribe);
    else if (str_eq(member, STR("web")))
        *out = make_url(s, STR("/w/"), s->contact->id, 0);
    else if (str_eq(member, STR("share")))
        *out = make_url(s, STR("/w/"), 0, 0);
    else
        return false;
    return true;
}

static bool counters_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    int64_t number = 0;
    counter_read(s->txn, member, &number);
    *out = value_int(number);
    return true;
}

/* topics.torture: whether the contact still wants that. */
static bool topics_get(const void *ctx, struct str member, struct value *out)
{
    const struct scope *s = ctx;
    char key[TOPIC_MAX];
    uint32_t id = name_find(s->txn, NAME_TOPIC, topic_key(member, key));
    *out = value_bool(!id || !set_has(s->txn, SET_LEFT_TOPIC, id, s->contact->id));
    return true;
}

static const struct {
    struct str name;
    struct object_type type;
} roots[] = {
    {STR("contact"), {.get = contact_get}},   {STR("job"), {.get = job_get}},
    {STR("message"), {.get = message_get}},   {STR("links"), {.get = links_get}},
    {STR("identity"), {.get = identity_get}}, {STR("counters"), {.get = counters_get}},
    {STR("topics"), {.get = topics_get}},
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

int scope_number(struct str root)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (str_eq(root, roots[i].name))
            return (int)i;
    return -1;
}

struct template_scope scope_for(struct scope *scope)
{
    return (struct template_scope){.ctx = scope, .lookup = lookup};
}
