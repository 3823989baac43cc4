/*
 * UTM parameters: what web statistics read from an address to know which mail somebody came from.
 * Pure.
 *
 *     https://x.org/a?b=1#c   ->   https://x.org/a?b=1&utm_source=tocsin&utm_medium=email#c
 *
 * The address may hold Liquid. Where its question mark or its fragment may come from there, nothing
 * can be added in the right place, and the address is left alone:
 *
 *     https://x.org/{{ page }}                      left alone: `page` may have a "?"
 *     https://x.org/{{ page | url_encode }}         gets them
 *     https://x.org/?page={{ page }}                gets them: the "?" is there already
 *     https://x.org/{% if a %}?b{% endif %}         left alone
 *     https://x.org/{% if a %}b{% else %}c{% endif %}   gets them
 */
#ifndef TOCSIN_TEMPLATE_UTM_H
#define TOCSIN_TEMPLATE_UTM_H

#include "base/buf.h"

/* Plain text, encoded when it is added; what is empty is not added. */
struct utm {
    struct str source, medium, campaign, term, content;
};

/*
 * Adds `url` to `out`, with the parameters that it does not have yet (in any case) at the end of
 * its query. The URL is as links.h gives targets, without references. False if it was added as it
 * is: no http:// or https://, nothing to add, or no telling where.
 */
bool utm_add(struct str url, const struct utm *utm, struct buf *out);

#endif
