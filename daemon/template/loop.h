/* What goes round, private to the room: the object `forloop`, and what a loop sees of a value. */
#ifndef TOCSIN_TEMPLATE_LOOP_H
#define TOCSIN_TEMPLATE_LOOP_H

#include "template/render.h"

/* In the arena, because a template can keep it by assigning it. */
struct loop {
    struct str name;
    uint64_t index, length;
    struct value parent;
};

/* NULL, and failed, if that is beyond the limit of the arena. */
struct loop *loop_new(struct render *r, struct str name, uint64_t length);
struct value loop_value(const struct loop *l);

/* How many rounds a `for` over the value goes. */
uint64_t loop_count(const struct value *items);

#endif
