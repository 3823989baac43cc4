/* The names of the outside that a template uses, for whoever checks that they exist. */
#include "base/alloc.h"
#include "template/program.h"

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
    for (size_t i = 0; i < count; i++) {
        unsigned line, column;
        template_position(t, uses[i].at, &line, &column);
        each(ctx, uses[i].name, line, column);
    }
    free(uses);
    buf_release(&text);
}
