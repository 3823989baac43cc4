#include "config/pools.h"

#include "base/suggest.h"
#include "config/options.h"
#include "config/parse.h"

static int block_line(cfg_t *root, enum block_id id, size_t n)
{
    return parse_block_line(cfg_getnsec(root, blocks[id].name, (unsigned)n));
}

/* The place of a source, or -1. */
static int source_index(const struct config *config, struct str name)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (str_eq(config->sources[i].name, name))
            return (int)i;
    return -1;
}

static void say_no_source(const struct config *config, const struct pool *pool, struct str name,
                          int line, struct problems *problems)
{
    for (size_t i = 0; i < config->source_count; i++) {
        struct str near = config->sources[i].name;
        if (!suggest_is_near(name, near))
            continue;
        problems_add(problems, line,
                     "pool \"%s\" names the source \"%s\", which is in no block: did "
                     "you mean \"%s\"?",
                     pool->name.at, name.at, near.at);
        return;
    }
    problems_add(problems, line,
                 "pool \"%s\" names the source \"%s\", which is in no block: add source \"%s\".",
                 pool->name.at, name.at, name.at);
}

static void find_members(const struct config *config, struct pool *pool, int line,
                         struct problems *problems)
{
    for (size_t i = 0; i < pool->source_count; i++) {
        int source = source_index(config, pool->source_names[i]);
        if (source < 0)
            say_no_source(config, pool, pool->source_names[i], line, problems);
        else
            pool->members |= UINT64_C(1) << source;
    }
}

static void add_default_pool(struct config *config, struct arena *memory)
{
    struct pool *pool = ARENA_NEW(memory, struct pool);
    pool->name = STR("default");
    pool->source_names = arena_zero(memory, config->source_count * sizeof(*pool->source_names));
    pool->source_count = config->source_count;
    for (size_t i = 0; i < config->source_count; i++) {
        pool->source_names[i] = config->sources[i].name;
        pool->members |= UINT64_C(1) << i;
    }
    config->pools = pool;
    config->pool_count = 1;
}

static void check_identities(const struct config *config, cfg_t *root, struct problems *problems)
{
    for (size_t i = 0; i < config->identity_count; i++) {
        const struct identity *identity = &config->identities[i];
        if (config_pool(config, identity->pool))
            continue;
        problems_add(
            problems, block_line(root, BLOCK_IDENTITY, i),
            "identity \"%s\" names the pool \"%s\", which is in no block: add pool \"%s\".",
            identity->name.at, identity->pool.at, identity->pool.at);
    }
}

void pools_resolve(struct config *config, cfg_t *root, struct arena *memory,
                   struct problems *problems)
{
    if (config->source_count > SOURCES_MAX) {
        problems_add(problems, block_line(root, BLOCK_SOURCE, SOURCES_MAX),
                     "This source is one too many: there may be %d.", SOURCES_MAX);
        return;
    }
    for (size_t i = 0; i < config->pool_count; i++)
        find_members(config, &config->pools[i], block_line(root, BLOCK_POOL, i), problems);
    if (config->pool_count == 0)
        add_default_pool(config, memory);
    check_identities(config, root, problems);
}
