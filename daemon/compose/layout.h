/*
 * A layout is a page of Liquid with one place for the message, {{ content }}, and perhaps one for
 * its preheader, {{ preheader }}. Putting a message into it is done on the source, before anything
 * is compiled: what comes out is one template. {% include 'name' %} of a partial, with nothing more
 * in the tag, is put in its place too, so that style sheets and links see the whole page. Pure.
 */
#ifndef TOCSIN_COMPOSE_LAYOUT_H
#define TOCSIN_COMPOSE_LAYOUT_H

#include "compose/bundle.h"

struct layout {
    const struct bundle *bundle; /* has the partials */
    const char *ending;          /* of their names: ".html" or ".txt" */
    struct str source;           /* empty: only {{ content }} */
    struct str content, preheader;
};

/* Appends the page. -1 with a sentence: {{ content }} is not there, or twice; an included partial
 * is unknown, or includes itself; the page has more than TEMPLATE_SOURCE_MAX bytes. */
int layout_apply(const struct layout *layout, struct buf *out, struct err *err);

#endif
