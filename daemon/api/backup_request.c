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

static int take_object(json_t *object, struct arena *arena, struct backup_request *out,
                       struct err *err)
{
    static const char *const names[] = {"dir", "wait", NULL};
    if (body_check_fields(object, names, "a backup has dir and wait", err) != 0 ||
        take_dir(json_object_get(object, "dir"), arena, &out->dir, err) != 0)
        return -1;
    return body_take_bool(object, "wait", true, &out->wait, err);
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
