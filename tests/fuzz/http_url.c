/* URLs from strangers: what decodes encodes back to the same, and views stay inside. */
#include <assert.h>

#include "http/router.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct str bytes)
{
    struct buf decoded = BUF_INIT, encoded = BUF_INIT, again = BUF_INIT;
    if (url_decode(&decoded, bytes, false)) {
        assert(decoded.len <= bytes.len && strlen(decoded.at) == decoded.len);
        url_encode(&encoded, buf_str(&decoded));
        assert(url_decode(&again, buf_str(&encoded), true));
        assert(str_eq(buf_str(&decoded), buf_str(&again)));
    }
    buf_release(&decoded);
    buf_release(&encoded);
    buf_release(&again);
}

static void check_params(struct str query, struct arena *arena)
{
    struct url_param param;
    struct str value, rest = query;
    size_t total = 0;
    while (url_param_next(&rest, &param)) {
        total += param.name.len + param.value.len;
        assert(!str_find(param.name, '&') && !str_find(param.name, '='));
        assert(!str_find(param.value, '&'));
    }
    assert(total <= query.len);
    if (url_param_find(query, STR("id"), arena, &value))
        assert(value.at && value.len <= query.len);
}

static void check_route(struct str path, struct arena *arena)
{
    static const struct http_route routes[] = {{.method = "GET", .path = "/jobs/:id"},
                                               {.method = "GET", .path = "/:a/:b/:c/:d"}};
    struct http_match match = http_route_find(routes, 2, STR("GET"), path, arena);
    assert(match.params_len <= HTTP_PARAMS_MAX && (match.route || match.params_len == 0));
    for (size_t i = 0; i < match.params_len; i++)
        assert(match.params[i].value.len && match.params[i].value.len <= path.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct str bytes = str_from(data, size), path, query;
    check_round_trip(bytes);
    if (url_split(bytes, &path, &query)) {
        assert(path.len >= 1 && path.len + query.len <= size);
        check_params(query, &arena);
        check_route(path, &arena);
    }
    arena_release(&arena);
    return 0;
}
