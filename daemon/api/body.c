#include "api/body.h"

json_t *json_of_body(struct str body, struct err *err)
{
    json_error_t error;
    json_t *value = json_loadb(body.at ? body.at : "", body.len, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        err_set(err, "The body is not JSON at line %d, column %d: %s.", error.line, error.column,
                error.text);
    return value;
}

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

int body_check_fields(json_t *value, const char *const *names, const char *has, struct err *err)
{
    if (!json_is_object(value))
        return err_set(err, "The body must be a JSON object.");
    for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
        const char *name = json_object_iter_key(at);
        if (!is_one_of(names, name))
            return err_set(err, "There is no field \"%.40s\": %s.", name, has);
    }
    return 0;
}

int body_take_bool(json_t *object, const char *name, bool preset, bool *out, struct err *err)
{
    const json_t *value = json_object_get(object, name);
    if (value && !json_is_boolean(value))
        return err_set(err, "The field \"%s\" must be true or false.", name);
    *out = value ? json_is_true(value) : preset;
    return 0;
}
