/*
 * From source to program, private to the room. parser.c cuts the source into blocks and nodes and
 * knows the table of tags; expression.c reads what stands inside; each tag_*.c has the parser and
 * the renderer of its tags. Functions return -1 once parser_fail has written the error.
 */
#ifndef TOCSIN_TEMPLATE_PARSER_H
#define TOCSIN_TEMPLATE_PARSER_H

#include "template/lexer.h"
#include "template/program.h"
#include "template/tokens.h"

struct parser {
    struct template *template;
    struct template_error *error;
    struct lexer lexer;
    struct piece piece; /* the tag or output at hand */
    bool trim_next;     /* the last piece ended with a dash */
    struct node *nodes; /* of all blocks that are open, the innermost last */
    size_t node_count, node_size;
    unsigned depth, max_depth;
    struct str *loops; /* "name-collection" of each `for`, numbered */
    size_t loop_count, loop_size;
    size_t symbol_size, constant_size;
};

/* Fails at the piece at hand. */
int parser_fail(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails because of the token: says what was expected, and what stands there. */
int parser_expected(struct parser *p, const struct tokens *t, const char *what);

/* Fails unless all tokens were taken. */
int parser_end(struct parser *p, const struct tokens *t);

void *parser_alloc(struct parser *p, size_t size);

/*
 * Reads nodes into *block up to a tag that is in no table: a tag's own delimiter, which is left in
 * p->piece (an empty name at the end of the source).
 */
int parser_block(struct parser *p, struct block *block);

/* True if the piece at hand is that tag. */
bool parser_at(const struct parser *p, const char *name);

/* parser_block for a tag that was opened by `open`: a missing end is said at the opening tag. */
int parser_body(struct parser *p, const struct piece *open, struct block *block);

/* Fails because the delimiter at hand does not belong into the block that `open` opened. */
int parser_stray(struct parser *p, const struct piece *open);

/* Drops plain text from a block that is blank. */
void block_strip(struct block *block);

/* Makes the node one that renders this text. */
void parser_text(struct parser *p, struct node *n, struct str text);

/* The number of a name that starts a path; -1 if there are too many. */
int parser_symbol(struct parser *p, struct str name, uint32_t *symbol);

/* expression.c */
int parse_expr(struct parser *p, struct tokens *t, struct expr *out);
int parse_chain(struct parser *p, struct tokens *t, struct chain *out);
int parse_condition(struct parser *p, struct tokens *t, struct condition *out);

/* A name that is assigned to: its symbol. */
int parse_target(struct parser *p, struct tokens *t, uint32_t *symbol);

struct tag {
    const char *name;
    /* Reads the rest of the tag from p->piece, sets the node's render function and detail. */
    int (*parse)(struct parser *p, struct node *n);
};

extern const struct tag tag_if, tag_unless, tag_case, tag_for, tag_break, tag_continue, tag_assign,
    tag_capture, tag_comment, tag_hash, tag_raw;

#endif
