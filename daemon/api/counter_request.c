#include "api/counter_request.h"

#include "api/body.h"
#include "api/client_key.h"

static int take_number(const json_t *object, const char *name, int64_t *out, struct err *err)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return err_set(err, "The field \"%s\" is missing.", name);
    if (!json_is_integer(value))
        return err_set(err, "The field \"%s\" must be a whole number.", name);
    *out = json_integer_value(value);
    return 0;
}

static int take_key(const json_t *value, struct arena *arena, struct str *out, struct err *err)
{
    struct err why;
    if (!value)
        return 0;
    if (!json_is_string(value))
        return err_set(err, "The field \"key\" must be a text.");
    *out = arena_str(arena, str_from(json_string_value(value), json_string_length(value)));
    if (client_key_check(*out, &why) != 0)
        return err_set(err, "The field \"key\" %s.", why.text);
    return 0;
}

static int take_set(json_t *object, struct counter_request *out, struct err *err)
{
    static const char *const names[] = {"value", NULL};
    if (body_check_fields(object, names, "to set a counter takes value", err) != 0)
        return -1;
    return take_number(object, "value", &out->number, err);
}

static int take_add(json_t *object, struct arena *arena, struct counter_request *out,
                    struct err *err)
{
    static const char *const names[] = {"add", "key", NULL};
    if (body_check_fields(object, names, "to add to a counter takes add and key", err) != 0 ||
        take_number(object, "add", &out->number, err) != 0)
        return -1;
    return take_key(json_object_get(object, "key"), arena, &out->key, err);
}

int counter_set_parse(struct str body, struct counter_request *out, struct err *err)
{
    json_t *object = json_of_body(body, err);
    *out = (struct counter_request){.key = STR("")};
    if (!object)
        return -1;
    int result = take_set(object, out, err);
    json_decref(object);
    return result;
}

int counter_add_parse(struct str body, struct arena *arena, struct counter_request *out,
                      struct err *err)
{
    json_t *object = json_of_body(body, err);
    *out = (struct counter_request){.key = STR("")};
    if (!object)
        return -1;
    int result = take_add(object, arena, out, err);
    json_decref(object);
    return result;
}
