#include "base/suggest.h"
#include "config/options.h"

/* Keeps the nearer one of what was found before and `name`. */
static void nearest_try(const char **nearest, struct str word, const char *name)
{
    if (!suggest_is_near(word, str_of(name)))
        return;
    if (!*nearest ||
        suggest_distance(word, str_of(name)) < suggest_distance(word, str_of(*nearest)))
        *nearest = name;
}

const char *option_suggest(enum block_id block, struct str name)
{
    const char *nearest = NULL;
    for (size_t i = 0; i < option_count; i++)
        if (options[i].block == block)
            nearest_try(&nearest, name, options[i].name);
    for (int i = BLOCK_TOP + 1; i < BLOCK_COUNT; i++)
        if (blocks[i].parent == block)
            nearest_try(&nearest, name, blocks[i].name);
    return nearest;
}
