#include "api/submission.h"

#include "api/body.h"
#include "api/client_key.h"
#include "base/base64.h"
#include "compose/enclose.h"

enum { SUBMISSION_PATH_MAX = 240 };

/* Whose body it is. */
enum { JOB = 1, CHECK = 2, PREVIEW = 4, ALL = 7 };

/* One row a field of the bodies. */
struct field {
    const char *name;
    unsigned in, needed; /* JOB … */
    int (*take)(const json_t *value, struct arena *arena, void *place, struct err *err);
    size_t offset; /* in struct message_request, which begins with a struct submission */
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

static int by_name(const void *a, const void *b)
{
    const struct bundle_file *x = a, *y = b;
    return str_compare(x->name, y->name);
}

/* The message's text is taken already; it becomes a bundle, the same in whichever order the files
 * come. */
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
    if (bundle.count == 0)
        return 0;
    qsort(bundle.files, bundle.count, sizeof(*bundle.files), by_name);
    bundle_write(&bundle, &bytes);
    *source = arena_str(arena, buf_str(&bytes));
    buf_release(&bytes);
    return 0;
}

#define PLACE(member) offsetof(struct message_request, member)

static const struct field fields[] = {
    {"message", ALL, ALL, take_text, PLACE(what.source)},
    {"to", JOB, JOB, take_text, PLACE(what.segment)},
    {"contact", PREVIEW, PREVIEW, take_text, PLACE(contact)},
    {"message_name", ALL, 0, take_text, PLACE(what.message_name)},
    {"name", JOB | PREVIEW, 0, take_text, PLACE(what.name)},
    {"identity", ALL, 0, take_text, PLACE(what.identity)},
    {"lane", JOB | PREVIEW, 0, take_lane, PLACE(what.lane)},
    {"guarantee", JOB, 0, take_guarantee, PLACE(what.guarantee)},
    {"pool", JOB, 0, take_text, PLACE(what.pool)},
    {"weight", JOB, 0, take_weight, PLACE(what.weight)},
    {"key", JOB, 0, take_key, PLACE(what.key)},
    {"dry_run", JOB, 0, take_bool, PLACE(what.dry_run)},
    {"eml", PREVIEW, 0, take_bool, PLACE(eml)},
    {"files", ALL, 0, take_files, PLACE(what.source)}, /* after the message */
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static bool field_is_known(const char *name, unsigned kind)
{
    for (size_t i = 0; i < FIELDS; i++)
        if ((fields[i].in & kind) && strcmp(fields[i].name, name) == 0)
            return true;
    return false;
}

static int fail_unknown(const char *name, unsigned kind, struct err *err)
{
    struct buf known = BUF_INIT;
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].in & kind)
            buf_addf(&known, "%s%s", known.len ? ", " : "", fields[i].name);
    err_set(err, "There is no field \"%.40s\"; there are %s.", name, known.at);
    buf_release(&known);
    return -1;
}

static int refuse_unknown(json_t *object, unsigned kind, struct err *err)
{
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        if (!field_is_known(json_object_iter_key(at), kind))
            return fail_unknown(json_object_iter_key(at), kind, err);
    return 0;
}

static int take_field(const struct field *field, unsigned kind, json_t *object, struct arena *arena,
                      struct message_request *out, struct err *err)
{
    const json_t *value = json_object_get(object, field->name);
    struct err why;
    if (!value && (field->needed & kind))
        return err_set(err, "The field \"%s\" is missing.", field->name);
    if (value && field->take(value, arena, (char *)out + field->offset, &why) != 0)
        return err_set(err, "The field \"%s\" %s.", field->name, why.text);
    return 0;
}

static int take_object(json_t *object, unsigned kind, struct arena *arena,
                       struct message_request *out, struct err *err)
{
    if (!json_is_object(object))
        return err_set(err, "The body must be a JSON object.");
    if (refuse_unknown(object, kind, err) != 0)
        return -1;
    *out = (struct message_request){.what = {.lane = LANE_BULK, .weight = 1}};
    for (size_t i = 0; i < FIELDS; i++)
        if (take_field(&fields[i], kind, object, arena, out, err) != 0)
            return -1;
    return 0;
}

static int parse(struct str body, unsigned kind, struct arena *arena, struct message_request *out,
                 struct err *err)
{
    json_t *object = json_of_body(body, err);
    if (!object)
        return -1;
    int result = take_object(object, kind, arena, out, err);
    json_decref(object);
    return result;
}

int submission_parse(struct str body, struct arena *arena, struct submission *out, struct err *err)
{
    struct message_request request;
    if (parse(body, JOB, arena, &request, err) != 0)
        return -1;
    *out = request.what;
    return 0;
}

int message_request_parse(struct str body, bool is_preview, struct arena *arena,
                          struct message_request *out, struct err *err)
{
    return parse(body, is_preview ? PREVIEW : CHECK, arena, out, err);
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
