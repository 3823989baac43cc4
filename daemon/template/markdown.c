#include "template/markdown.h"

#include <stdlib.h>

#include "template/document.h"

static void add_node(cmark_node *node, struct buf *out)
{
    char *html = cmark_render_html(node, CMARK_OPT_UNSAFE);
    buf_add_text(out, html);
    free(html);
}

/* The lines of a list without its own tags, which are the first and the last one. */
static void add_items(cmark_node *list, struct buf *out)
{
    char *html = cmark_render_html(list, CMARK_OPT_UNSAFE);
    struct str items = str_of(html);
    str_cut(&items, '\n');
    items.len -= sizeof("</ul>\n") - 1;
    buf_add_str(out, items);
    free(html);
}

static void add_opening(cmark_node *list, struct buf *out)
{
    if (cmark_node_get_list_type(list) == CMARK_BULLET_LIST)
        buf_add_text(out, "<ul>\n");
    else if (cmark_node_get_list_start(list) == 1)
        buf_add_text(out, "<ol>\n");
    else
        buf_addf(out, "<ol start=\"%d\">\n", cmark_node_get_list_start(list));
}

/* start..end as one list, with the tags among its items; returns the node after it. */
static cmark_node *add_run(cmark_node *start, cmark_node *end, struct buf *out)
{
    cmark_node *list = start, *after = cmark_node_next(end);
    while (cmark_node_get_type(list) != CMARK_NODE_LIST)
        list = cmark_node_next(list);
    add_opening(list, out);
    for (cmark_node *n = start; n != after; n = cmark_node_next(n)) {
        if (cmark_node_get_type(n) == CMARK_NODE_LIST)
            add_items(n, out);
        else
            buf_add_text(out, cmark_node_get_literal(n));
    }
    bool bullets = cmark_node_get_list_type(list) == CMARK_BULLET_LIST;
    buf_add_str(out, bullets ? STR("</ul>\n") : STR("</ol>\n"));
    return after;
}

static void add_document(struct document *d, struct buf *out)
{
    cmark_node *n = cmark_node_first_child(d->root);
    while (n) {
        cmark_node *end = document_list_end(d, n);
        if (end) {
            n = add_run(n, end, out);
        } else {
            add_node(n, out);
            n = cmark_node_next(n);
        }
    }
}

int markdown_to_html(struct str markdown, struct buf *html, struct err *err)
{
    struct document d;
    struct buf tokens = BUF_INIT;
    size_t start = html->len;
    int result = document_init(&d, markdown, err);
    if (result == 0) {
        add_document(&d, &tokens);
        placeholders_restore(&d.placeholders, buf_str(&tokens), false, html);
        result = placeholders_check(&d.placeholders, err);
    }
    if (result < 0)
        buf_cut(html, start);
    buf_release(&tokens);
    document_release(&d);
    return result;
}
