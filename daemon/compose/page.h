/*
 * The two pages of a message, as Liquid sources: its text as HTML and as plain text, each within
 * its layout. Done once, when a message is compiled.
 *
 *     Markdown ─► HTML ─► layout.html ─► style sheets inlined ─► HTML page
 *         └─────► text ─► layout.txt ──────────────────────────► text page
 *
 * An HTML message takes the place of the Markdown's HTML, and the text is made from it.
 */
#ifndef TOCSIN_COMPOSE_PAGE_H
#define TOCSIN_COMPOSE_PAGE_H

#include "compose/bundle.h"
#include "compose/draft.h"
#include "template/liquid.h"

/* Append to `out`. `partials` are those of HTML, and of text. -1 with a sentence, whose lines are
 * those of the file that it names. */
int page_html(const struct draft *draft, const struct bundle *bundle,
              const struct template_partials *partials, struct buf *out, struct err *err);
int page_text(const struct draft *draft, const struct bundle *bundle,
              const struct template_partials *partials, struct buf *out, struct err *err);

/* -1 with a sentence if the layout that the message names is not among the bundle's. */
int page_check_layout(const struct draft *draft, const struct bundle *known, struct err *err);

#endif
