#include "api/backup_request.h"

#include "api/body.h"

static int take_dir(const json_t *value, struct arena *arena, struct str *out, struct err *err)
{
    if (!value)
        return err_set(err, "The field \"dir\" is missing: the folder that the backup becomes.");
    if (!json_is_string(value))
        return err_set(err, "The field \"dir\" must be a text.");
    *out = arena_str(arena, str_from(json_string_value(value), json_string_length(value)));
    return 0;
}

static int take_wait(const json_t *value, bool *out, struct err *err)
{
    if (value && !json_is_boolean(value))
        return err_set(err, "The field \"wait\" must be true or false.");
    *out = !value || json_is_true(value);
    return 0;
}

static int refuse_unknown(json_t *object, struct err *err)
{
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *name = json_object_iter_key(at);
        if (strcmp(name, "dir") != 0 && strcmp(name, "wait") != 0)
            return err_set(err, "There is no field \"%.40s\": a backup has dir and wait.", name);
    }
    return 0;
}

static int take_object(json_t *object, struct arena *arena, struct backup_request *out,
                       struct err *err)
{
    if (!json_is_object(object))
        return err_set(err, "The body must be a JSON object.");
    if (refuse_unknown(object, err) != 0 ||
        take_dir(json_object_get(object, "dir"), arena, &out->dir, err) != 0)
        return -1;
    return take_wait(json_object_get(object, "wait"), &out->wait, err);
}

int backup_request_parse(struct str body, struct arena *arena, struct backup_request *out,
                         struct err *err)
{
    json_t *object = json_of_body(body, err);
    if (!object)
        return -1;
    int result = take_object(object, arena, out, err);
    json_decref(object);
    return result;
}
