#include "http/router.h"

#include "http/url.h"

/* Binds one segment of a path to one of a pattern; false if they do not fit. */
static bool match_segment(struct str pattern, struct str segment, struct http_match *match,
                          struct arena *arena)
{
    struct str decoded = url_decode_in(arena, segment, false);
    if (!decoded.at)
        return false;
    if (pattern.len == 0 || pattern.at[0] != ':')
        return str_eq(pattern, decoded);
    if (decoded.len == 0 || match->params_len == HTTP_PARAMS_MAX)
        return false;
    match->params[match->params_len++] = (struct http_param){str_skip(pattern, 1), decoded};
    return true;
}

/* pattern = 1*( "/" ( literal / ":" name ) ) */
static bool match_path(struct str pattern, struct str path, struct http_match *match,
                       struct arena *arena)
{
    match->params_len = 0;
    while (pattern.at && path.at)
        if (!match_segment(str_cut(&pattern, '/'), str_cut(&path, '/'), match, arena))
            return false;
    return !pattern.at && !path.at;
}

static bool match_method(const char *route, struct str method)
{
    if (str_eq(method, str_of(route)))
        return true;
    return str_eq(method, STR("HEAD")) && str_eq(str_of(route), STR("GET"));
}

struct http_match http_route_find(const struct http_route *routes, size_t n, struct str method,
                                  struct str path, struct arena *arena)
{
    struct http_match match = {0};
    for (size_t i = 0; i < n; i++) {
        if (!match_path(str_of(routes[i].path), path, &match, arena))
            continue;
        match.path_known = true;
        if (match_method(routes[i].method, method)) {
            match.route = &routes[i];
            return match;
        }
    }
    match.params_len = 0;
    return match;
}

struct str http_route_methods(const struct http_route *routes, size_t n, struct str path,
                              struct arena *arena)
{
    struct http_match match = {0};
    struct buf list = BUF_INIT;
    buf_add_text(&list, "");
    for (size_t i = 0; i < n; i++) {
        if (!match_path(str_of(routes[i].path), path, &match, arena))
            continue;
        buf_addf(&list, "%s%s", list.len ? ", " : "", routes[i].method);
    }
    struct str methods = arena_str(arena, buf_str(&list));
    buf_release(&list);
    return methods;
}
