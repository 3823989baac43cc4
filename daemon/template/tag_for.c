/*
 * {% for %} with {% else %}, {% break %} and {% continue %}, and the object `forloop`.
 *
 *     for    = "for" name "in" expr *( [","] option )
 *     option = "reversed" / "limit" ":" expr / "offset" ":" ( "continue" / expr )
 */
#include "template/loop.h"
#include "template/parser.h"

struct for_tag {
    uint32_t symbol;  /* of the loop's variable */
    uint32_t forloop; /* of the name "forloop" */
    uint32_t mark;    /* for `offset: continue` */
    struct str name;  /* "item-collection" */
    struct expr items;
    const struct expr *limit, *offset;
    bool reversed, goes_on; /* `offset: continue` */
    struct block body, otherwise;
};

/* A whole number of an option; `missing` where it is nil. */
static uint64_t option_value(struct render *r, const struct expr *e, const char *name,
                             uint64_t missing)
{
    int64_t n = 0;
    if (!e)
        return missing;
    struct value v = eval_expr(r, e);
    if (v.kind == VALUE_STR)
        render_work(r, v.str.len);
    if (v.kind == VALUE_NIL)
        return missing;
    if (!value_to_int(&v, &n))
        render_fail(r, "the %s of a loop must be a whole number.", name);
    return n < 0 ? 0 : (uint64_t)n;
}

static enum flow render_round(struct render *r, const struct for_tag *tag, const struct value *item)
{
    if (!render_count(r))
        return FLOW_STOP;
    r->frame->slots[tag->symbol].scoped = *item;
    enum flow flow = render_block(r, &tag->body);
    return flow == FLOW_CONTINUE ? FLOW_NEXT : flow;
}

static enum flow render_rounds(struct render *r, const struct for_tag *tag,
                               const struct value *items, uint64_t offset, struct loop *loop)
{
    enum flow flow = FLOW_NEXT;
    uint32_t at = r->at;
    for (loop->index = 0; loop->index < loop->length && flow == FLOW_NEXT; loop->index++) {
        uint64_t i = tag->reversed ? loop->length - 1 - loop->index : loop->index;
        struct value item = value_item(r, items, offset + i);
        r->at = at;
        flow = render_round(r, tag, &item);
    }
    return flow == FLOW_BREAK ? FLOW_NEXT : flow;
}

/* Runs the rounds with the loop's variable and `forloop` set, and puts back what they hid. */
static enum flow render_scoped(struct render *r, const struct for_tag *tag,
                               const struct value *items, uint64_t offset, uint64_t length)
{
    struct loop *loop = loop_new(r, tag->name, length);
    if (!loop)
        return FLOW_STOP;
    struct hidden outer = slot_hide(r, tag->forloop, loop_value(loop));
    struct hidden item = slot_hide(r, tag->symbol, value_nil());
    loop->parent = outer.scoped_set ? outer.scoped : value_nil();
    enum flow flow = render_rounds(r, tag, items, offset, loop);
    slot_show(&item);
    slot_show(&outer);
    return flow;
}

static enum flow render_for(struct render *r, const struct node *n)
{
    const struct for_tag *tag = n->detail;
    struct value items = eval_expr(r, &tag->items);
    uint64_t *end = &r->frame->marks[tag->mark];
    uint64_t count = loop_count(&items);
    uint64_t offset = tag->goes_on ? *end : option_value(r, tag->offset, "offset", 0);
    uint64_t length = option_value(r, tag->limit, "limit", UINT64_MAX);
    if (r->failed)
        return FLOW_STOP;
    if (offset > count)
        offset = count;
    if (length > count - offset)
        length = count - offset;
    *end = offset + length;
    if (length == 0)
        return render_block(r, &tag->otherwise);
    return render_scoped(r, tag, &items, offset, length);
}

static int parse_option(struct parser *p, struct tokens *t, struct for_tag *tag)
{
    struct expr *value = parser_alloc(p, sizeof(*value));
    bool limit = tokens_take_name(t, STR("limit"));
    if (!limit && !tokens_take_name(t, STR("offset")))
        return parser_expected(p, t, "reversed, limit: or offset:");
    if (!tokens_take(t, TOKEN_COLON))
        return parser_expected(p, t, "\":\"");
    tag->goes_on = tag->goes_on || (!limit && tokens_take_name(t, STR("continue")));
    if (!limit && tag->goes_on)
        return 0;
    *(limit ? &tag->limit : &tag->offset) = value;
    return parse_expr(p, t, value);
}

static int parse_options(struct parser *p, struct tokens *t, struct for_tag *tag)
{
    while (t->now.kind != TOKEN_END) {
        if (tokens_take(t, TOKEN_COMMA))
            continue;
        if (tokens_take_name(t, STR("reversed")))
            tag->reversed = true;
        else if (parse_option(p, t, tag) < 0)
            return -1;
    }
    return 0;
}

/* "item-collection", where the collection is as written: from..to in the source. */
static struct str loop_name(struct parser *p, struct str item, const char *from, const char *to)
{
    struct str items = str_trim((struct str){from, (size_t)(to - from)});
    char *name = parser_alloc(p, item.len + items.len + 1);
    memcpy(name, item.at, item.len);
    name[item.len] = '-';
    memcpy(name + item.len + 1, items.at, items.len);
    return (struct str){name, item.len + items.len + 1};
}

static int parse_header(struct parser *p, struct for_tag *tag)
{
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    struct str item = t.now.text;
    if (t.now.kind != TOKEN_NAME)
        return parser_expected(p, &t, "the name of the loop's variable");
    tokens_next(&t);
    if (!tokens_take_name(&t, STR("in")))
        return parser_expected(p, &t, "\"in\"");
    const char *from = t.now.text.at;
    if (parse_expr(p, &t, &tag->items) < 0)
        return -1;
    tag->name = loop_name(p, item, from, t.now.text.at);
    if (parser_mark(p, tag->name, &tag->mark) < 0 || parser_own_symbol(p, item, &tag->symbol) < 0 ||
        parser_own_symbol(p, STR("forloop"), &tag->forloop) < 0)
        return -1;
    return parse_options(p, &t, tag);
}

static int parse_for(struct parser *p, struct node *n)
{
    struct piece open = p->piece;
    struct for_tag *tag = parser_alloc(p, sizeof(*tag));
    n->render = render_for;
    n->detail = tag;
    if (parse_header(p, tag) < 0 || parser_body(p, &open, &tag->body) < 0)
        return -1;
    tag->otherwise.blank = true;
    if (parser_at(p, "else") && parser_body(p, &open, &tag->otherwise) < 0)
        return -1;
    if (!parser_at(p, "endfor"))
        return parser_stray(p, &open);
    n->blank = tag->body.blank && tag->otherwise.blank;
    if (n->blank) {
        block_strip(&tag->body);
        block_strip(&tag->otherwise);
    }
    return 0;
}

static enum flow render_break(struct render *r, const struct node *n)
{
    (void)r;
    (void)n;
    return FLOW_BREAK;
}

static enum flow render_continue(struct render *r, const struct node *n)
{
    (void)r;
    (void)n;
    return FLOW_CONTINUE;
}

static int parse_jump(struct parser *p, struct node *n)
{
    n->render = parser_at(p, "break") ? render_break : render_continue;
    if (p->piece.inside.len)
        return parser_fail(p, "{%% %.*s %%} takes nothing more.", STR_ARG(p->piece.name));
    return 0;
}

const struct tag tag_for = {"for", parse_for};
const struct tag tag_break = {"break", parse_jump};
const struct tag tag_continue = {"continue", parse_jump};
