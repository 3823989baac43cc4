/*
 * HTML to plain text, as a stream of tags without a tree: a tree's parser moves what stands between
 * table rows, and with it the Liquid that stands there. Private to the room.
 */
#ifndef TOCSIN_TEMPLATE_TEXT_HTML_H
#define TOCSIN_TEMPLATE_TEXT_HTML_H

#include "template/text_writer.h"

enum { HTML_MAX_LISTS = 40 };

/* An open list or quote. */
struct html_list {
    bool quote, ordered, in_item;
    size_t number; /* of the next item */
    size_t item_width;
};

struct html_text {
    struct text_writer *w;
    struct html_list lists[HTML_MAX_LISTS];
    size_t list_count;
    unsigned pre; /* how many <pre> are open */
    bool in_link;
    size_t link_at; /* where the link's text began */
    struct buf href;
    struct buf value; /* an attribute, decoded */
};

void html_text_init(struct html_text *h, struct text_writer *w);
void html_text_release(struct html_text *h);

/* Writes a piece of HTML that does not end inside a tag. */
void html_text_feed(struct html_text *h, struct str html);

#endif
