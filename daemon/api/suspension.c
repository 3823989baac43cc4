#include "api/suspension.h"

#include "api/body.h"
#include "config/units.h"
#include "store/restraints.h"

enum { MS = 1000, DAY_S = 24 * 60 * 60 };

static struct str text_of(const json_t *value)
{
    return str_from(json_string_value(value), json_string_length(value));
}

static int take_for(const json_t *value, int64_t *out, struct err *err)
{
    struct err why;
    int64_t ms;
    if (!value)
        return 0;
    if (!json_is_string(value))
        return err_set(err, "The field \"for\" must be a text such as \"30m\".");
    if (units_duration(text_of(value), &ms, &why) != 0)
        return err_set(err, "The field \"for\" %s.", why.text);
    if (ms < MS || ms > (int64_t)SUSPENSION_DAYS_MAX * DAY_S * MS)
        return err_set(err,
                       "The field \"for\" must be from 1s to %dd: leave it out to suspend until "
                       "somebody resumes.",
                       SUSPENSION_DAYS_MAX);
    *out = (ms + MS - 1) / MS;
    return 0;
}

static int take_reason(const json_t *value, struct arena *arena, struct str *out, struct err *err)
{
    if (!value)
        return 0;
    if (!json_is_string(value) || json_string_length(value) > RESTRAINT_TEXT_MAX)
        return err_set(err, "The field \"reason\" must be a text of at most %d bytes.",
                       RESTRAINT_TEXT_MAX);
    *out = arena_str(arena, text_of(value));
    return 0;
}

static int take_object(json_t *object, struct arena *arena, struct suspension *out, struct err *err)
{
    static const char *const names[] = {"for", "reason", "force", NULL};
    if (body_check_fields(object, names, "a suspension has for, reason and force", err) != 0 ||
        take_for(json_object_get(object, "for"), &out->for_s, err) != 0 ||
        take_reason(json_object_get(object, "reason"), arena, &out->reason, err) != 0)
        return -1;
    return body_take_bool(object, "force", false, &out->force, err);
}

int suspension_parse(struct str body, struct arena *arena, struct suspension *out, struct err *err)
{
    *out = (struct suspension){.reason = STR("")};
    if (!body.len)
        return 0;
    json_t *object = json_of_body(body, err);
    if (!object)
        return -1;
    int result = take_object(object, arena, out, err);
    json_decref(object);
    return result;
}
