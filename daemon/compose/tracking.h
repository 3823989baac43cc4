/*
 * The links of a message's HTML page made trackable: each http(s) link that may be becomes
 *
 *     {% if links.tracked %}{{ links.click["3"] }}{% else %}the address as it was{% endif %}
 *
 * so that the last look, at the moment of sending, decides whether this copy's clicks are known.
 * What number 3 leads to is in the message's list, as a template of its own: nothing in a mail can
 * lead anywhere else. UTM parameters are added here too, tracked or not.
 *
 * Not tracked: what links_find says may not be, and addresses with names that are known only at
 * their place (of a loop, or assigned): whoever clicks later has only the names of compose/scope.h.
 */
#ifndef TOCSIN_COMPOSE_TRACKING_H
#define TOCSIN_COMPOSE_TRACKING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "template/liquid.h"
#include "template/utm.h"

struct tracking {
    bool track; /* else only UTM parameters are added */
    struct utm utm;
};

/* The value of the header field UTM: "source=newsletter, medium=email, campaign=raif" (and term,
 * content). Views of it. -1 with a sentence. */
int tracking_parse_utm(struct str value, struct utm *out, struct err *err);

/* Appends the page; `partials` are those that it may render. `*links` are the targets (Liquid, no
 * references), number 1 first, in `memory`.
 */
int tracking_apply(const struct tracking *tracking, struct str html,
                   const struct template_partials *partials, struct arena *memory,
                   struct str **links, size_t *count, struct buf *out, struct err *err);

#endif
