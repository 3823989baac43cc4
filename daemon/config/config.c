#include "config/config.h"

#include <stdatomic.h>

#include "config/options.h"
#include "config/pattern.h"
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

const struct pool *config_pool(const struct config *config, struct str name)
{
    if (name.len == 0)
        return &config->pools[0];
    for (size_t i = 0; i < config->pool_count; i++)
        if (str_eq(config->pools[i].name, name))
            return &config->pools[i];
    return NULL;
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
    return count;
}
