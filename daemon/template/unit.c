/* The partials that a template can reach: each becomes a unit once, when a tag first names it. */
#include "template/parser.h"

/* All sources together; offsets are 32 bits. */
enum { MAX_TOTAL = 256 * 1024 * 1024 };

static const struct unit *unit_find(const struct parser *p, struct str name)
{
    for (const struct unit *unit = p->template->main.next; unit; unit = unit->next)
        if (str_eq(unit->name, name))
            return unit;
    return NULL;
}

/* What comes after the last slash. */
static struct str last_part(struct str name)
{
    for (const char *slash; (slash = str_find(name, '/'));)
        name = str_skip(name, (size_t)(slash - name.at) + 1);
    return name;
}

static int unit_add(struct parser *p, struct str name, struct str source, const struct unit **out)
{
    struct arena *memory = &p->template->arena;
    struct unit *unit = ARENA_NEW(memory, struct unit);
    size_t base = p->last->base + p->last->source.len + 1;
    if (base + source.len > MAX_TOTAL)
        return parser_fail(p, "the template and its partials are longer than %d MiB.",
                           MAX_TOTAL >> 20);
    unit->name = arena_str(memory, name);
    unit->source = arena_str(memory, source);
    unit->base = (uint32_t)base;
    p->last = p->last->next = unit;
    *out = unit;
    return parser_symbol(p, last_part(unit->name), &unit->symbol);
}

int unit_take(struct parser *p, struct str name, const struct unit **unit)
{
    const struct template_partials *partials = p->partials;
    *unit = unit_find(p, name);
    if (*unit)
        return 0;
    for (size_t i = 0; partials && i < partials->count; i++) {
        struct str found, source;
        partials->at(partials->ctx, i, &found, &source);
        if (str_eq(found, name))
            return unit_add(p, found, source, unit);
    }
    return parser_fail(p, "there is no partial named \"%.*s\".", name.len < 60 ? (int)name.len : 60,
                       name.at);
}

int unit_take_all(struct parser *p)
{
    const struct template_partials *partials = p->partials;
    for (size_t i = 0; partials && !p->all_taken && i < partials->count; i++) {
        struct str name, source;
        const struct unit *unit;
        partials->at(partials->ctx, i, &name, &source);
        if (!unit_find(p, name) && unit_add(p, name, source, &unit) < 0)
            return -1;
    }
    p->all_taken = true;
    return 0;
}
