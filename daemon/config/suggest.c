#include "config/options.h"

enum { WORD_MAX = 40, DISTANCE_MAX = 2 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time; both words are at most WORD_MAX long. */
static size_t edit_distance(struct str a, struct str b)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t swapped = diagonal + (a.at[i - 1] != b.at[j - 1]);
            diagonal = row[j];
            row[j] = least(least(row[j], row[j - 1]) + 1, swapped);
        }
    }
    return row[b.len];
}

struct nearest {
    const char *name;
    size_t distance;
};

static void nearest_try(struct nearest *nearest, struct str word, const char *name)
{
    size_t distance = edit_distance(word, str_of(name));
    if (distance < nearest->distance)
        *nearest = (struct nearest){name, distance};
}

const char *option_suggest(enum block_id block, struct str name)
{
    /* Half of a short word may not be wrong: "x" is not a misspelt "tls". */
    struct nearest nearest = {NULL, least(DISTANCE_MAX, name.len / 2) + 1};
    if (name.len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < option_count; i++)
        if (options[i].block == block)
            nearest_try(&nearest, name, options[i].name);
    for (int i = BLOCK_TOP + 1; i < BLOCK_COUNT; i++)
        if (blocks[i].parent == block)
            nearest_try(&nearest, name, blocks[i].name);
    return nearest.name;
}
