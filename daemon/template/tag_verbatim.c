/* Tags whose content is not Liquid: {% raw %}, {% comment %}, {% doc %} and the inline comment
 * {% # %}. */
#include "template/parser.h"
#include "template/render.h"
#include "template/space.h"

static int fail_open(struct parser *p)
{
    return parser_fail(p, "the tag \"{%% %.*s %%}\" is never closed; add {%% end%.*s %%}.",
                       STR_ARG(p->piece.name), STR_ARG(p->piece.name));
}

static int parse_raw(struct parser *p, struct node *n)
{
    struct piece end;
    struct str text;
    if (p->piece.inside.len)
        return parser_fail(p, "{%% raw %%} takes nothing more.");
    if (p->lexer.lines)
        return parser_fail(p, "{%% raw %%} cannot stand inside {%% liquid %%}.");
    if (!lexer_verbatim(&p->lexer, STR("endraw"), &text, &end))
        return fail_open(p);
    if (p->piece.trim_after)
        text = space_skip(text);
    if (end.trim_before)
        text = space_cut(text);
    p->trim_next = end.trim_after;
    parser_text(p, n, text);
    n->blank = text.len == 0;
    return 0;
}

static int parse_comment(struct parser *p, struct node *n)
{
    (void)n;
    struct piece end;
    if (!lexer_comment(&p->lexer, &end))
        return fail_open(p);
    p->trim_next = end.trim_after;
    return 0;
}

static int parse_doc(struct parser *p, struct node *n)
{
    (void)n;
    struct piece end;
    struct str ignored;
    if (p->piece.inside.len)
        return parser_fail(p, "{%% doc %%} takes nothing more.");
    if (!lexer_verbatim(&p->lexer, STR("enddoc"), &ignored, &end))
        return fail_open(p);
    p->trim_next = end.trim_after;
    return 0;
}

/* Every line of an inline comment starts with its sign, so that nobody hides a tag by accident. */
static int parse_hash(struct parser *p, struct node *n)
{
    (void)n;
    struct str rest = p->piece.inside;
    str_cut(&rest, '\n');
    while (rest.at) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.len && line.at[0] != '#')
            return parser_fail(p, "each line of a {%% # comment %%} must start with #.");
    }
    return 0;
}

const struct tag tag_raw = {"raw", parse_raw};
const struct tag tag_comment = {"comment", parse_comment};
const struct tag tag_doc = {"doc", parse_doc};
const struct tag tag_hash = {"#", parse_hash};
