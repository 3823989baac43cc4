/*
 * From source to program, private to the room. parser.c cuts a source into blocks and nodes and
 * knows the table of tags; expression.c reads what stands inside; each tag_*.c has the parser and
 * the renderer of its tags. unit.c queues the partials that tags name: they are parsed one after
 * the other when the template itself is, so that nothing recurses and cycles do no harm. Functions
 * return -1 once parser_fail has written the error.
 */
#ifndef TOCSIN_TEMPLATE_PARSER_H
#define TOCSIN_TEMPLATE_PARSER_H

#include "template/lexer.h"
#include "template/program.h"
#include "template/tokens.h"

struct parser {
    struct template *template;
    struct template_error *error;
    const struct template_partials *partials; /* or NULL */
    struct unit *unit;                        /* that is being parsed */
    struct unit *last;                        /* that is queued */
    bool all_taken;                           /* all partials are queued */
    struct lexer lexer;
    struct piece piece; /* the tag or output at hand */
    bool trim_next;     /* the last piece ended with a dash */
    struct node *nodes; /* of all blocks that are open, the innermost last */
    size_t node_count, node_size;
    unsigned depth, max_depth;
    struct str *marks; /* what tells loops ("name-collection") and cycles (",items") apart */
    uint32_t mark_count;
    size_t mark_size, symbol_size, constant_size;
};

/* Fails at the piece at hand. */
int parser_fail(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails because of the token: says what was expected, and what stands there. */
int parser_expected(struct parser *p, const struct tokens *t, const char *what);

/* Fails unless all tokens were taken. */
int parser_end(struct parser *p, const struct tokens *t);

void *parser_alloc(struct parser *p, size_t size);

/* An array in the template's memory that has `count` items: doubled if it is full. */
void *parser_grow(struct parser *p, void *all, size_t count, size_t *size, size_t item);

/* The offset of a place in the unit's source, for errors (the piece at hand if it is elsewhere). */
uint32_t parser_offset(const struct parser *p, const char *at);

/*
 * Reads nodes into *block up to a tag that is in no table: a tag's own delimiter, which is left in
 * p->piece (an empty name at the end of the source).
 */
int parser_block(struct parser *p, struct block *block);

/* parser_block, but the nodes go to the block that is open. */
int parser_nodes(struct parser *p);

/* What {{ }} has inside, for a node that writes it; the node stays without renderer if that is
 * nothing. */
int parser_output(struct parser *p, struct node *n);

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

/* The number of a name that a tag sets. */
int parser_own_symbol(struct parser *p, struct str name, uint32_t *symbol);

/* The number of what goes on where it stopped: the same for the same key. */
int parser_mark(struct parser *p, struct str key, uint32_t *mark);

/* unit.c: the unit of a partial, which is queued to be parsed; the same for all of them. */
int unit_take(struct parser *p, struct str name, const struct unit **unit);
int unit_take_all(struct parser *p);

/* expression.c */
int parse_expr(struct parser *p, struct tokens *t, struct expr *out);
int parse_chain(struct parser *p, struct tokens *t, struct chain *out);
int parse_condition(struct parser *p, struct tokens *t, struct condition *out);

/* True if e is that name and nothing more. */
bool expr_is_name(const struct expr *e, uint32_t symbol);

/* A name that is assigned to: its symbol. */
int parse_target(struct parser *p, struct tokens *t, uint32_t *symbol);

struct tag {
    const char *name;
    /* Reads the rest of the tag from p->piece, sets the node's render function and detail. */
    int (*parse)(struct parser *p, struct node *n);
};

extern const struct tag tag_abort, tag_assign, tag_break, tag_capture, tag_case, tag_comment,
    tag_continue, tag_cycle, tag_decrement, tag_doc, tag_echo, tag_for, tag_hash, tag_if,
    tag_include, tag_increment, tag_liquid, tag_raw, tag_render, tag_unless;

#endif
