/*
 * One rendering, private to the room: what it has used, its variables, and where its text goes. The
 * error is sticky: after render_fail everything goes on harmlessly, and the next node is not
 * rendered.
 *
 * New text is written at the end of the output buffer, then moved to the arena:
 *
 *     size_t mark = text_begin(r);  text_add(r, …);  struct value v = text_end(r, mark);
 *
 * The same holds for what a target is given: made at the end of the buffer, given, cut off.
 */
#ifndef TOCSIN_TEMPLATE_RENDER_H
#define TOCSIN_TEMPLATE_RENDER_H

#include "template/program.h"

/* A variable: a loop's own one hides what was assigned, which hides the outside's name. */
struct slot {
    struct value local, loop, outside;
    bool local_set, loop_set, outside_known;
};

struct render {
    const struct template *template;
    const struct template_scope *scope;
    const struct render_options *options;
    struct render_limits limits;
    struct arena *scratch;
    struct buf *out;
    const struct render_target *target; /* where the text goes instead, or NULL */
    size_t given;                       /* bytes that went there */
    size_t out_start, scratch_start;
    uint64_t iterations, work;
    struct slot *slots;  /* by symbol */
    uint64_t *loop_ends; /* by loop: where `offset: continue` goes on */
    uint32_t at;         /* of the node at hand */
    bool failed;
    struct template_error *error;
};

void render_fail(struct render *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum flow render_block(struct render *r, const struct block *block);
enum flow render_text(struct render *r, const struct node *n);
enum flow render_output(struct render *r, const struct node *n);

/* Scratch memory for `count` things of `size`; NULL (and failed) if that is beyond the limit. */
void *render_alloc(struct render *r, uint64_t count, size_t size);

/* Counts bytes that are looked at. */
void render_work(struct render *r, size_t bytes);

static inline size_t text_begin(const struct render *r)
{
    return r->out->len;
}

void text_add(struct render *r, struct str s);
void text_add_byte(struct render *r, char byte);
struct value text_end(struct render *r, size_t mark);

/* Adds s as valid UTF-8 (see liquid.h), with the signs of HTML as entities if `escape`. */
void text_add_clean(struct render *r, struct str s, bool escape);

/* Adds how a value reads; text as it is, unless `clean`. */
void text_add_value(struct render *r, const struct value *v, bool clean, bool escape);

/* How a value reads; made in scratch where it is not text already. */
struct str render_str(struct render *r, const struct value *v);

/* evaluate.c */
struct value eval_expr(struct render *r, const struct expr *e);
struct value eval_chain(struct render *r, const struct chain *c);
bool eval_condition(struct render *r, const struct condition *c);

/* [name, value]: how a loop and `first` see an object's member. */
struct value object_pair(struct render *r, const struct value *object, size_t index);

/* The item number `index` (below value_count) of an array, a range, an object, or a text as a
 * whole. */
struct value value_item(struct render *r, const struct value *v, uint64_t index);

/* The member of an object, or size, first, last of anything that has them; nil otherwise. */
struct value value_member(struct render *r, const struct value *v, struct str name);

#endif
