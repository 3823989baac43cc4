#include "template/text.h"

#include "template/document.h"
#include "template/markdown.h"
#include "template/text_html.h"
#include "template/text_writer.h"

/* What a list knows while its items are written; kept as the node's user data. */
enum { LIST_CONTINUES = 1, LIST_BULLETS = 2 };

struct walk {
    struct document *document;
    struct text_writer *w;
    struct html_text html;
    size_t link_at; /* where the text of the link at hand began */
};

static void mark(cmark_node *node, uintptr_t what)
{
    uintptr_t had = (uintptr_t)cmark_node_get_user_data(node);
    cmark_node_set_user_data(node, (void *)(had | what));
}

static bool is_marked(cmark_node *node, uintptr_t what)
{
    return ((uintptr_t)cmark_node_get_user_data(node) & what) != 0;
}

/* Lists that make one list with tags between have no empty lines between them, and no numbers. */
static void mark_lists(struct document *d)
{
    cmark_node *n = cmark_node_first_child(d->root);
    for (; n; n = cmark_node_next(n)) {
        cmark_node *end = document_list_end(d, n);
        for (; end && n != end; n = cmark_node_next(n))
            mark(n, LIST_CONTINUES | LIST_BULLETS);
        if (end)
            mark(end, LIST_BULLETS);
    }
}

static bool is_bullet(cmark_node *list)
{
    return cmark_node_get_list_type(list) == CMARK_BULLET_LIST || is_marked(list, LIST_BULLETS);
}

/* An item keeps its number and its marker's width, for the next one and for when it ends. */
static uintptr_t item_number(cmark_node *item)
{
    cmark_node *before = cmark_node_previous(item);
    if (before)
        return ((uintptr_t)cmark_node_get_user_data(before) >> 8) + 1;
    return (uintptr_t)cmark_node_get_list_start(cmark_node_parent(item));
}

static void enter_item(struct walk *k, cmark_node *item)
{
    uintptr_t number = item_number(item);
    size_t width = text_item(k->w, is_bullet(cmark_node_parent(item)), number);
    cmark_node_set_user_data(item, (void *)(number << 8 | width));
}

static void leave_item(struct walk *k, cmark_node *item)
{
    text_break(k->w);
    k->w->marker[0] = '\0'; /* of an item without text */
    text_outdent(k->w, (uintptr_t)cmark_node_get_user_data(item) & 255);
}

static bool in_tight_item(cmark_node *node)
{
    cmark_node *item = cmark_node_parent(node);
    if (!item || cmark_node_get_type(item) != CMARK_NODE_ITEM)
        return false;
    return cmark_node_get_list_tight(cmark_node_parent(item));
}

/* Ends a block: an empty line is due, but not in a tight list or between parts of one list. */
static void leave_block(struct walk *k, cmark_node *node)
{
    if (in_tight_item(node) || is_marked(node, LIST_CONTINUES))
        text_break(k->w);
    else
        text_gap(k->w);
}

static void write_code(struct walk *k, cmark_node *node)
{
    struct str rest = str_of(cmark_node_get_literal(node));
    text_write_tags_of(k->w, str_of(cmark_node_get_fence_info(node)));
    text_indent(k->w, STR("    "));
    if (rest.len && rest.at[rest.len - 1] == '\n')
        rest.len--;
    while (rest.at) {
        text_write(k->w, str_cut(&rest, '\n'));
        text_newline(k->w);
    }
    text_outdent(k->w, 4);
    leave_block(k, node);
}

/* Only the tag that ends a list leaves an empty line: an {% endfor %} after the items. */
static void write_tag_lines(struct walk *k, cmark_node *node)
{
    text_write_tags_of(k->w, str_of(cmark_node_get_literal(node)));
    if (is_marked(node, LIST_BULLETS) && !is_marked(node, LIST_CONTINUES))
        text_gap(k->w);
}

static void write_html(struct walk *k, cmark_node *node)
{
    if (document_is_tags(k->document, node)) {
        write_tag_lines(k, node);
        return;
    }
    html_text_feed(&k->html, str_of(cmark_node_get_literal(node)));
    leave_block(k, node);
}

static void enter_block(struct walk *k, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE:
        text_indent(k->w, STR("> "));
        break;
    case CMARK_NODE_ITEM:
        enter_item(k, node);
        break;
    case CMARK_NODE_CODE_BLOCK:
        write_code(k, node);
        break;
    case CMARK_NODE_HTML_BLOCK:
        write_html(k, node);
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        text_write(k->w, STR("----------"));
        leave_block(k, node);
        break;
    default:
        break;
    }
}

static void leave_heading(struct walk *k, cmark_node *node)
{
    int level = cmark_node_get_heading_level(node);
    if (level <= 2)
        text_underline(k->w, level == 1 ? '=' : '-');
    leave_block(k, node);
}

static void exit_block(struct walk *k, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE:
        text_break(k->w);
        text_outdent(k->w, 2);
        leave_block(k, node);
        break;
    case CMARK_NODE_ITEM:
        leave_item(k, node);
        break;
    case CMARK_NODE_HEADING:
        leave_heading(k, node);
        break;
    case CMARK_NODE_LIST:
    case CMARK_NODE_PARAGRAPH:
        leave_block(k, node);
        break;
    default:
        break;
    }
}

static void write_inline(struct walk *k, cmark_node *node, bool enter)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
        text_write_word(k->w, str_of(cmark_node_get_literal(node)));
        break;
    case CMARK_NODE_SOFTBREAK:
        k->w->space = true;
        break;
    case CMARK_NODE_LINEBREAK:
        text_break(k->w);
        break;
    case CMARK_NODE_HTML_INLINE:
        html_text_feed(&k->html, str_of(cmark_node_get_literal(node)));
        break;
    case CMARK_NODE_EMPH:
    case CMARK_NODE_STRONG: {
        bool strong = cmark_node_get_type(node) == CMARK_NODE_STRONG;
        if (enter)
            text_write_word(k->w, strong ? STR("*") : STR("_"));
        else
            text_write(k->w, strong ? STR("*") : STR("_"));
        break;
    }
    default:
        break;
    }
}

static void write_link(struct walk *k, cmark_node *node, bool enter)
{
    struct str url = str_of(cmark_node_get_url(node));
    if (!enter)
        text_write_tags_of(k->w, str_of(cmark_node_get_title(node)));
    if (cmark_node_get_type(node) == CMARK_NODE_IMAGE) {
        if (!enter)
            text_write_tags_of(k->w, url);
        return;
    }
    if (enter)
        k->link_at = k->w->out.len;
    else
        text_write_url(k->w, k->link_at, url);
}

static void walk(struct walk *k)
{
    cmark_iter *iter = cmark_iter_new(k->document->root);
    cmark_event_type event;
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE && !k->w->too_deep) {
        cmark_node *node = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(node);
        bool enter = event == CMARK_EVENT_ENTER;
        if (type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE)
            write_link(k, node, enter);
        else if (type >= CMARK_NODE_FIRST_INLINE)
            write_inline(k, node, enter);
        else if (enter)
            enter_block(k, node);
        else
            exit_block(k, node);
    }
    cmark_iter_free(iter);
}

/* Moves what the writer has to `text`, with its Liquid. */
static int finish(struct text_writer *w, struct buf *text, struct err *err)
{
    text_break(w);
    if (w->too_deep)
        return err_set(err, "Lists and quotes in the message are nested too deep for a text part.");
    placeholders_restore(w->placeholders, buf_str(&w->out), true, text);
    return 0;
}

int text_from_markdown(struct str markdown, struct buf *text, struct err *err)
{
    struct document d;
    struct text_writer w = {.placeholders = &d.placeholders};
    struct walk k = {.document = &d, .w = &w};
    int result = document_init(&d, markdown, err);
    if (result == 0) {
        html_text_init(&k.html, &w);
        mark_lists(&d);
        walk(&k);
        html_text_release(&k.html);
        result = finish(&w, text, err);
    }
    text_writer_release(&w);
    document_release(&d);
    return result;
}

int text_from_html(struct str html, struct buf *text, struct err *err)
{
    struct placeholders p;
    struct text_writer w = {.placeholders = &p};
    struct html_text h;
    if (html.len > TEMPLATE_SOURCE_MAX)
        return err_set(err, "The message is longer than %d KiB; make it shorter.",
                       TEMPLATE_SOURCE_MAX / 1024);
    placeholders_init(&p, html, PLACEHOLDER_HTML);
    html_text_init(&h, &w);
    html_text_feed(&h, buf_str(&p.text));
    html_text_release(&h);
    int result = finish(&w, text, err);
    text_writer_release(&w);
    placeholders_release(&p);
    return result;
}
