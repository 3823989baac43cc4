/*
 * {% for %} with {% else %}, {% break %} and {% continue %}, and the object `forloop`.
 *
 *     for    = "for" name "in" expr *( [","] option )
 *     option = "reversed" / "limit" ":" expr / "offset" ":" ( "continue" / expr )
 */
#include "base/alloc.h"
#include "template/parser.h"
#include "template/render.h"

enum { MAX_LOOPS = 1000 };

struct for_tag {
    uint32_t symbol;  /* of the loop's variable */
    uint32_t forloop; /* of the name "forloop" */
    uint32_t number;  /* of the loop, for `offset: continue` */
    struct str name;  /* "item-collection" */
    struct expr items;
    const struct expr *limit, *offset;
    bool reversed, goes_on; /* `offset: continue` */
    struct block body, otherwise;
};

/* What `forloop` shows; in the arena, because a template can keep it by assigning it. */
struct loop {
    struct str name;
    uint64_t index, length;
    struct value parent;
};

static bool loop_get(const void *ctx, struct str member, struct value *out)
{
    const struct loop *l = ctx;
    const struct {
        const char *name;
        struct value value;
    } members[] = {
        {"index", value_int((int64_t)l->index + 1)},
        {"index0", value_int((int64_t)l->index)},
        {"rindex", value_int((int64_t)(l->length - l->index))},
        {"rindex0", value_int((int64_t)(l->length - l->index) - 1)},
        {"length", value_int((int64_t)l->length)},
        {"first", value_bool(l->index == 0)},
        {"last", value_bool(l->index + 1 == l->length)},
        {"name", value_str(l->name)},
        {"parentloop", l->parent},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (!str_eq(member, str_of(members[i].name)))
            continue;
        *out = members[i].value;
        return true;
    }
    return false;
}

static const struct object_type loop_type = {.get = loop_get};

/* A whole number of an option; `missing` where it is nil. */
static uint64_t option_value(struct render *r, const struct expr *e, const char *name,
                             uint64_t missing)
{
    int64_t n = 0;
    if (!e)
        return missing;
    struct value v = eval_expr(r, e);
    if (v.kind == VALUE_NIL)
        return missing;
    if (!value_to_int(&v, &n))
        render_fail(r, "the %s of a loop must be a whole number.", name);
    return n < 0 ? 0 : (uint64_t)n;
}

static uint64_t item_count(const struct value *items)
{
    if (items->kind == VALUE_OBJECT && !items->object.type->count)
        return 0;
    return value_count(items);
}

static enum flow render_round(struct render *r, const struct for_tag *tag, const struct value *item)
{
    struct slot *slot = &r->slots[tag->symbol];
    if (++r->iterations > r->limits.iterations) {
        render_fail(r, "the loops of this template go round more than %llu times.",
                    (unsigned long long)r->limits.iterations);
        return FLOW_STOP;
    }
    slot->loop = *item;
    slot->loop_set = true;
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
    struct slot *slot = &r->slots[tag->symbol], *forloop = &r->slots[tag->forloop];
    struct slot hidden = *slot, outer = *forloop;
    struct loop *loop = render_alloc(r, 1, sizeof(*loop));
    if (!loop)
        return FLOW_STOP;
    *loop = (struct loop){.name = tag->name, .length = length};
    loop->parent = outer.loop_set ? outer.loop : value_nil();
    forloop->loop = value_object(&loop_type, loop);
    forloop->loop_set = true;
    enum flow flow = render_rounds(r, tag, items, offset, loop);
    forloop->loop = outer.loop;
    forloop->loop_set = outer.loop_set;
    slot->loop = hidden.loop;
    slot->loop_set = hidden.loop_set;
    return flow;
}

static enum flow render_for(struct render *r, const struct node *n)
{
    const struct for_tag *tag = n->detail;
    struct value items = eval_expr(r, &tag->items);
    uint64_t count = item_count(&items);
    uint64_t offset =
        tag->goes_on ? r->loop_ends[tag->number] : option_value(r, tag->offset, "offset", 0);
    uint64_t length = option_value(r, tag->limit, "limit", UINT64_MAX);
    if (r->failed)
        return FLOW_STOP;
    if (offset > count)
        offset = count;
    if (length > count - offset)
        length = count - offset;
    r->loop_ends[tag->number] = offset + length;
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

static int number_loop(struct parser *p, struct for_tag *tag)
{
    size_t i = 0;
    while (i < p->loop_count && !str_eq(p->loops[i], tag->name))
        i++;
    tag->number = (uint32_t)i;
    if (i < p->loop_count)
        return 0;
    if (i == MAX_LOOPS)
        return parser_fail(p, "a template can have at most %d different loops.", MAX_LOOPS);
    if (p->loop_count == p->loop_size) {
        p->loop_size = p->loop_size ? p->loop_size * 2 : 16;
        p->loops = alloc_again(p->loops, p->loop_size * sizeof(*p->loops));
    }
    p->loops[p->loop_count++] = tag->name;
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
    if (number_loop(p, tag) < 0 || parser_symbol(p, item, &tag->symbol) < 0 ||
        parser_symbol(p, STR("forloop"), &tag->forloop) < 0)
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
