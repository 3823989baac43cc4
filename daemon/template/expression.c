/*
 * What stands inside {{ }} and {% %}. Brackets count against the nesting limit like blocks do.
 *
 *     chain      = expr *( "|" name [ ":" args ] )
 *     args       = arg *( "," arg )          arg = expr / name ":" expr
 *     expr       = text / number / "true" / "false" / "nil" / "null" / "empty" / "blank"
 *                / range / path
 *     range      = "(" expr ".." expr ")"
 *     path       = ( name / "[" expr "]" ) *( "." name / "[" expr "]" )
 *     condition  = test *( ( "and" / "or" ) test )
 *     test       = expr [ compare expr ]
 */
#include "template/filters.h"
#include "template/parser.h"

enum { MAX_STEPS = 32, MAX_TESTS = 256, MAX_CHAIN = 64 };

static int parse_index(struct parser *p, struct tokens *t, const struct expr **out)
{
    struct expr *index = parser_alloc(p, sizeof(*index));
    *out = index;
    if (parse_expr(p, t, index) < 0)
        return -1;
    return tokens_take(t, TOKEN_CLOSE_INDEX) ? 0 : parser_expected(p, t, "\"]\"");
}

static int parse_step(struct parser *p, struct tokens *t, struct step *step)
{
    *step = (struct step){0};
    if (tokens_take(t, TOKEN_OPEN_INDEX))
        return parse_index(p, t, &step->index);
    tokens_next(t);
    if (t->now.kind != TOKEN_NAME)
        return parser_expected(p, t, "a name");
    step->name = t->now.text;
    tokens_next(t);
    return 0;
}

static int parse_steps(struct parser *p, struct tokens *t, struct path *path)
{
    struct step steps[MAX_STEPS];
    size_t count = 0;
    while (t->now.kind == TOKEN_DOT || t->now.kind == TOKEN_OPEN_INDEX) {
        if (count == MAX_STEPS)
            return parser_fail(p, "a name has more than %d parts.", MAX_STEPS);
        if (parse_step(p, t, &steps[count++]) < 0)
            return -1;
    }
    if (count == 0)
        return 0;
    path->count = count;
    path->steps = memcpy(parser_alloc(p, count * sizeof(*steps)), steps, count * sizeof(*steps));
    return 0;
}

static int parse_path(struct parser *p, struct tokens *t, struct expr *out)
{
    struct path *path = parser_alloc(p, sizeof(*path));
    *out = (struct expr){.kind = EXPR_PATH, .path = path};
    path->at = parser_offset(p, t->now.text.at);
    path->next = p->template->paths;
    p->template->paths = path;
    if (tokens_take(t, TOKEN_OPEN_INDEX)) {
        if (parse_index(p, t, &path->root) < 0)
            return -1;
        return parse_steps(p, t, path);
    }
    if (parser_symbol(p, t->now.text, &path->symbol) < 0)
        return -1;
    tokens_next(t);
    return parse_steps(p, t, path);
}

static int parse_range(struct parser *p, struct tokens *t, struct expr *out)
{
    struct range_expr *range = parser_alloc(p, sizeof(*range));
    *out = (struct expr){.kind = EXPR_RANGE, .range = range};
    tokens_next(t);
    if (parse_expr(p, t, &range->first) < 0)
        return -1;
    if (!tokens_take(t, TOKEN_DOTS))
        return parser_expected(p, t, "\"..\"");
    if (parse_expr(p, t, &range->last) < 0)
        return -1;
    return tokens_take(t, TOKEN_CLOSE) ? 0 : parser_expected(p, t, "\")\"");
}

/* The words that are values; they cannot be variables. */
static bool parse_word(struct tokens *t, struct expr *out)
{
    static const struct {
        const char *name;
        struct value value;
    } words[] = {
        {"nil", {.kind = VALUE_NIL}},
        {"null", {.kind = VALUE_NIL}},
        {"true", {.kind = VALUE_BOOL, .truth = true}},
        {"false", {.kind = VALUE_BOOL, .truth = false}},
        {"empty", {.kind = VALUE_EMPTY}},
        {"blank", {.kind = VALUE_BLANK}},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (tokens_take_name(t, str_of(words[i].name))) {
            *out = (struct expr){.kind = EXPR_LITERAL, .literal = words[i].value};
            return true;
        }
    }
    return false;
}

static void parse_literal(struct tokens *t, struct expr *out)
{
    const struct number *n = &t->now.number;
    *out = (struct expr){.kind = EXPR_LITERAL};
    if (t->now.kind == TOKEN_TEXT)
        out->literal = value_str(t->now.text);
    else
        out->literal = n->real ? value_float(n->approx) : value_int(n->whole);
    tokens_next(t);
}

static int parse_value(struct parser *p, struct tokens *t, struct expr *out)
{
    switch (t->now.kind) {
    case TOKEN_TEXT:
    case TOKEN_NUMBER:
        parse_literal(t, out);
        return 0;
    case TOKEN_OPEN:
        return parse_range(p, t, out);
    case TOKEN_NAME:
        return parse_word(t, out) ? 0 : parse_path(p, t, out);
    case TOKEN_OPEN_INDEX:
        return parse_path(p, t, out);
    default:
        return parser_expected(p, t, "a name, a number or a quoted text");
    }
}

int parse_expr(struct parser *p, struct tokens *t, struct expr *out)
{
    if (p->depth == p->max_depth)
        return parser_fail(p, "brackets are nested more than %u deep.", p->max_depth);
    p->depth++;
    int result = parse_value(p, t, out);
    p->depth--;
    return result;
}

static int parse_named(struct parser *p, struct tokens *t, struct applied_filter *f)
{
    struct expr *option = parser_alloc(p, sizeof(*option));
    struct str name = t->now.text;
    if (!f->filter->option || !str_eq(name, str_of(f->filter->option)))
        return parser_fail(p, "the filter \"%s\" has no argument named \"%.*s\".", f->filter->name,
                           STR_ARG(name));
    tokens_next(t);
    tokens_next(t);
    f->option = option;
    return parse_expr(p, t, option);
}

static int fail_arg_count(struct parser *p, const struct filter *f)
{
    if (f->max_args == 0)
        return parser_fail(p, "the filter \"%s\" takes no argument.", f->name);
    if (f->min_args == f->max_args)
        return parser_fail(p, "the filter \"%s\" needs exactly %u argument%s.", f->name,
                           f->min_args, f->min_args == 1 ? "" : "s");
    return parser_fail(p, "the filter \"%s\" takes %u to %u arguments.", f->name, f->min_args,
                       f->max_args);
}

static int parse_args(struct parser *p, struct tokens *t, struct applied_filter *f)
{
    struct expr args[FILTER_MAX_ARGS];
    do {
        if (tokens_at_named(t)) {
            if (parse_named(p, t, f) < 0)
                return -1;
            continue;
        }
        if (f->count == f->filter->max_args)
            return fail_arg_count(p, f->filter);
        if (parse_expr(p, t, &args[f->count++]) < 0)
            return -1;
    } while (tokens_take(t, TOKEN_COMMA));
    if (f->count)
        f->args = memcpy(parser_alloc(p, f->count * sizeof(*args)), args, f->count * sizeof(*args));
    return 0;
}

static int parse_filter(struct parser *p, struct tokens *t, struct applied_filter *f)
{
    *f = (struct applied_filter){0};
    if (t->now.kind != TOKEN_NAME)
        return parser_expected(p, t, "the name of a filter");
    f->filter = filter_find(t->now.text);
    if (!f->filter)
        return parser_fail(p, "there is no filter named \"%.*s\".", STR_ARG(t->now.text));
    tokens_next(t);
    if (tokens_take(t, TOKEN_COLON) && parse_args(p, t, f) < 0)
        return -1;
    return f->count < f->filter->min_args ? fail_arg_count(p, f->filter) : 0;
}

int parse_chain(struct parser *p, struct tokens *t, struct chain *out)
{
    struct applied_filter filters[MAX_CHAIN];
    *out = (struct chain){0};
    if (parse_expr(p, t, &out->base) < 0)
        return -1;
    while (tokens_take(t, TOKEN_PIPE)) {
        if (out->count == MAX_CHAIN)
            return parser_fail(p, "more than %d filters follow each other.", MAX_CHAIN);
        if (parse_filter(p, t, &filters[out->count++]) < 0)
            return -1;
    }
    size_t size = out->count * sizeof(*filters);
    if (size)
        out->filters = memcpy(parser_alloc(p, size), filters, size);
    return 0;
}

static int parse_test(struct parser *p, struct tokens *t, struct test *test)
{
    *test = (struct test){0};
    if (parse_expr(p, t, &test->left) < 0)
        return -1;
    if (t->now.kind != TOKEN_COMPARE)
        return 0;
    test->compare = t->now.compare;
    tokens_next(t);
    return parse_expr(p, t, &test->right);
}

int parse_condition(struct parser *p, struct tokens *t, struct condition *out)
{
    struct test tests[MAX_TESTS];
    size_t count = 0;
    bool more = true;
    while (more) {
        if (count == MAX_TESTS)
            return parser_fail(p, "a condition has more than %d parts.", MAX_TESTS);
        if (parse_test(p, t, &tests[count]) < 0)
            return -1;
        tests[count].or_next = tokens_take_name(t, STR("or"));
        more = tests[count++].or_next || tokens_take_name(t, STR("and"));
    }
    out->count = count;
    out->tests = memcpy(parser_alloc(p, count * sizeof(*tests)), tests, count * sizeof(*tests));
    return parser_end(p, t);
}

bool expr_is_name(const struct expr *e, uint32_t symbol)
{
    return e->kind == EXPR_PATH && !e->path->root && e->path->count == 0 &&
           e->path->symbol == symbol;
}

int parse_target(struct parser *p, struct tokens *t, uint32_t *symbol)
{
    struct str name = t->now.text;
    bool named = t->now.kind == TOKEN_NAME && name.at[name.len - 1] != '?';
    if (!named && !(t->now.kind == TOKEN_NUMBER && !t->now.number.real))
        return parser_expected(p, t, "a name");
    tokens_next(t);
    return parser_own_symbol(p, name, symbol);
}
