/*
 * Moves the rules of <style> elements into style attributes of the elements that they match, since
 * many mail programs ignore style sheets. Liquid may stand anywhere. Done once a message, before
 * the HTML is compiled; nothing else of it changes by a byte, what is in conditional comments
 * neither.
 *
 *     <style>p { color: #333 } p.x { margin: 0 } @media … { p { color: #ccc !important } }</style>
 *     <p class="x" style="font-weight: bold">
 * becomes
 *     <style> @media … { p { color: #ccc !important } }</style>
 *     <p class="x" style="color:#333;margin:0;font-weight: bold">
 *
 * What stays in the sheet, as it was written: at-rules; selectors that depend on the reader's
 * doings (:hover, :visited, ::before; :link is any link here), of whose list only they stay;
 * selectors that are unknown or broken; :root (inlined too); selectors for what mail programs wrap
 * around a mail (#outlook, .ExternalClass, [data-ogsc] …); rules that nobody could inline safely
 * because Liquid decides whom they match. Other rules go, also those that match nothing. A sheet
 * that is empty then goes as a whole. A whole sheet stays if it has data-inline="off" or
 * data-embed, a `media` other than "all", a `type` other than "text/css", or is hidden from Outlook
 * by <!--[if !mso]><!-->.
 *
 * For authors: inlined declarations win over what stays, so a rule in @media or with :hover needs
 * !important, and then always wins, also over what was !important in the sheet: an inlined
 * declaration loses its !important, unless it must win over the element's own style attribute.
 *
 * Cascade: by importance, specificity and order, then the element's own style attribute, which is
 * kept byte for byte and comes last. A declaration that is overridden by one of the same name is
 * dropped, but kept as a fallback where the stronger one is in the same rule, or is something that
 * old programs do not know (a function, a vendor's keyword, Liquid). Class names compare with case.
 *
 * Liquid: a rule that perhaps matches (class="{{ c }}", :first-child among {% if %}, a rule between
 * Liquid tags) stays in the sheet, and so do the weaker declarations of related properties for that
 * element, so that the sheet decides among them. An element whose attributes Liquid writes
 * (<td {{ attributes }}>) gets nothing. Where partials, captured markup or `raw` values may bring
 * elements, every rule stays, and is inlined too.
 */
#ifndef TOCSIN_TEMPLATE_INLINE_CSS_H
#define TOCSIN_TEMPLATE_INLINE_CSS_H

#include "base/buf.h"
#include "base/err.h"

/* The longest HTML that comes out, in bytes. */
enum { CSS_OUTPUT_MAX = 4 * 1024 * 1024 };

/* Takes what is wrong with the style sheets, in order; at most some dozens of sentences. */
struct css_report {
    void *ctx;
    void (*warn)(void *ctx, unsigned line, const char *sentence);
};

/*
 * Appends the HTML to `out`. Faults in the CSS are no errors: browsers drop what they do not
 * understand, and so does this. -1 if the HTML or what comes out is too long, nests too deep, or
 * has too many rules; `out` is then as it was.
 */
int css_inline(struct str html, struct buf *out, struct err *err);

/* The same; the faults go to `report`, which may be NULL. */
int css_inline_reported(struct str html, const struct css_report *report, struct buf *out,
                        struct err *err);

#endif
