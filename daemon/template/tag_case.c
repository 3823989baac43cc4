/*
 * {% case %} with {% when %} and {% else %}. As in the reference implementation every `when` is
 * tried in turn, once for each of its values, and an `else` counts if nothing before it did.
 *
 *     when = "when" expr *( ( "," / "or" ) expr )
 */
#include "template/parser.h"
#include "template/render.h"

enum { MAX_VALUES = 64 };

struct when {
    const struct expr *values;
    size_t count; /* 0: else */
    struct block body;
    struct when *next;
};

struct case_tag {
    struct expr subject;
    struct when *first;
};

static enum flow render_when(struct render *r, const struct when *w, const struct value *subject,
                             bool *matched)
{
    enum flow flow = FLOW_NEXT;
    if (w->count == 0)
        return *matched ? FLOW_NEXT : render_block(r, &w->body);
    for (size_t i = 0; i < w->count && flow == FLOW_NEXT; i++) {
        struct value v = eval_expr(r, &w->values[i]);
        if (!render_equals(r, subject, &v))
            continue;
        *matched = true;
        flow = render_block(r, &w->body);
    }
    return flow;
}

static enum flow render_case(struct render *r, const struct node *n)
{
    const struct case_tag *tag = n->detail;
    struct value subject = eval_expr(r, &tag->subject);
    bool matched = false;
    enum flow flow = FLOW_NEXT;
    for (const struct when *w = tag->first; w && flow == FLOW_NEXT && !r->failed; w = w->next)
        flow = render_when(r, w, &subject, &matched);
    return flow;
}

static int parse_values(struct parser *p, struct when *w)
{
    struct expr values[MAX_VALUES];
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    do {
        if (w->count == MAX_VALUES)
            return parser_fail(p, "{%% when %%} has more than %d values.", MAX_VALUES);
        if (parse_expr(p, &t, &values[w->count++]) < 0)
            return -1;
    } while (tokens_take(&t, TOKEN_COMMA) || tokens_take_name(&t, STR("or")));
    size_t size = w->count * sizeof(*values);
    w->values = memcpy(parser_alloc(p, size), values, size);
    return parser_end(p, &t);
}

static int parse_whens(struct parser *p, const struct piece *open, struct case_tag *tag)
{
    struct when **next = &tag->first;
    while (parser_at(p, "when") || parser_at(p, "else")) {
        struct when *w = *next = parser_alloc(p, sizeof(*w));
        next = &w->next;
        if (parser_at(p, "when") && parse_values(p, w) < 0)
            return -1;
        if (parser_body(p, open, &w->body) < 0)
            return -1;
    }
    return parser_at(p, "endcase") ? 0 : parser_stray(p, open);
}

static int parse_case(struct parser *p, struct node *n)
{
    struct piece open = p->piece;
    struct case_tag *tag = parser_alloc(p, sizeof(*tag));
    struct block before; /* the first `when`: nobody sees it */
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    n->render = render_case;
    n->detail = tag;
    if (parse_expr(p, &t, &tag->subject) < 0 || parser_end(p, &t) < 0)
        return -1;
    if (parser_body(p, &open, &before) < 0 || parse_whens(p, &open, tag) < 0)
        return -1;
    n->blank = true;
    for (struct when *w = tag->first; w; w = w->next)
        n->blank = n->blank && w->body.blank;
    for (struct when *w = tag->first; w && n->blank; w = w->next)
        block_strip(&w->body);
    return 0;
}

const struct tag tag_case = {"case", parse_case};
