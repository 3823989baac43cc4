/*
 * The elements of an HTML text as a browser will have them, for matching selectors and for finding
 * their start tags again in the text. Private to the room. Built with MyHTML, which must stay as
 * long as the tree does; the HTML is the masked text of a css_liquid.
 *
 * Elements that the parser adds (html, head, tbody) and copies that it makes of misnested ones are
 * elements like others, but have no start tag.
 */
#ifndef TOCSIN_TEMPLATE_CSS_TREE_H
#define TOCSIN_TEMPLATE_CSS_TREE_H

#include "base/arena.h"
#include "base/err.h"
#include "template/css_liquid.h"

enum {
    CSS_MAX_DEPTH = 512,       /* of elements; browsers have the same limit */
    CSS_MAX_NODES = 200 * 1000 /* elements, texts and comments */
};

struct css_attribute {
    struct str name, value; /* decoded */
};

struct css_element {
    struct css_element *parent, *previous, *next, *child, *last; /* its first and last child */
    struct str name;
    const struct css_attribute *attributes;
    const struct str *classes;
    size_t attribute_count, class_count;
    bool class_liquid;     /* the class attribute has Liquid */
    struct str class_tags; /* in it: from the first Liquid tag to the last one */
    uint32_t place[2][2];  /* from 1: [from the end][among its type] */
    uint32_t type;         /* a number of its name */
    uint32_t block;        /* of Liquid, in which it stands */
    bool vague;            /* Liquid among its attributes: which ones it has depends */
    bool shifting;         /* Liquid among its children: their positions depend */
    bool loose;            /* an end tag stands in another Liquid block: whom it wraps depends */
    bool closed;           /* no style attribute can be given to it safely */
    bool has_tag;          /* it has a start tag of its own */
    size_t tag;            /* offset of the "<" */
    size_t tag_end;        /* offset of the ">" */
    struct str style;      /* the value of its style attribute in the text, references as written */
    char style_quote;      /* 0: without quotes */
    bool has_style;
    size_t style_at; /* of its name */
    struct str own;  /* that value, decoded */
};

struct css_style {
    const struct css_element *element;
    struct str text;  /* of the sheet, in the masked text */
    size_t end;       /* offset after the end tag */
    bool conditional; /* Outlook does not see it: <!--[if !mso]><!--> */
};

struct css_tree {
    struct arena *memory;
    const struct css_liquid *liquid;
    struct css_element *elements; /* in the order of the document */
    size_t count;
    struct css_style *styles;
    size_t style_count;
    struct css_class *classes; /* that stand literally in the text */
    void *parser, *document;
};

/* Everything lives in `memory` and in the parser. Release it in any case. */
int css_tree_init(struct css_tree *t, const struct css_liquid *liquid, struct arena *memory,
                  struct err *err);
void css_tree_release(struct css_tree *t);

/* The value of an attribute; its `at` is NULL if there is none. */
struct str css_element_value(const struct css_element *e, struct str name);

/* True if no Liquid tag can take this one of its classes away. */
bool css_class_is_sure(const struct css_element *e, struct str class);

/* True if some element has the class without Liquid's help. */
bool css_tree_has_class(const struct css_tree *t, struct str name);

#endif
