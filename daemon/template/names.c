/* The names of the outside that a template uses, for whoever checks that they exist. */
#include "base/alloc.h"
#include "template/program.h"
#include "template/utf8.h"

struct use {
    struct str name;
    uint32_t at;
};

/* The part of a path that is the same in every rendering; an index by a text is a part like any. */
static struct str fixed_name(const struct template *t, const struct path *path, struct buf *text)
{
    size_t start = text->len;
    buf_add_str(text, t->symbols[path->symbol].name);
    for (size_t i = 0; i < path->count; i++) {
        const struct step *step = &path->steps[i];
        bool fixed = !step->index ||
                     (step->index->kind == EXPR_LITERAL && step->index->literal.kind == VALUE_STR);
        if (!fixed)
            break;
        buf_add_byte(text, '.');
        buf_add_str(text, step->index ? step->index->literal.str : step->name);
    }
    return (struct str){NULL, text->len - start};
}

static bool is_outside(const struct template *t, const struct path *path)
{
    return !path->root && !t->symbols[path->symbol].own;
}

static int compare_names(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    int order = str_compare(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int compare_places(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* All uses in `uses`, their names in `text`. */
static size_t collect(const struct template *t, struct use *uses, struct buf *text)
{
    size_t count = 0;
    for (const struct path *path = t->paths; path; path = path->next)
        if (is_outside(t, path))
            uses[count++] = (struct use){fixed_name(t, path, text), path->at};
    const char *at = text->at;
    for (size_t i = 0; i < count; at += uses[i++].name.len)
        uses[i].name.at = at;
    return count;
}

/* Keeps the first use of each name, in the order of the places. */
static size_t make_unique(struct use *uses, size_t count)
{
    size_t kept = 0;
    qsort(uses, count, sizeof(*uses), compare_names);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !str_eq(uses[kept - 1].name, uses[i].name))
            uses[kept++] = uses[i];
    qsort(uses, kept, sizeof(*uses), compare_places);
    return kept;
}

/* Where the names before stood: in the order of the places, each unit is walked once. */
struct walk {
    const struct unit *unit; /* NULL: nowhere yet */
    size_t at;               /* of the unit's source */
    unsigned line, column;
};

static bool is_behind(const struct unit *unit, uint32_t at)
{
    return unit->next && unit->next->base <= at;
}

static void walk_to(const struct template *t, struct walk *walk, uint32_t at)
{
    if (!walk->unit)
        *walk = (struct walk){&t->main, 0, t->first_line ? t->first_line : 1, 1};
    while (is_behind(walk->unit, at))
        *walk = (struct walk){walk->unit->next, 0, 1, 1};
    struct str source = walk->unit->source, part;
    size_t end = at - walk->unit->base < source.len ? at - walk->unit->base : source.len;
    part = (struct str){source.at + walk->at, end - walk->at};
    for (const char *line; part.len && (line = str_find(part, '\n'));
         walk->line++, walk->column = 1)
        part = str_skip(part, (size_t)(line - part.at) + 1);
    walk->column += (unsigned)(part.len ? utf8_count(part) : 0);
    walk->at = end;
}

void template_each_name(const struct template *t,
                        void (*each)(void *ctx, struct str name, unsigned line, unsigned column),
                        void *ctx)
{
    size_t count = 0;
    struct buf text = BUF_INIT;
    for (const struct path *path = t->paths; path; path = path->next)
        count += is_outside(t, path);
    if (count == 0)
        return;
    struct use *uses = alloc(count * sizeof(*uses));
    count = make_unique(uses, collect(t, uses, &text));
    struct walk walk = {.unit = NULL};
    for (size_t i = 0; i < count; i++) {
        walk_to(t, &walk, uses[i].at);
        each(ctx, uses[i].name, walk.line, walk.column);
    }
    free(uses);
    buf_release(&text);
}
