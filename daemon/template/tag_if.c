/* {% if %} and {% unless %}, with {% elsif %} and {% else %}. What follows an else is read and
 * ignored. */
#include "template/parser.h"
#include "template/render.h"

struct branch {
    const struct condition *condition; /* NULL: else */
    bool negated;
    struct block body;
    struct branch *next;
};

static enum flow render_if(struct render *r, const struct node *n)
{
    for (const struct branch *b = n->detail; b && !r->failed; b = b->next)
        if (!b->condition || eval_condition(r, b->condition) != b->negated)
            return r->failed ? FLOW_STOP : render_block(r, &b->body);
    return FLOW_NEXT;
}

static int parse_when(struct parser *p, struct branch *b)
{
    struct condition *condition = parser_alloc(p, sizeof(*condition));
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    b->condition = condition;
    return parse_condition(p, &t, condition);
}

/* The branch that starts with the tag at hand, up to the next delimiter. */
static int parse_branch(struct parser *p, const struct piece *open, struct branch *b, bool ignored)
{
    if (!ignored && !parser_at(p, "else") && parse_when(p, b) < 0)
        return -1;
    return parser_body(p, open, &b->body);
}

static bool at_branch(const struct parser *p)
{
    return parser_at(p, "else") || parser_at(p, "elsif");
}

static int parse_branches(struct parser *p, const struct piece *open, struct branch *first)
{
    struct branch *last = first;
    bool after_else = false;
    if (parse_branch(p, open, first, false) < 0)
        return -1;
    while (at_branch(p)) {
        struct branch *b = parser_alloc(p, sizeof(*b));
        bool ignored = after_else;
        after_else = after_else || parser_at(p, "else");
        if (parse_branch(p, open, b, ignored) < 0)
            return -1;
        if (!ignored)
            last = last->next = b;
    }
    return 0;
}

static int parse_if_like(struct parser *p, struct node *n, bool negated, const char *end)
{
    struct piece open = p->piece;
    struct branch *first = parser_alloc(p, sizeof(*first));
    first->negated = negated;
    n->render = render_if;
    n->detail = first;
    if (parse_branches(p, &open, first) < 0)
        return -1;
    if (!parser_at(p, end))
        return parser_stray(p, &open);
    n->blank = true;
    for (struct branch *b = first; b; b = b->next)
        n->blank = n->blank && b->body.blank;
    for (struct branch *b = first; b && n->blank; b = b->next)
        block_strip(&b->body);
    return 0;
}

static int parse_if(struct parser *p, struct node *n)
{
    return parse_if_like(p, n, false, "endif");
}

static int parse_unless(struct parser *p, struct node *n)
{
    return parse_if_like(p, n, true, "endunless");
}

const struct tag tag_if = {"if", parse_if};
const struct tag tag_unless = {"unless", parse_unless};
