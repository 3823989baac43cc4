/*
 * {% increment name %} writes a counter and adds 1 to it, {% decrement name %} takes 1 away and
 * writes it. A counter starts at 0, or at the whole number that the outside has under that name.
 * What is assigned under the same name hides it and is another thing.
 */
#include "template/parser.h"
#include "template/render.h"

static int64_t *counter_of(struct render *r, uint32_t symbol)
{
    struct slot *slot = &r->frame->slots[symbol];
    if (!slot->counter_set) {
        struct value outside = symbol_outside(r, symbol);
        slot->counter = outside.kind == VALUE_INT ? outside.whole : 0;
        slot->counter_set = true;
    }
    return &slot->counter;
}

static enum flow render_increment(struct render *r, const struct node *n)
{
    int64_t *counter = counter_of(r, n->symbol);
    struct value v = value_int(*counter);
    *counter = (int64_t)((uint64_t)*counter + 1);
    render_value(r, &v);
    return FLOW_NEXT;
}

static enum flow render_decrement(struct render *r, const struct node *n)
{
    int64_t *counter = counter_of(r, n->symbol);
    *counter = (int64_t)((uint64_t)*counter - 1);
    struct value v = value_int(*counter);
    render_value(r, &v);
    return FLOW_NEXT;
}

static int parse_counter(struct parser *p, struct node *n)
{
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    n->render = parser_at(p, "increment") ? render_increment : render_decrement;
    return parse_target(p, &t, &n->symbol) < 0 ? -1 : parser_end(p, &t);
}

const struct tag tag_increment = {"increment", parse_counter};
const struct tag tag_decrement = {"decrement", parse_counter};
