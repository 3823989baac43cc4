/*
 * What is wrong with the address of a link, as a sentence for whoever wrote the message; pure,
 * private to the room.
 *
 *     http-URI = "http" [ "s" ] "://" host …     (RFC 3986, RFC 9110 section 4.2; the scheme in any
 *                                                 case; no spaces, no control characters)
 *
 * An address that begins with Liquid cannot be judged, and has no fault.
 */
#ifndef TOCSIN_TEMPLATE_LINK_FAULT_H
#define TOCSIN_TEMPLATE_LINK_FAULT_H

#include "base/arena.h"

/* Each tag and output of an address is this byte in its shape. */
enum { LINK_SHAPE_LIQUID = '\xff' };

struct link_shape {
    struct str text;
    bool too_long;
    bool forged; /* references stand for braces */
};

/* A sentence in `memory` that quotes `address`, or NULL. */
const char *link_fault(const struct link_shape *shape, struct str address, struct arena *memory);

/* True for http:// and https:// with at least one fixed byte of a host. */
bool link_shape_is_web(struct str shape);

#endif
