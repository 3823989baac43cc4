/*
 * The images of an HTML source in which Liquid may stand anywhere, for whoever asks whether they
 * have a text that takes their place. Pure. Images in Outlook's conditional comments are among
 * them.
 */
#ifndef TOCSIN_TEMPLATE_IMAGES_H
#define TOCSIN_TEMPLATE_IMAGES_H

#include "base/arena.h"
#include "base/err.h"

enum { IMAGES_MAX = 1000 };

struct image {
    unsigned line;  /* of the tag, from 1 */
    struct str src; /* references decoded, no white space at its ends; Liquid as it is */
    bool has_alt;   /* alt="" counts: it says that the image is decoration */
    bool is_pixel;  /* nobody can see it: at most 1 × 1, or display:none */
};

/* In the order of the source, in `memory`. -1 if there are more than IMAGES_MAX. */
int images_find(struct str html, struct arena *memory, struct image **images, size_t *count,
                struct err *err);

#endif
