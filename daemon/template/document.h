/*
 * A Markdown source as cmark's tree, with placeholders for its Liquid; private to the room. Knows
 * which top-level lists are one list to a reader although tags stand between their items:
 *
 *     1. first                       <ol>
 *     {% for x in more %}            <li>first</li>
 *     1. {{ x }}              ->     {% for x in more %}<li>{{ x }}</li>{% endfor %}
 *     {% endfor %}                   </ol>
 */
#ifndef TOCSIN_TEMPLATE_DOCUMENT_H
#define TOCSIN_TEMPLATE_DOCUMENT_H

#include <cmark.h>

#include "template/placeholder.h"

struct document {
    struct placeholders placeholders;
    cmark_node *root;
};

/* Parses; -1 if the source is longer than TEMPLATE_SOURCE_MAX. Release it in any case. */
int document_init(struct document *d, struct str markdown, struct err *err);
void document_release(struct document *d);

/* True if the node is nothing but tags that stand alone. */
bool document_is_tags(struct document *d, cmark_node *node);

/* The last of the siblings that make one list with `start`, the first; NULL if there are none.
 */
cmark_node *document_list_end(struct document *d, cmark_node *start);

#endif
