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

/* A variable: what a loop or `include` sets hides what was assigned, which hides a counter of
 * {% increment %}, which hides the outside's name. */
struct slot {
    struct value scoped, local;
    int64_t counter;
    bool scoped_set, local_set, counter_set;
};

/* A name of the outside, which every frame sees. */
struct outside {
    struct value value;
    bool known;
};

struct named_cycle;

/* What lives as long as the template, or one {% render %} of a partial. */
struct frame {
    struct slot *slots;         /* by symbol */
    uint64_t *marks;            /* where loops (`offset: continue`) and cycles go on */
    struct named_cycle *cycles; /* tag_cycle.c */
    struct frame *inner;        /* of a partial in this one: kept to be used again */
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
    struct outside *outside; /* by symbol */
    struct frame *frame;
    unsigned depth; /* of partials in each other */
    uint32_t at;    /* of the node at hand */
    bool failed;
    bool aborted; /* failed because the template said so */
    struct template_error *error;
};

void render_fail(struct render *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the rendering with TEMPLATE_ABORTED. */
void render_stop(struct render *r, struct str reason);

/* Counts a round of a loop or a partial; false, and failed, if that is one too many. */
bool render_count(struct render *r);

/* A clean frame within the present one, which stays the present one; NULL if that failed. */
struct frame *render_frame(struct render *r);

/* Writes a value as {{ }} does. */
void render_value(struct render *r, const struct value *v);

enum flow render_block(struct render *r, const struct block *block);
enum flow render_text(struct render *r, const struct node *n);
enum flow render_output(struct render *r, const struct node *n);

/* Scratch memory for `count` things of `size`; NULL (and failed) if that is beyond the limit. */
void *render_alloc(struct render *r, uint64_t count, size_t size);

/*
 * What counts as so many bytes looked at, by how long they take: a node, a test of a condition or
 * one comparison; a member of an object, which the outside may have to look up; a filter.
 */
enum { WORK_STEP = 4, WORK_MEMBER = 32, WORK_FILTER = 32 };

void render_overworked(struct render *r);

/* Counts bytes that are looked at; failed if they are too many. */
static inline void render_work(struct render *r, uint64_t bytes)
{
    r->work += bytes;
    if (__builtin_expect(r->work > r->limits.work, false))
        render_overworked(r);
}

/* value_equals, counted as work. */
bool render_equals(struct render *r, const struct value *a, const struct value *b);

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

/* What a variable was before a loop or `include` set it. */
struct hidden {
    struct slot *slot;
    struct value scoped;
    bool scoped_set;
};

static inline struct hidden slot_hide(struct render *r, uint32_t symbol, struct value by)
{
    struct slot *slot = &r->frame->slots[symbol];
    struct hidden hidden = {slot, slot->scoped, slot->scoped_set};
    slot->scoped = by;
    slot->scoped_set = true;
    return hidden;
}

static inline void slot_show(const struct hidden *hidden)
{
    hidden->slot->scoped = hidden->scoped;
    hidden->slot->scoped_set = hidden->scoped_set;
}

/* evaluate.c */
struct value symbol_outside(struct render *r, uint32_t symbol);
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
