#include "cli/json_value.h"

#include "base/buf.h"

enum { FEW = 16 }; /* members that are looked through one by one */

struct member {
    struct str name;
    struct value value;
};

struct json_object {
    const json_t *json;
    struct arena *arena;
    size_t count;
    struct member *members;        /* in the document's order */
    const struct member **by_name; /* the same, sorted */
};

static int compare_members(const void *a, const void *b)
{
    const struct member *const *x = a, *const *y = b;
    return str_compare((*x)->name, (*y)->name);
}

static const struct member *find_among_few(const struct json_object *o, struct str name)
{
    for (const struct member *m = o->members; m < o->members + o->count; m++)
        if (m->name.len == name.len && m->name.at[0] == name.at[0] && str_eq(m->name, name))
            return m;
    return NULL;
}

static const struct member *find_sorted(const struct json_object *o, struct str name)
{
    const struct member wanted = {.name = name}, *key = &wanted;
    const struct member *const *found =
        bsearch(&key, o->by_name, o->count, sizeof(*o->by_name), compare_members);
    return found ? *found : NULL;
}

static bool object_get(const void *ctx, struct str name, struct value *out)
{
    const struct json_object *o = ctx;
    bool few = o->count <= FEW && name.len > 0;
    const struct member *found = few ? find_among_few(o, name) : find_sorted(o, name);
    if (found)
        *out = found->value;
    return found != NULL;
}

static size_t object_count(const void *ctx)
{
    return ((const struct json_object *)ctx)->count;
}

static void object_at(const void *ctx, size_t index, struct str *name, struct value *out)
{
    const struct json_object *o = ctx;
    *name = o->members[index].name;
    *out = o->members[index].value;
}

static struct str object_text(const void *ctx)
{
    const struct json_object *o = ctx;
    char *text = json_dumps(o->json, JSON_REAL_PRECISION(15));
    struct str copy = arena_str(o->arena, str_of(text));
    free(text);
    return copy;
}

static const struct object_type object_type = {object_get, object_count, object_at, object_text};

static struct value object_value(const json_t *json, struct arena *arena)
{
    struct json_object *o = ARENA_NEW(arena, struct json_object);
    size_t count = json_object_size(json), i = 0;
    const char *name;
    json_t *member;
    *o = (struct json_object){.json = json,
                              .arena = arena,
                              .count = count,
                              .members = arena_alloc(arena, count * sizeof(*o->members)),
                              .by_name = arena_alloc(arena, count * sizeof(*o->by_name))};
    json_object_foreach((json_t *)(uintptr_t)json, name, member)
    {
        o->members[i] = (struct member){str_of(name), json_value(member, arena)};
        o->by_name[i] = &o->members[i];
        i++;
    }
    qsort(o->by_name, count, sizeof(*o->by_name), compare_members);
    return value_object(&object_type, o);
}

static struct value array_value(const json_t *json, struct arena *arena)
{
    size_t count = json_array_size(json);
    struct value *items = arena_alloc(arena, count * sizeof(*items));
    for (size_t i = 0; i < count; i++)
        items[i] = json_value(json_array_get(json, i), arena);
    return value_array(items, count);
}

struct value json_value(const json_t *json, struct arena *arena)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        return value_str((struct str){json_string_value(json), json_string_length(json)});
    case JSON_INTEGER:
        return value_int(json_integer_value(json));
    case JSON_REAL:
        return value_float(json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return value_bool(json_is_true(json));
    case JSON_ARRAY:
        return array_value(json, arena);
    case JSON_OBJECT:
        return object_value(json, arena);
    default:
        return value_nil();
    }
}

static bool scope_lookup(void *ctx, struct str name, struct value *out)
{
    const struct value *object = ctx;
    return object->object.type->get(object->object.ctx, name, out);
}

struct template_scope json_value_scope(const struct value *object)
{
    return (struct template_scope){(void *)(uintptr_t)object, scope_lookup};
}

static bool fits(struct str number)
{
    bool negative = str_starts(number, STR("-"));
    uint64_t size;
    return str_to_u64(str_skip(number, negative), &size) && size <= (uint64_t)INT64_MAX + negative;
}

static size_t string_length(struct str rest)
{
    size_t n = 1;
    while (n < rest.len && rest.at[n] != '"')
        n += rest.at[n] == '\\' ? 2 : 1;
    return n < rest.len ? n + 1 : rest.len;
}

/* Adds ".0" to the whole numbers that are too big to be one. */
static void widen(struct buf *out, struct str json)
{
    while (json.len > 0) {
        size_t n = 1;
        if (json.at[0] == '"') {
            n = string_length(json);
        } else if (json.at[0] == '-' || (json.at[0] >= '0' && json.at[0] <= '9')) {
            while (n < json.len && json.at[n] != '\0' && strchr("0123456789+-.eE", json.at[n]))
                n++;
        }
        struct str token = {json.at, n};
        bool whole = n > 18 && token.at[0] != '"' && !str_find(token, '.') &&
                     !str_find(token, 'e') && !str_find(token, 'E');
        buf_add_str(out, token);
        if (whole && !fits(token))
            buf_add_text(out, ".0");
        json = str_skip(json, n);
    }
}

static json_t *load(struct str bytes, json_error_t *error)
{
    return json_loadb(bytes.at ? bytes.at : "", bytes.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
                      error);
}

json_t *json_value_load(struct str bytes, struct err *err)
{
    json_error_t error;
    json_t *json = load(bytes, &error);
    if (!json && json_error_code(&error) == json_error_numeric_overflow) {
        struct buf wide = BUF_INIT;
        widen(&wide, bytes);
        json = load(buf_str(&wide), &error);
        buf_release(&wide);
    }
    if (!json)
        err_set(err, "This is no JSON: %s (column %d).", error.text, error.column);
    return json;
}
