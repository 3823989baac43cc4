#include "config/config.h"

#include <limits.h>
#include <stdatomic.h>

#include "config/options.h"
#include "config/values.h"

struct config *config_ref(struct config *config)
{
    atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
    return config;
}

void config_unref(struct config *config)
{
    if (!config || atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) != 1)
        return;
    arena_release(&config->memory);
    free(config);
}

/* How well a pattern fits: -1 not at all, 0 for "*", more for a longer suffix, most when exact. */
static int pattern_fit(struct str pattern, struct str name)
{
    if (str_eq_nocase(pattern, name))
        return INT_MAX;
    if (str_eq(pattern, STR("*")))
        return 0;
    struct str suffix = str_skip(pattern, 1);
    if (!str_starts(pattern, STR("*.")) || name.len <= suffix.len)
        return -1;
    struct str end = str_skip(name, name.len - suffix.len);
    return str_eq_nocase(end, suffix) ? (int)suffix.len : -1;
}

/* Loading made sure that there is a route and a site "*", so that something always fits. */
const struct route *config_route(const struct config *config, struct str domain)
{
    const struct route *best = NULL;
    int best_fit = -1;
    for (size_t i = 0; i < config->route_count; i++) {
        int fit = pattern_fit(config->routes[i].pattern, domain);
        if (fit > best_fit) {
            best = &config->routes[i];
            best_fit = fit;
        }
    }
    return best;
}

const struct site_limits *config_site(const struct config *config, struct str host_or_domain)
{
    const struct site_limits *best = NULL;
    int best_fit = -1;
    for (size_t i = 0; i < config->site_count; i++) {
        int fit = pattern_fit(config->sites[i].pattern, host_or_domain);
        if (fit > best_fit) {
            best = &config->sites[i];
            best_fit = fit;
        }
    }
    return best;
}

const struct identity *config_identity(const struct config *config, struct str name)
{
    if (name.len == 0)
        return &config->identities[0];
    for (size_t i = 0; i < config->identity_count; i++)
        if (str_eq(config->identities[i].name, name))
            return &config->identities[i];
    return NULL;
}

/* Where routes lead; their TLS policy may change while running. */
static bool same_routes(const struct config *a, const struct config *b)
{
    if (a->route_count != b->route_count)
        return false;
    for (size_t i = 0; i < a->route_count; i++) {
        const struct route *x = &a->routes[i], *y = &b->routes[i];
        if (!str_eq(x->pattern, y->pattern) || !str_eq(x->host, y->host) || x->port != y->port)
            return false;
    }
    return true;
}

int config_diff_needs_restart(const struct config *running, const struct config *loaded,
                              struct buf *out)
{
    int count = 0;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &options[i];
        size_t offset = blocks[o->block].offset;
        if (!o->restart ||
            value_same(o, (const char *)running + offset, (const char *)loaded + offset))
            continue;
        count++;
        buf_addf(out, "%s%s%s cannot change while tocsind runs: restart it to use the new value.\n",
                 o->block ? blocks[o->block].name : "", o->block ? "." : "", o->name);
    }
    if (!same_routes(running, loaded)) {
        count++;
        buf_add_text(
            out, "The routes cannot change while tocsind runs: restart it to use the new ones.\n");
    }
    return count;
}
