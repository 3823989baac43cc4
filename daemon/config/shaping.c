#include "config/shaping.h"

#include "base/suggest.h"
#include "config/build.h"
#include "config/options.h"
#include "config/parse.h"

static unsigned block_count(const struct shaping_file *file, enum block_id id)
{
    return cfg_size(file->root, blocks[id].name);
}

static cfg_t *block_at(const struct shaping_file *file, enum block_id id, unsigned n)
{
    return cfg_getnsec(file->root, blocks[id].name, n);
}

/* The block of that title, or NULL. */
static cfg_t *block_titled(const struct shaping_file *file, enum block_id id, struct str title)
{
    for (unsigned i = 0; i < block_count(file, id); i++)
        if (str_eq_nocase(str_of(cfg_title(block_at(file, id, i))), title))
            return block_at(file, id, i);
    return NULL;
}

/* The title that somebody meant who wrote `name`, as the end of a sentence; else "". */
static struct str suggestion(const struct shaping_file *file, enum block_id id, struct str name,
                             struct arena *memory)
{
    struct buf text = BUF_INIT;
    struct str nearest = {NULL, 0};
    for (unsigned i = 0; i < block_count(file, id); i++) {
        struct str title = str_of(cfg_title(block_at(file, id, i)));
        if (suggest_is_near(name, title) &&
            (!nearest.at || suggest_distance(name, title) < suggest_distance(name, nearest)))
            nearest = title;
    }
    buf_add_text(&text, "");
    if (nearest.at)
        buf_addf(&text, " Did you mean \"%s\"?", nearest.at);
    struct str result = arena_str(memory, buf_str(&text));
    buf_release(&text);
    return result;
}

/* Adds a provider: what ships (NULL: nothing), and over it what the file has (NULL: nothing). */
static struct provider *add_provider(struct config *config, cfg_t *shipped, cfg_t *own,
                                     const struct value_context *context)
{
    struct provider *provider = &config->providers[config->provider_count++];
    const char *name = cfg_title(shipped ? shipped : own);
    *provider = (struct provider){.name = arena_str(context->memory, str_of(name)),
                                  .tls = TLS_POLICY_UNSET};
    if (shipped)
        build_block(BLOCK_PROVIDER, shipped, context, provider);
    if (own)
        build_block(BLOCK_PROVIDER, own, context, provider);
    return provider;
}

static void check_mx(const struct provider *provider, cfg_t *block, const struct shaping_file *file,
                     const struct shaping_file *shipped, struct arena *memory)
{
    if (provider->mx_count)
        return;
    struct str meant = suggestion(shipped, BLOCK_PROVIDER, provider->name, memory);
    problems_add(file->problems, parse_block_line(block),
                 "provider \"%s\" has no mx, and none of that name ships: add mx = { "
                 "\"*.example.org\" }.%s",
                 provider->name.at, meant.at);
}

static void build_providers(const struct shaping_file *own, const struct shaping_file *shipped,
                            const struct value_context *context, struct config *config)
{
    unsigned mine = block_count(own, BLOCK_PROVIDER), theirs = block_count(shipped, BLOCK_PROVIDER);
    config->providers = arena_zero(context->memory, (mine + theirs + 1) * sizeof(struct provider));
    for (unsigned i = 0; i < mine; i++) {
        cfg_t *block = block_at(own, BLOCK_PROVIDER, i);
        cfg_t *base = block_titled(shipped, BLOCK_PROVIDER, str_of(cfg_title(block)));
        check_mx(add_provider(config, base, block, context), block, own, shipped, context->memory);
    }
    for (unsigned i = 0; i < theirs; i++) {
        cfg_t *block = block_at(shipped, BLOCK_PROVIDER, i);
        if (!block_titled(own, BLOCK_PROVIDER, str_of(cfg_title(block))))
            check_mx(add_provider(config, block, NULL, context), block, shipped, shipped,
                     context->memory);
    }
}

/* Of two providers, whether one pattern is in both. */
static const char *shared_pattern(const struct provider *a, const struct provider *b)
{
    for (size_t i = 0; i < a->mx_count; i++)
        for (size_t k = 0; k < b->mx_count; k++)
            if (str_eq_nocase(a->mx[i], b->mx[k]))
                return a->mx[i].at;
    return NULL;
}

/* The first `count` providers, which are the blocks of one file in their order. */
static void check_patterns(const struct config *config, size_t count,
                           const struct shaping_file *file)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct provider *a = &config->providers[k], *b = &config->providers[i];
            const char *pattern = shared_pattern(a, b);
            if (pattern)
                problems_add(
                    file->problems, parse_block_line(block_at(file, BLOCK_PROVIDER, (unsigned)i)),
                    "provider \"%s\" and provider \"%s\" both have the mx \"%s\": leave it "
                    "to one.",
                    a->name.at, b->name.at, pattern);
        }
}

/* A rule that somebody wrote, with where it stands. */
struct written_rule {
    const struct rule *rule;
    cfg_t *block;
    const struct shaping_file *file, *shipped;
};

static void check_slow(const struct written_rule *w)
{
    bool says_how = w->rule->rate.count || w->rule->connections;
    int line = parse_block_line(w->block);
    if (w->rule->action == RULE_SLOW && !says_how)
        problems_add(w->file->problems, line,
                     "rule \"%s\" does not say how slow: add connections = 1 or rate = \"1/min\".",
                     w->rule->name.at);
    if (w->rule->action != RULE_SLOW && says_how)
        problems_add(
            w->file->problems, line,
            "rule \"%s\" has connections or a rate, which only action = slow heeds: remove "
            "them.",
            w->rule->name.at);
}

static void check_rule_provider(const struct written_rule *w, const struct config *config,
                                struct arena *memory)
{
    struct str name = w->rule->provider;
    if (name.len == 0 || config_provider_named(config, name))
        return;
    problems_add(w->file->problems, parse_block_line(w->block),
                 "rule \"%s\" is for the provider \"%s\", which is in no block.%s",
                 w->rule->name.at, name.at,
                 suggestion(w->shipped, BLOCK_PROVIDER, name, memory).at);
}

static void check_rule(const struct written_rule *w, const struct config *config,
                       struct arena *memory)
{
    if (w->rule->reply_count == 0)
        problems_add(w->file->problems, parse_block_line(w->block),
                     "rule \"%s\" has no reply: add reply = \"421 *\".", w->rule->name.at);
    check_slow(w);
    check_rule_provider(w, config, memory);
}

/* `action = none` is for rules that ship, and is no rule itself. */
static void check_none(const struct written_rule *w, struct arena *memory)
{
    bool own = w->file != w->shipped;
    if (own && block_titled(w->shipped, BLOCK_RULE, w->rule->name))
        return;
    struct str meant = suggestion(w->shipped, BLOCK_RULE, w->rule->name, memory);
    problems_add(w->file->problems, parse_block_line(w->block),
                 "rule \"%s\" switches nothing off, for no rule of that name ships: remove it.%s",
                 w->rule->name.at, own ? meant.at : "");
}

static void add_rule(struct config *config, cfg_t *block, const struct shaping_file *file,
                     const struct shaping_file *shipped, const struct value_context *context)
{
    struct rule *rule = &config->rules[config->rule_count];
    struct written_rule written = {rule, block, file, shipped};
    *rule = (struct rule){.name = arena_str(context->memory, str_of(cfg_title(block)))};
    build_block(BLOCK_RULE, block, context, rule);
    if (rule->action == RULE_NONE) {
        check_none(&written, context->memory);
        return;
    }
    check_rule(&written, config, context->memory);
    config->rule_count++;
}

static void build_rules(const struct shaping_file *own, const struct shaping_file *shipped,
                        const struct value_context *context, struct config *config)
{
    unsigned mine = block_count(own, BLOCK_RULE), theirs = block_count(shipped, BLOCK_RULE);
    config->rules = arena_zero(context->memory, (mine + theirs + 1) * sizeof(struct rule));
    for (unsigned i = 0; i < mine; i++)
        add_rule(config, block_at(own, BLOCK_RULE, i), own, shipped, context);
    for (unsigned i = 0; i < theirs; i++) {
        cfg_t *block = block_at(shipped, BLOCK_RULE, i);
        if (!block_titled(own, BLOCK_RULE, str_of(cfg_title(block))))
            add_rule(config, block, shipped, shipped, context);
    }
}

void shaping_build(const struct shaping_file *own, const struct shaping_file *shipped,
                   const struct value_context *context, struct config *config)
{
    build_providers(own, shipped, context, config);
    check_patterns(config, block_count(own, BLOCK_PROVIDER), own);
    build_rules(own, shipped, context, config);
}
