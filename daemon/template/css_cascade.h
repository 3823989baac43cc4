/*
 * Which declarations of the sheets each element of a tree gets, and which selectors have to stay in
 * the sheets (css_part.stays) because not every element that they match could get them. Private to
 * the room.
 */
#ifndef TOCSIN_TEMPLATE_CSS_CASCADE_H
#define TOCSIN_TEMPLATE_CSS_CASCADE_H

#include "template/css_sheet.h"

struct css_winner {
    struct css_winner *next; /* the next stronger one */
    const struct css_value *value;
    bool important; /* would lose to the element's own style attribute without "!important" */
};

/*
 * winners[i] becomes the list of tree->elements[i], the weakest first. -1 if the work, or the text
 * that would come out, is too much. `important` becomes true if "!important" must stay everywhere.
 */
int css_cascade_run(const struct css_tree *tree, struct css_sheets *sheets,
                    struct css_winner **winners, bool *important, struct err *err);

#endif
