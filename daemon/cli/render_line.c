#include "cli/render_line.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/suggest.h"
#include "cli/json_value.h"
#include "cli/moment.h"
#include "cli/text.h"
#include "template/language.h"
#include "template/liquid.h"
#include "template/zone.h"

struct partial {
    struct str name, source;
};

/* What a line asks for; views of its JSON, and of the arena. */
struct request {
    struct arena *arena;
    struct str template;
    struct value data;
    struct partial *partials;
    size_t partial_count;
    struct render_options options;
};

static struct str text_of(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

static int set_template(struct request *r, const json_t *json, struct err *err)
{
    (void)err;
    r->template = text_of(json);
    return 0;
}

static int set_data(struct request *r, const json_t *json, struct err *err)
{
    (void)err;
    r->data = json_value(json, r->arena);
    return 0;
}

static int set_now(struct request *r, const json_t *json, struct err *err)
{
    if (moment_parse(text_of(json), &r->options.now_s))
        return 0;
    return err_set(err, "\"now\" is no moment: write it as in \"2024-01-31T18:30:00Z\" or "
                        "\"2024-01-31T19:30:00+01:00\".");
}

static int set_timezone(struct request *r, const json_t *json, struct err *err)
{
    r->options.zone = zone_find(text_of(json), err);
    return r->options.zone ? 0 : -1;
}

static int set_language(struct request *r, const json_t *json, struct err *err)
{
    struct str tag = text_of(json);
    r->options.language = template_language_find(tag);
    if (r->options.language || tag.len == 0)
        return 0;
    return err_set(err, "The names of days and months are not known in the language \"%s\".",
                   json_string_value(json));
}

static int set_escape(struct request *r, const json_t *json, struct err *err)
{
    (void)err;
    r->options.escape = json_is_true(json) ? ESCAPE_HTML : ESCAPE_NONE;
    return 0;
}

static int set_partials(struct request *r, const json_t *json, struct err *err)
{
    const char *name;
    json_t *source;
    r->partials = arena_alloc(r->arena, json_object_size(json) * sizeof(*r->partials));
    json_object_foreach((json_t *)(uintptr_t)json, name, source)
    {
        if (!json_is_string(source))
            return err_set(err, "The partial \"%s\" must be a string.", name);
        r->partials[r->partial_count++] = (struct partial){str_of(name), text_of(source)};
    }
    return 0;
}

/* JSON_TRUE stands for both truths. */
static const struct field {
    const char *name;
    json_type type;
    int (*set)(struct request *r, const json_t *json, struct err *err);
} fields[] = {
    {"template", JSON_STRING, set_template}, {"data", JSON_OBJECT, set_data},
    {"now", JSON_STRING, set_now},           {"timezone", JSON_STRING, set_timezone},
    {"partials", JSON_OBJECT, set_partials}, {"language", JSON_STRING, set_language},
    {"escape", JSON_TRUE, set_escape},
};

enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

static int refuse_field(const char *name, struct err *err)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (suggest_is_near(str_of(name), str_of(fields[i].name)))
            return err_set(err, "There is no field \"%.80s\": did you mean \"%s\"?", name,
                           fields[i].name);
    return err_set(err,
                   "There is no field \"%.80s\": there are template, data, now, timezone, "
                   "partials, language and escape.",
                   name);
}

static const char *type_name(json_type type)
{
    switch (type) {
    case JSON_STRING:
        return "a string";
    case JSON_OBJECT:
        return "an object";
    default:
        return "true or false";
    }
}

static int set_field(struct request *r, const char *name, const json_t *json, struct err *err)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct field *f = &fields[i];
        if (strcmp(f->name, name) != 0)
            continue;
        json_type type = json_is_boolean(json) ? JSON_TRUE : json_typeof(json);
        if (type != f->type)
            return err_set(err, "The field \"%s\" must be %s.", name, type_name(f->type));
        return f->set(r, json, err);
    }
    return refuse_field(name, err);
}

static int read_request(struct request *r, json_t *json, struct err *err)
{
    const char *name;
    json_t *value;
    if (!json_is_object(json))
        return err_set(err, "The line must be a JSON object with the field \"template\".");
    json_object_foreach(json, name, value)
    {
        if (set_field(r, name, value, err) != 0)
            return -1;
    }
    if (!json_object_get(json, "template"))
        return err_set(err, "The line has no field \"template\".");
    return 0;
}

static void partial_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    const struct request *r = ctx;
    *name = r->partials[index].name;
    *source = r->partials[index].source;
}

static bool no_names(void *ctx, struct str name, struct value *out)
{
    (void)ctx;
    (void)name;
    (void)out;
    return false;
}

static int render(const struct request *r, struct render_desk *desk, struct template_error *error)
{
    const struct template_partials partials = {r, r->partial_count, partial_at};
    const struct template_options options = {.partials = &partials};
    struct template_scope scope = {NULL, no_names};
    struct template *t = template_compile(r->template, &options, error);
    if (!t)
        return -1;
    if (r->data.kind == VALUE_OBJECT)
        scope = json_value_scope(&r->data);
    int result = template_render(t, &scope, &r->options, &desk->scratch, &desk->out, error);
    template_free(t);
    return result;
}

/* Sentences quote what they complain of, and may have cut it in the middle of a character. */
static json_t *json_of(struct str s)
{
    struct buf clean = BUF_INIT;
    json_t *json = json_stringn(s.at ? s.at : "", s.len);
    if (json)
        return json;
    text_clean(&clean, s);
    json = json_stringn(clean.at, clean.len);
    buf_release(&clean);
    return json;
}

json_t *render_refusal(struct str sentence)
{
    return json_pack("{s:o, s:n, s:n}", "error", json_of(sentence), "line", "column");
}

static json_t *answer(const struct request *r, struct render_desk *desk)
{
    struct template_error error = {0};
    switch (render(r, desk, &error)) {
    case 0:
        return json_pack("{s:o}", "output", json_of(buf_str(&desk->out)));
    case TEMPLATE_ABORTED:
        return json_pack("{s:o}", "aborted", json_of(str_of(error.text)));
    default:
        return json_pack("{s:o, s:I, s:I}", "error", json_of(str_of(error.text)), "line",
                         (json_int_t)error.line, "column", (json_int_t)error.column);
    }
}

json_t *render_line(struct render_desk *desk, struct str line)
{
    struct request r = {.arena = &desk->data, .options = {.now_s = clock_wall_s()}};
    struct err err;
    json_t *out, *json = json_value_load(line, &err);
    if (!json || read_request(&r, json, &err) != 0)
        out = render_refusal(str_of(err.text));
    else
        out = answer(&r, desk);
    json_decref(json);
    arena_reset(&desk->data);
    arena_reset(&desk->scratch);
    buf_reset(&desk->out);
    return out;
}

void render_desk_release(struct render_desk *desk)
{
    arena_release(&desk->data);
    arena_release(&desk->scratch);
    buf_release(&desk->out);
}
