/*
 * The partials of a bundle as the template room wants them: those whose names have one ending,
 * under their names without it. Lists of names lie in the arena, the sources in the bundle.
 */
#ifndef TOCSIN_COMPOSE_PARTIALS_H
#define TOCSIN_COMPOSE_PARTIALS_H

#include "compose/bundle.h"
#include "template/liquid.h"

struct partials {
    struct template_partials all; /* points to this: do not move it */
    struct bundle_file *files;
};

/* `ending` is ".html" or ".txt". */
void partials_init(struct partials *partials, const struct bundle *bundle, const char *ending,
                   struct arena *memory);

#endif
