/*
 * Selectors (Selectors Level 3, and of Level 4 what mail uses): read once, matched against the
 * elements of a css_tree. Private to the room. Of type, universal, class, id and attribute
 * selectors, the four combinators, :root, :link, :not(), and the pseudo-classes of position; what
 * depends on the reader's doings (:hover, :visited, ::before …) is told apart, not matched.
 *
 * An answer may be "maybe": Liquid stands where it decides (class="{{ c }}", {% if %} between
 * siblings).
 */
#ifndef TOCSIN_TEMPLATE_CSS_SELECT_H
#define TOCSIN_TEMPLATE_CSS_SELECT_H

#include "base/arena.h"
#include "template/css_tree.h"

enum css_test_kind {
    CSS_TYPE,
    CSS_ID,
    CSS_CLASS,
    CSS_ATTRIBUTE,
    CSS_POSITION,
    CSS_ROOT,
    CSS_LINK,
    CSS_NOT
};

struct css_test {
    struct css_test *next;
    enum css_test_kind kind;
    char op;             /* of an attribute: 0 (it is there) = ~ | ^ $ * */
    bool nocase;         /* its value compares without case */
    bool of_type, last;  /* of a position: counted among its kind; from the end */
    struct str name;     /* lower case where HTML has no case */
    struct str value;    /* of an attribute */
    int32_t step, first; /* of a position: step * n + first */
    struct css_test * not ;
};

struct css_compound {
    struct css_test *tests; /* none: "*" */
    struct css_compound *left;
    char combinator; /* to what is left of it: ' ' '>' '+' '~' */
};

struct css_selector {
    struct css_compound *subject; /* the last compound */
    uint32_t specificity;
    bool root; /* names :root */
};

enum css_verdict {
    CSS_MATCHES, /* can be matched here */
    CSS_STATE,   /* right, but only a mail program can tell what it matches */
    CSS_UNKNOWN, /* unknown, or not supported here */
    CSS_WRONG    /* no selector */
};

/* Reads one selector (no list). The text must stay; the rest is in `memory`. */
enum css_verdict css_selector_parse(struct str text, struct arena *memory,
                                    struct css_selector *out);

enum css_answer { CSS_NO, CSS_MAYBE, CSS_YES };

/* Adds to *work how many elements were looked at. */
enum css_answer css_selector_match(const struct css_selector *s, const struct css_element *e,
                                   const struct css_tree *tree, uint64_t *work);

#endif
