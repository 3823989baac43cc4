/*
 * What the value of an `href` means: the address that a browser makes of it, in which Liquid may
 * stand, and whether it is a good one. Pure; private to the room, as links.h gives it to others.
 */
#ifndef TOCSIN_TEMPLATE_LINK_TARGET_H
#define TOCSIN_TEMPLATE_LINK_TARGET_H

#include "base/arena.h"

enum { LINK_TARGET_MAX = 8 * 1024 };

struct link_target {
    struct str text; /* references decoded, no white space at its ends, Liquid as it is */
    bool has_liquid;
    bool is_torn;      /* a Liquid block begins or ends outside of it */
    bool is_web;       /* http:// or https:// and a host that begin with fixed text, no fault */
    const char *fault; /* a sentence, or NULL */
};

void link_target_read(struct link_target *t, struct str value, struct arena *memory);

/* The value of any attribute with its references decoded, Liquid as it is. */
struct str link_value_decode(struct str value, struct arena *memory);

#endif
