#include "config/build.h"

#include <unistd.h>

#include "config/options.h"
#include "config/parse.h"
#include "config/pools.h"
#include "config/schedule.h"
#include "config/text.h"

enum { THREADS_MAX = 64 };

static bool has_presets(enum block_id id, cfg_t *cfg)
{
    const char *only = blocks[id].presets_for;
    return !only || !cfg || strcmp(cfg_title(cfg), only) == 0;
}

/* The text of an option in a block of the file, its default, or NULL. */
static const char *option_text(cfg_t *cfg, const struct option *option)
{
    const char *text = cfg ? cfg_getstr(cfg, option->name) : NULL;
    return text || !has_presets(option->block, cfg) ? text : option->preset;
}

static void build_list(const struct option *option, cfg_t *cfg, const struct value_context *context,
                       void *into)
{
    struct value values[OPTION_LIST_LONGEST];
    unsigned size = cfg ? cfg_size(cfg, option->name) : 0;
    size_t count = 0;
    for (unsigned i = 0; i < size; i++) {
        struct str text = str_of(cfg_getnstr(cfg, option->name, i));
        if (str_eq(text, STR(CONFIG_LIST_MARK)))
            continue;
        if (value_parse(option, text, context, &values[count], NULL) == 0)
            count++;
    }
    if (count)
        value_store_list(option, values, count, context, into);
}

static void build_option(const struct option *option, cfg_t *cfg,
                         const struct value_context *context, void *into)
{
    struct value value;
    const char *text = option_text(cfg, option);
    if (text && value_parse(option, str_of(text), context, &value, NULL) == 0)
        value_store(option, &value, into);
}

static void build_options(enum block_id id, cfg_t *cfg, const struct value_context *context,
                          void *into)
{
    for (size_t i = 0; i < option_count; i++) {
        if (options[i].block != id)
            continue;
        if (options[i].list_max)
            build_list(&options[i], cfg, context, into);
        else
            build_option(&options[i], cfg, context, into);
    }
}

/* Makes the array of a block that may come many times, in the order of the file. */
static void build_many(enum block_id id, cfg_t *parent, const struct value_context *context,
                       void *into)
{
    const struct block *block = &blocks[id];
    size_t count = parent ? cfg_size(parent, block->name) : 0;
    char *array = arena_zero(context->memory, (count ? count : 1) * block->size);
    for (size_t i = 0; i < count; i++) {
        cfg_t *cfg = cfg_getnsec(parent, block->name, (unsigned)i);
        char *element = array + i * block->size;
        if (block->titled)
            *(struct str *)(element + block->title_offset) =
                arena_str(context->memory, str_of(cfg_title(cfg)));
        build_block(id, cfg, context, element);
    }
    memcpy((char *)into + block->offset, &array, sizeof(array));
    *(size_t *)((char *)into + block->count_offset) = count;
}

static void build_one(enum block_id id, cfg_t *parent, const struct value_context *context,
                      void *into)
{
    bool present = parent && cfg_size(parent, blocks[id].name) > 0;
    cfg_t *cfg = present ? cfg_getnsec(parent, blocks[id].name, 0) : NULL;
    build_block(id, cfg, context, (char *)into + blocks[id].offset);
}

void build_block(enum block_id id, cfg_t *cfg, const struct value_context *context, void *into)
{
    build_options(id, cfg, context, into);
    for (int i = BLOCK_TOP + 1; i < BLOCK_COUNT; i++) {
        if (blocks[i].parent != id || blocks[i].shaping)
            continue;
        if (blocks[i].many)
            build_many((enum block_id)i, cfg, context, into);
        else
            build_one((enum block_id)i, cfg, context, into);
    }
}

static void count_cores(struct threads_config *threads)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
    threads->delivery = threads->delivery ? threads->delivery : count;
    threads->composers = threads->composers ? threads->composers : count;
}

static void inherit_base_url(struct config *config, struct arena *memory)
{
    for (size_t i = 0; i < config->identity_count; i++) {
        struct buf url = BUF_INIT;
        buf_addf(&url, "https://%s", config->identities[i].domain.at);
        bool own = config->tracking_base_url.at == NULL;
        config->identities[i].base_url =
            own ? arena_str(memory, buf_str(&url)) : config->tracking_base_url;
        buf_release(&url);
    }
}

static void inherit_tls(struct config *config, cfg_t *root)
{
    for (size_t i = 0; i < config->route_count; i++) {
        cfg_t *route = cfg_getnsec(root, blocks[BLOCK_ROUTE].name, (unsigned)i);
        if (cfg_size(route, "tls") == 0)
            config->routes[i].tls = config->tls.policy;
    }
}

/* The site "*", with the defaults if the file has none, is the last. */
static void end_with_default_site(struct config *config, const struct value_context *context)
{
    struct site_limits rest = {.pattern = STR("*")};
    struct site_limits *sites =
        arena_zero(context->memory, (config->site_count + 1) * sizeof(*sites));
    size_t count = 0;
    build_options(BLOCK_SITE, NULL, context, &rest);
    for (size_t i = 0; i < config->site_count; i++) {
        if (str_eq(config->sites[i].pattern, STR("*")))
            rest = config->sites[i];
        else
            sites[count++] = config->sites[i];
    }
    sites[count++] = rest;
    config->sites = sites;
    config->site_count = count;
}

static int line_of(cfg_t *root, enum block_id id)
{
    return parse_block_line(cfg_getnsec(root, blocks[id].name, 0));
}

/* One receiver is one site, with one policy. */
static void check_routes(const struct config *config, cfg_t *root, struct problems *problems)
{
    for (size_t i = 0; i < config->route_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct route *a = &config->routes[k], *b = &config->routes[i];
            if (a->port != b->port || a->tls == b->tls || !str_eq_nocase(a->host, b->host))
                continue;
            cfg_t *block = cfg_getnsec(root, blocks[BLOCK_ROUTE].name, (unsigned)i);
            problems_add(problems, parse_block_line(block),
                         "route \"%s\" and route \"%s\" lead to the same host and port with "
                         "different tls: give both the same.",
                         a->pattern.at, b->pattern.at);
        }
}

static void check_schedules(const struct config *config, cfg_t *root, struct problems *problems)
{
    struct err err;
    for (size_t i = 0; i < config->schedule_count; i++) {
        if (schedule_check(&config->schedules[i], &config->retry, &err) == 0)
            continue;
        cfg_t *block = cfg_getnsec(root, blocks[BLOCK_SCHEDULE].name, (unsigned)i);
        problems_add(problems, parse_block_line(block), "%s", err.text);
    }
}

static void check_together(const struct config *config, cfg_t *root, struct problems *problems)
{
    if (config->retry.max_ms < config->retry.first_ms)
        problems_add(problems, line_of(root, BLOCK_RETRY),
                     "retry.max is shorter than retry.first: make it at least as long.");
    if (config->retry.max_age_ms < config->retry.first_ms)
        problems_add(problems, line_of(root, BLOCK_RETRY),
                     "retry.max_age is shorter than retry.first: nothing would be tried again.");
    check_routes(config, root, problems);
    check_schedules(config, root, problems);
}

void build_config(cfg_t *root, const struct value_context *context, struct config *config,
                  struct problems *problems)
{
    build_block(BLOCK_TOP, root, context, config);
    count_cores(&config->threads);
    inherit_base_url(config, context->memory);
    inherit_tls(config, root);
    end_with_default_site(config, context);
    pools_resolve(config, root, context->memory, problems);
    schedules_resolve(config);
    check_together(config, root, problems);
}
