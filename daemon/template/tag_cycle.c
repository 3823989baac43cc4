/*
 * {% cycle %} writes the next of its items each time. Cycles with the same items are one; cycles
 * with a name go on where the last one of that name stopped, whatever its items were.
 *
 *     cycle = "cycle" [ expr ":" ] expr *( "," expr )
 */
#include "template/parser.h"
#include "template/render.h"

enum { MAX_ITEMS = 64 };

struct cycle_tag {
    const struct expr *name; /* NULL: `mark` counts */
    uint32_t mark;
    const struct expr *items;
    size_t count;
};

struct named_cycle {
    struct value name;
    uint64_t next;
    struct named_cycle *older;
};

/* Where the cycle of that name goes on; NULL, and failed, without room for a new one. */
static uint64_t *named_next(struct render *r, const struct value *name)
{
    struct frame *frame = r->frame;
    for (struct named_cycle *c = frame->cycles; c; c = c->older) {
        render_work(r, 1 + (name->kind == VALUE_STR ? name->str.len : 0));
        if (value_equals(&c->name, name))
            return &c->next;
    }
    struct named_cycle *c = render_alloc(r, 1, sizeof(*c));
    if (!c)
        return NULL;
    *c = (struct named_cycle){.name = *name, .older = frame->cycles};
    frame->cycles = c;
    return &c->next;
}

static uint64_t *cycle_next(struct render *r, const struct cycle_tag *tag)
{
    if (!tag->name)
        return &r->frame->marks[tag->mark];
    struct value name = eval_expr(r, tag->name);
    return named_next(r, &name);
}

static enum flow render_cycle(struct render *r, const struct node *n)
{
    const struct cycle_tag *tag = n->detail;
    uint64_t *next = cycle_next(r, tag);
    if (!next || r->failed)
        return FLOW_STOP;
    struct value v = *next < tag->count ? eval_expr(r, &tag->items[*next]) : value_nil();
    *next = *next + 1 < tag->count ? *next + 1 : 0;
    render_value(r, &v);
    return FLOW_NEXT;
}

/* The items as written, without spaces: equal for equal items. */
static struct str items_key(struct parser *p, struct tokens t, size_t size)
{
    struct str key = {parser_alloc(p, size + 1), 0};
    char *at = (char *)(uintptr_t)key.at;
    *at++ = ',';
    for (; t.now.kind != TOKEN_END; tokens_next(&t)) {
        char quote = str_find(t.now.text, '"') ? '\'' : '"';
        if (t.now.kind == TOKEN_TEXT)
            *at++ = quote;
        if (t.now.text.len)
            at = mempcpy(at, t.now.text.at, t.now.text.len);
        if (t.now.kind == TOKEN_TEXT)
            *at++ = quote;
    }
    key.len = (size_t)(at - key.at);
    return key;
}

static int parse_items(struct parser *p, struct tokens *t, struct cycle_tag *tag)
{
    struct expr items[MAX_ITEMS];
    do {
        if (tag->count == MAX_ITEMS)
            return parser_fail(p, "{%% cycle %%} has more than %d items.", MAX_ITEMS);
        if (parse_expr(p, t, &items[tag->count++]) < 0)
            return -1;
    } while (tokens_take(t, TOKEN_COMMA));
    size_t size = tag->count * sizeof(*items);
    tag->items = memcpy(parser_alloc(p, size), items, size);
    return parser_end(p, t);
}

static int parse_cycle(struct parser *p, struct node *n)
{
    struct cycle_tag *tag = parser_alloc(p, sizeof(*tag));
    struct expr *name = parser_alloc(p, sizeof(*name));
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    struct tokens items = t;
    n->render = render_cycle;
    n->detail = tag;
    if (parse_expr(p, &t, name) < 0)
        return -1;
    if (tokens_take(&t, TOKEN_COLON)) {
        tag->name = name;
        return parse_items(p, &t, tag);
    }
    if (parse_items(p, &items, tag) < 0)
        return -1;
    tokens_init(&t, p->piece.inside);
    return parser_mark(p, items_key(p, t, p->piece.inside.len), &tag->mark);
}

const struct tag tag_cycle = {"cycle", parse_cycle};
