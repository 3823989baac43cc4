#include "template/document.h"

#include "template/markdown.h"

enum { MAX_RUN = 200 }; /* siblings that are looked at for one list */

int document_init(struct document *d, struct str markdown, struct err *err)
{
    *d = (struct document){0};
    if (markdown.len > TEMPLATE_SOURCE_MAX)
        return err_set(err, "The message is longer than %d KiB; make it shorter.",
                       TEMPLATE_SOURCE_MAX / 1024);
    placeholders_init(&d->placeholders, markdown, PLACEHOLDER_MARKDOWN);
    struct str text = buf_str(&d->placeholders.text);
    d->root = cmark_parse_document(text.len ? text.at : "", text.len, CMARK_OPT_DEFAULT);
    return 0;
}

void document_release(struct document *d)
{
    if (d->root)
        cmark_node_free(d->root);
    placeholders_release(&d->placeholders);
    *d = (struct document){0};
}

static struct str literal_of(cmark_node *node)
{
    return str_of(cmark_node_get_literal(node));
}

bool document_is_tags(struct document *d, cmark_node *node)
{
    if (cmark_node_get_type(node) != CMARK_NODE_HTML_BLOCK)
        return false;
    struct str rest = str_trim(literal_of(node));
    size_t len;
    while (str_starts(rest, STR("<!--"))) {
        rest = str_skip(rest, 4);
        struct placeholder *item = placeholder_at(&d->placeholders, rest, &len);
        if (!item || !item->alone || !str_starts(str_skip(rest, len), STR("-->")))
            return false;
        rest = str_trim(str_skip(rest, len + 3));
        if (rest.len == 0)
            return true;
    }
    return false;
}

/* How much deeper blocks are after the tags of the node; *least is the lowest on the way. */
static int nesting_of(struct document *d, cmark_node *node, int depth, int *least)
{
    struct str literal = literal_of(node);
    struct placeholder *item;
    size_t at = 0;
    while ((item = placeholder_next(&d->placeholders, literal, &at))) {
        depth += item->nesting;
        *least = depth < *least ? depth : *least;
    }
    return depth;
}

static bool is_for(struct document *d, cmark_node *node)
{
    size_t at = 0;
    struct placeholder *item = placeholder_next(&d->placeholders, literal_of(node), &at);
    return item && str_eq(item->piece.name, STR("for"));
}

static bool continues(cmark_node *list, cmark_node *node)
{
    return cmark_node_get_type(node) == CMARK_NODE_LIST &&
           (!list || (cmark_node_get_list_type(list) == cmark_node_get_list_type(node) &&
                      cmark_node_get_list_delim(list) == cmark_node_get_list_delim(node)));
}

/*
 * A condition around the whole list stays around it, a loop goes inside. `closed` is the first node
 * where the blocks that were opened at the start are closed again.
 */
static bool wraps_all(struct document *d, cmark_node *start, cmark_node *closed, cmark_node *end)
{
    return document_is_tags(d, start) && !is_for(d, start) && closed == end;
}

cmark_node *document_list_end(struct document *d, cmark_node *start)
{
    cmark_node *list = NULL, *closed = NULL, *end = NULL;
    bool tags = false;
    int depth = 0, least = 0;
    cmark_node *n = start;
    for (int i = 0; n && i < MAX_RUN; n = cmark_node_next(n), i++) {
        int before = depth;
        if (continues(list, n)) {
            list = list ? list : n;
        } else if (document_is_tags(d, n)) {
            tags = true;
            depth = nesting_of(d, n, depth, &least);
        } else {
            break;
        }
        if (least < 0)
            break;
        if (depth == 0 && before > 0 && !closed)
            closed = n;
        if (depth == 0 && list && tags && (before > 0 || continues(list, n)))
            end = n;
    }
    return end && !wraps_all(d, start, closed, end) ? end : NULL;
}
