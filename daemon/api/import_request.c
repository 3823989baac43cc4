#include "api/import_request.h"

#include "http/url.h"

/* Of CSV, unpacked: what a few kilobytes of gzip may become. Two hundred million rows fit. */
#define PLAIN_MAX ((uint64_t)16 << 30)

enum { MAPS_MAX = 256 };

/* A column's name may hold "=", an attribute's cannot. */
static int split_map(struct str text, struct column_map *out, struct err *err)
{
    const char *sign = text.len ? memrchr(text.at, '=', text.len) : NULL;
    if (!sign)
        return err_set(err, "The map \"%.*s\" is not COLUMN=ATTRIBUTE.",
                       (int)(text.len < 80 ? text.len : 80), text.at ? text.at : "");
    size_t column = (size_t)(sign - text.at);
    out->column = str_from(text.at, column);
    out->attribute = str_skip(text, column + 1);
    return 0;
}

static int take_map(struct str value, struct column_map *maps, struct import_options *out,
                    struct err *err)
{
    if (out->map_count == MAPS_MAX)
        return err_set(err, "At most %d columns can be mapped.", MAPS_MAX);
    return split_map(value, &maps[out->map_count++], err);
}

/* A file can say that people consented. That one refused is said of each alone. */
static int take_consent(struct str value, struct import_options *out, struct err *err)
{
    out->consented = str_eq(value, STR("granted"));
    if (out->consented)
        return 0;
    return err_set(err, "The consent of an import can only be \"granted\".");
}

static int take_param(const struct url_param *param, struct arena *arena, struct column_map *maps,
                      struct import_options *out, struct err *err)
{
    struct str value = url_decode_in(arena, param->value, true);
    if (!value.at)
        return err_set(err, "The parameter \"%.*s\" is badly encoded.",
                       (int)(param->name.len < 40 ? param->name.len : 40), param->name.at);
    if (str_eq(param->name, STR("map")))
        return take_map(value, maps, out, err);
    if (str_eq(param->name, STR("consent")))
        return take_consent(value, out, err);
    if (!str_eq(param->name, STR("list")))
        return err_set(err, "There is no parameter \"%.*s\": an import has list, consent and map.",
                       (int)(param->name.len < 40 ? param->name.len : 40), param->name.at);
    out->list = value;
    return 0;
}

int import_request_parse(struct str query, struct arena *arena, struct import_options *out,
                         struct err *err)
{
    struct column_map *maps = arena_alloc(arena, MAPS_MAX * sizeof(*maps));
    struct url_param param;
    *out = (struct import_options){.maps = maps, .max_bytes = PLAIN_MAX};
    while (url_param_next(&query, &param))
        if (take_param(&param, arena, maps, out, err) != 0)
            return -1;
    return 0;
}
