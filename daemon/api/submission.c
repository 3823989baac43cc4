#include "api/submission.h"

#include "api/body.h"
#include "base/base64.h"
#include "compose/enclose.h"

enum { SUBMISSION_PATH_MAX = 240 };
#include "api/client_key.h"

/* One row a field of the body. */
struct field {
    const char *name;
    bool needed;
    int (*take)(const json_t *value, struct arena *arena, void *place, struct err *err);
    size_t offset; /* in struct submission */
};

static int take_text(const json_t *value, struct arena *arena, void *place, struct err *err)
{
    if (!json_is_string(value))
        return err_set(err, "must be a text");
    *(struct str *)place =
        arena_str(arena, str_from(json_string_value(value), json_string_length(value)));
    return 0;
}

static int take_bool(const json_t *value, struct arena *arena, void *place, struct err *err)
{
    (void)arena;
    if (!json_is_boolean(value))
        return err_set(err, "must be true or false");
    *(bool *)place = json_is_true(value);
    return 0;
}

static int take_lane(const json_t *value, struct arena *arena, void *place, struct err *err)
{
    (void)arena;
    const char *text = json_string_value(value);
    if (!text || !job_lane_parse(str_of(text), place))
        return err_set(err, "must be \"transactional\" or \"bulk\"");
    return 0;
}

static int take_guarantee(const json_t *value, struct arena *arena, void *place, struct err *err)
{
    enum job_guarantee *out = place;
    struct str text = str_of(json_string_value(value));
    (void)arena;
    if (str_eq(text, STR("at-least-once")))
        *out = GUARANTEE_AT_LEAST_ONCE;
    else if (str_eq(text, STR("at-most-once")))
        *out = GUARANTEE_AT_MOST_ONCE;
    else
        return err_set(err, "must be \"at-least-once\" or \"at-most-once\"");
    return 0;
}

static int take_weight(const json_t *value, struct arena *arena, void *place, struct err *err)
{
    (void)arena;
    json_int_t weight = json_integer_value(value); /* 0 of what is no integer */
    if (weight < 1 || weight > JOB_WEIGHT_MAX)
        return err_set(err, "must be a whole number from 1 to %d", JOB_WEIGHT_MAX);
    *(uint32_t *)place = (uint32_t)weight;
    return 0;
}

static int take_key(const json_t *value, struct arena *arena, void *place, struct err *err)
{
    if (take_text(value, arena, place, err) != 0)
        return -1;
    return client_key_check(*(struct str *)place, err);
}

static int take_file(const char *name, const json_t *value, struct bundle *bundle,
                     struct arena *arena, struct err *err)
{
    struct buf bytes = BUF_INIT, full = BUF_INIT;
    struct str coded = str_from(json_string_value(value), json_string_length(value));
    int result = -1;
    if (!json_is_string(value) || !base64_decode(coded, &bytes)) {
        err_set(err, "must have base64 for \"%.60s\"", name);
    } else if (strlen(name) > SUBMISSION_PATH_MAX || !*name) {
        err_set(err, "has a name that is empty or longer than %d bytes", SUBMISSION_PATH_MAX);
    } else {
        buf_addf(&full, "files/%s", name);
        struct bundle_file file = {arena_str(arena, buf_str(&full)),
                                   arena_str(arena, buf_str(&bytes))};
        result = bundle_add(bundle, file) ? 0 : err_set(err, "has too many files");
    }
    buf_release(&bytes);
    buf_release(&full);
    return result;
}

/* The message's text is taken already; it becomes a bundle. */
static int take_files(const json_t *value, struct arena *arena, void *place, struct err *err)
{
    struct str *source = place;
    struct bundle bundle = {.text = *source};
    struct buf bytes = BUF_INIT;
    const char *name;
    json_t *data;
    if (!json_is_object(value))
        return err_set(err, "must be an object, as {\"report.pdf\": \"JVBERi0=\"}");
    bundle.files = arena_alloc(arena, BUNDLE_FILES_MAX * sizeof(*bundle.files));
    json_object_foreach((json_t *)(uintptr_t)value, name, data)
    {
        if (take_file(name, data, &bundle, arena, err) != 0)
            return -1;
    }
    bundle_write(&bundle, &bytes);
    *source = arena_str(arena, buf_str(&bytes));
    buf_release(&bytes);
    return 0;
}

#define PLACE(member) offsetof(struct submission, member)

static const struct field fields[] = {
    {"message", true, take_text, PLACE(source)},
    {"to", true, take_text, PLACE(segment)},
    {"message_name", false, take_text, PLACE(message_name)},
    {"name", false, take_text, PLACE(name)},
    {"identity", false, take_text, PLACE(identity)},
    {"lane", false, take_lane, PLACE(lane)},
    {"guarantee", false, take_guarantee, PLACE(guarantee)},
    {"pool", false, take_text, PLACE(pool)},
    {"weight", false, take_weight, PLACE(weight)},
    {"key", false, take_key, PLACE(key)},
    {"dry_run", false, take_bool, PLACE(dry_run)},
    {"files", false, take_files, PLACE(source)}, /* after the message */
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static const struct field *field_find(const char *name)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static int refuse_unknown(json_t *object, struct err *err)
{
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        if (!field_find(json_object_iter_key(at)))
            return err_set(err,
                           "There is no field \"%.40s\": a job has message, to, message_name, "
                           "name, files, identity, lane, guarantee, pool, weight, key and dry_run.",
                           json_object_iter_key(at));
    return 0;
}

static int take_field(const struct field *field, json_t *object, struct arena *arena,
                      struct submission *out, struct err *err)
{
    const json_t *value = json_object_get(object, field->name);
    struct err why;
    if (!value)
        return field->needed ? err_set(err, "The field \"%s\" is missing.", field->name) : 0;
    if (field->take(value, arena, (char *)out + field->offset, &why) != 0)
        return err_set(err, "The field \"%s\" %s.", field->name, why.text);
    return 0;
}

static int take_object(json_t *object, struct arena *arena, struct submission *out, struct err *err)
{
    if (!json_is_object(object))
        return err_set(err, "The body must be a JSON object.");
    if (refuse_unknown(object, err) != 0)
        return -1;
    *out = (struct submission){.lane = LANE_BULK, .weight = 1};
    for (size_t i = 0; i < FIELDS; i++)
        if (take_field(&fields[i], object, arena, out, err) != 0)
            return -1;
    return 0;
}

int submission_parse(struct str body, struct arena *arena, struct submission *out, struct err *err)
{
    json_t *object = json_of_body(body, err);
    if (!object)
        return -1;
    int result = take_object(object, arena, out, err);
    json_decref(object);
    return result;
}

int submission_take_key(struct submission *submission, struct str key, struct err *err)
{
    struct err why;
    if (client_key_check(key, &why) != 0)
        return err_set(err, "The header Idempotency-Key %s.", why.text);
    if (submission->key.len && !str_eq(submission->key, key))
        return err_set(err, "The field \"key\" and the header Idempotency-Key are not the same: "
                            "give one of them.");
    submission->key = key;
    return 0;
}
