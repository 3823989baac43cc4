/* {% assign name = chain %} and {% capture name %}…{% endcapture %}. */
#include "template/parser.h"
#include "template/render.h"

struct assign_tag {
    uint32_t symbol;
    struct chain chain; /* of assign */
    struct block body;  /* of capture */
};

static void slot_set(struct render *r, uint32_t symbol, struct value v)
{
    r->frame->slots[symbol].local = v;
    r->frame->slots[symbol].local_set = true;
}

static enum flow render_assign(struct render *r, const struct node *n)
{
    const struct assign_tag *tag = n->detail;
    slot_set(r, tag->symbol, eval_chain(r, &tag->chain));
    return FLOW_NEXT;
}

static enum flow render_capture(struct render *r, const struct node *n)
{
    const struct assign_tag *tag = n->detail;
    const struct render_target *target = r->target;
    size_t mark = text_begin(r);
    r->target = NULL;
    enum flow flow = render_block(r, &tag->body);
    r->target = target;
    struct value v = text_end(r, mark);
    v.markup = r->options->escape == ESCAPE_HTML;
    slot_set(r, tag->symbol, v);
    return flow;
}

static int parse_assign(struct parser *p, struct node *n)
{
    struct assign_tag *tag = parser_alloc(p, sizeof(*tag));
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    n->render = render_assign;
    n->detail = tag;
    n->blank = true;
    if (parse_target(p, &t, &tag->symbol) < 0)
        return -1;
    if (!tokens_take(&t, TOKEN_ASSIGN))
        return parser_expected(p, &t, "\"=\"");
    if (parse_chain(p, &t, &tag->chain) < 0)
        return -1;
    return parser_end(p, &t);
}

static int parse_capture(struct parser *p, struct node *n)
{
    struct piece open = p->piece;
    struct assign_tag *tag = parser_alloc(p, sizeof(*tag));
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    n->render = render_capture;
    n->detail = tag;
    n->blank = true;
    if (parse_target(p, &t, &tag->symbol) < 0 || parser_end(p, &t) < 0)
        return -1;
    if (parser_body(p, &open, &tag->body) < 0)
        return -1;
    return parser_at(p, "endcapture") ? 0 : parser_stray(p, &open);
}

const struct tag tag_assign = {"assign", parse_assign};
const struct tag tag_capture = {"capture", parse_capture};
