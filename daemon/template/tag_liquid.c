/* Output without braces: {% echo chain %}, and {% liquid %}, in which every line is a tag. */
#include "template/parser.h"
#include "template/render.h"

static int parse_echo(struct parser *p, struct node *n)
{
    return parser_output(p, n);
}

/* The nodes of the lines become nodes of the block that the tag stands in. */
static int parse_liquid(struct parser *p, struct node *n)
{
    (void)n;
    struct lexer outer = p->lexer;
    struct piece open = p->piece;
    p->lexer = lexer_lines(outer.source, open.inside);
    if (parser_nodes(p) < 0)
        return -1;
    if (p->piece.kind == PIECE_TAG)
        return parser_stray(p, NULL);
    p->lexer = outer;
    p->piece = open;
    p->trim_next = open.trim_after;
    return 0;
}

const struct tag tag_echo = {"echo", parse_echo};
const struct tag tag_liquid = {"liquid", parse_liquid};
