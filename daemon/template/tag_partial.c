/*
 * {% render %}: a partial with variables of its own, and {% include %}: one that shares those of
 * the template around it. Both see the outside's names.
 *
 *     render  = "render" text rest          include = "include" expr rest
 *     rest    = [ ( "with" / "for" ) expr [ "as" name ] ] *( [","] name ":" expr )
 *
 * The value after `with` or `for` has the partial's name unless `as` gives another. As in the
 * reference implementation, `render … for` goes round over everything that has items, with a
 * `forloop`; `include` goes round over an array also after `with`, without one. {% break %} and
 * {% continue %} leave an included partial and reach the loop around it; they end a rendered one.
 */
#include "template/loop.h"
#include "template/parser.h"

enum { MAX_ARGUMENTS = 32, MAX_PARTIAL_DEPTH = 20 };

struct argument {
    uint32_t symbol;
    struct expr value;
};

struct partial_tag {
    const struct unit *unit; /* NULL: only `name` says it, when rendering */
    struct expr name;
    const struct expr *subject; /* after `with` or `for`, or NULL */
    bool each;                  /* `for` */
    bool alias;                 /* `as`: `symbol` is it */
    uint32_t symbol, forloop;
    const struct argument *arguments;
    size_t count;
};

static const struct unit *unit_named(struct render *r, const struct expr *e)
{
    struct value v = eval_expr(r, e);
    struct str name = render_str(r, &v);
    for (const struct unit *unit = r->template->main.next; unit; unit = unit->next)
        if (str_eq(unit->name, name))
            return unit;
    render_fail(r, "there is no partial named \"%.*s\".", name.len < 60 ? (int)name.len : 60,
                name.at ? name.at : "");
    return NULL;
}

static enum flow render_unit(struct render *r, const struct unit *unit)
{
    if (r->depth == MAX_PARTIAL_DEPTH) {
        render_fail(r, "partials stand inside each other more than %d deep.", MAX_PARTIAL_DEPTH);
        return FLOW_STOP;
    }
    if (!render_count(r))
        return FLOW_STOP;
    r->depth++;
    enum flow flow = render_block(r, &unit->body);
    r->depth--;
    return flow;
}

static uint32_t subject_symbol(const struct partial_tag *tag, const struct unit *unit)
{
    return tag->alias ? tag->symbol : unit->symbol;
}

/* Nil hides the outside's name like any value, but no argument. */
static void set_subject(struct slot *slot, const struct value *item)
{
    if (item->kind != VALUE_NIL || !slot->local_set)
        *slot = (struct slot){.local = *item, .local_set = true};
}

/* One rendering with a frame of its own. The arguments are values of the frame around it. */
static enum flow render_apart(struct render *r, const struct partial_tag *tag,
                              const struct value *item, const struct loop *loop)
{
    struct frame *outer = r->frame, *frame = render_frame(r);
    if (!frame)
        return FLOW_STOP;
    if (loop)
        frame->slots[tag->forloop] = (struct slot){.local = loop_value(loop), .local_set = true};
    for (size_t i = 0; i < tag->count; i++)
        frame->slots[tag->arguments[i].symbol] =
            (struct slot){.local = eval_expr(r, &tag->arguments[i].value), .local_set = true};
    if (tag->subject)
        set_subject(&frame->slots[subject_symbol(tag, tag->unit)], item);
    r->frame = frame;
    enum flow flow = r->failed ? FLOW_STOP : render_unit(r, tag->unit);
    r->frame = outer;
    return flow == FLOW_STOP ? FLOW_STOP : FLOW_NEXT;
}

static enum flow render_each(struct render *r, const struct partial_tag *tag,
                             const struct value *items, uint32_t at)
{
    enum flow flow = FLOW_NEXT;
    struct loop *loop = loop_new(r, tag->unit->name, loop_count(items));
    if (!loop)
        return FLOW_STOP;
    for (; loop->index < loop->length && flow == FLOW_NEXT; loop->index++) {
        struct value item = value_item(r, items, loop->index);
        r->at = at;
        flow = render_apart(r, tag, &item, loop);
    }
    return flow;
}

static enum flow render_render(struct render *r, const struct node *n)
{
    const struct partial_tag *tag = n->detail;
    struct value v = tag->subject ? eval_expr(r, tag->subject) : value_nil();
    if (tag->each && value_has_items(&v))
        return render_each(r, tag, &v, n->at);
    return render_apart(r, tag, &v, NULL);
}

static enum flow include_each(struct render *r, const struct unit *unit, struct slot *slot,
                              const struct value *items, uint32_t at)
{
    enum flow flow = FLOW_NEXT;
    uint64_t count = loop_count(items);
    for (uint64_t i = 0; i < count && flow == FLOW_NEXT; i++) {
        r->at = at;
        slot->scoped = value_item(r, items, i);
        flow = render_unit(r, unit);
    }
    return flow;
}

static enum flow include_with(struct render *r, const struct partial_tag *tag,
                              const struct unit *unit, struct value v, uint32_t at)
{
    if (!tag->subject)
        return render_unit(r, unit);
    struct hidden hidden = slot_hide(r, subject_symbol(tag, unit), v);
    bool each = v.kind == VALUE_ARRAY || (tag->each && v.kind == VALUE_RANGE);
    enum flow flow = each ? include_each(r, unit, hidden.slot, &v, at) : render_unit(r, unit);
    slot_show(&hidden);
    return flow;
}

static enum flow render_include(struct render *r, const struct node *n)
{
    const struct partial_tag *tag = n->detail;
    struct hidden hidden[MAX_ARGUMENTS];
    const struct unit *unit = tag->unit ? tag->unit : unit_named(r, &tag->name);
    struct value v = tag->subject ? eval_expr(r, tag->subject) : value_nil();
    if (!unit || r->failed)
        return FLOW_STOP;
    for (size_t i = 0; i < tag->count; i++)
        hidden[i] = slot_hide(r, tag->arguments[i].symbol, eval_expr(r, &tag->arguments[i].value));
    enum flow flow = include_with(r, tag, unit, v, n->at);
    for (size_t i = tag->count; i-- > 0;)
        slot_show(&hidden[i]);
    return flow;
}

/* {% render 'x', contact: contact %} makes no name that the outside does not have. */
static int parse_own(struct parser *p, struct str name, const struct expr *value, uint32_t *symbol)
{
    if (parser_symbol(p, name, symbol) < 0)
        return -1;
    return expr_is_name(value, *symbol) ? 0 : parser_own_symbol(p, name, symbol);
}

static int parse_alias(struct parser *p, struct tokens *t, struct partial_tag *tag)
{
    struct str name = t->now.text;
    if (t->now.kind != TOKEN_NAME)
        return parser_expected(p, t, "a name");
    tokens_next(t);
    tag->alias = true;
    return parse_own(p, name, tag->subject, &tag->symbol);
}

/* What `with` sets has the name of a partial: of any, if the name is only known later. */
static void own_unit_symbols(struct parser *p, const struct partial_tag *tag)
{
    struct template *t = p->template;
    for (const struct unit *unit = t->main.next; unit; unit = unit->next)
        if ((!tag->unit || tag->unit == unit) && !expr_is_name(tag->subject, unit->symbol))
            t->symbols[unit->symbol].own = true;
}

static int parse_subject(struct parser *p, struct tokens *t, struct partial_tag *tag)
{
    if (tokens_at_named(t))
        return 0;
    tag->each = tokens_take_name(t, STR("for"));
    if (!tag->each && !tokens_take_name(t, STR("with")))
        return 0;
    struct expr *subject = parser_alloc(p, sizeof(*subject));
    tag->subject = subject;
    if (parse_expr(p, t, subject) < 0)
        return -1;
    if (!tokens_at_named(t) && tokens_take_name(t, STR("as")))
        return parse_alias(p, t, tag);
    own_unit_symbols(p, tag);
    return 0;
}

static int parse_arguments(struct parser *p, struct tokens *t, struct partial_tag *tag)
{
    struct argument arguments[MAX_ARGUMENTS];
    while (t->now.kind != TOKEN_END) {
        if (tokens_take(t, TOKEN_COMMA))
            continue;
        if (!tokens_at_named(t))
            return parser_expected(p, t, "an argument such as \"name: value\"");
        if (tag->count == MAX_ARGUMENTS)
            return parser_fail(p, "a partial is given more than %d arguments.", MAX_ARGUMENTS);
        struct argument *a = &arguments[tag->count++];
        struct str name = t->now.text;
        tokens_next(t);
        tokens_next(t);
        if (parse_expr(p, t, &a->value) < 0 || parse_own(p, name, &a->value, &a->symbol) < 0)
            return -1;
    }
    size_t size = tag->count * sizeof(*arguments);
    tag->arguments = size ? memcpy(parser_alloc(p, size), arguments, size) : NULL;
    return 0;
}

static int parse_name(struct parser *p, struct tokens *t, struct partial_tag *tag)
{
    bool render = parser_at(p, "render");
    if (render && t->now.kind != TOKEN_TEXT)
        return parser_expected(p, t, "the name of a partial in quotes");
    if (parse_expr(p, t, &tag->name) < 0)
        return -1;
    if (tag->name.kind != EXPR_LITERAL)
        return unit_take_all(p);
    if (tag->name.literal.kind != VALUE_STR)
        return parser_fail(p, "the name of a partial stands in quotes: {%% include 'footer' %%}.");
    return unit_take(p, tag->name.literal.str, &tag->unit);
}

static int parse_partial(struct parser *p, struct node *n)
{
    struct partial_tag *tag = parser_alloc(p, sizeof(*tag));
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    n->render = parser_at(p, "render") ? render_render : render_include;
    n->detail = tag;
    if (parse_name(p, &t, tag) < 0 || parse_subject(p, &t, tag) < 0)
        return -1;
    if (tag->each && parser_own_symbol(p, STR("forloop"), &tag->forloop) < 0)
        return -1;
    return parse_arguments(p, &t, tag);
}

const struct tag tag_render = {"render", parse_partial};
const struct tag tag_include = {"include", parse_partial};
