/*
 * What a mail has but does not show: preheaders, counting pixels. Pure, private to the room. It
 * looks at a tag's own attributes only: no style sheet, no class.
 */
#ifndef TOCSIN_TEMPLATE_HTML_HIDDEN_H
#define TOCSIN_TEMPLATE_HTML_HIDDEN_H

#include "template/html_tag.h"

struct html_style {
    bool thin, flat; /* width and height: 0 or 1 pixel */
    bool undisplayed, invisible;
    bool not_for_outlook; /* mso-hide:all */
};

/* "0", "1", "1px": a length that nobody sees. */
bool html_length_is_tiny(struct str s);

/* Reads the value of a style attribute ("width:1px; display:none") into *style; what it does not
 * name stays as it is. */
void html_style_read(struct html_style *style, struct str source);

/* True if the start tag hides its element, or is an image of one pixel. */
bool html_is_hidden(const struct html_piece *open);

/*
 * Moves *c, which stands behind the start tag, behind the element's end; elements without content
 * end at once. False, and *c stays, if the end is not found, and after too many such searches.
 */
bool html_skip_element(struct html_cutter *c, const struct html_piece *open);

#endif
