#include "template/css_tree.h"

#include <myhtml/myhtml.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "template/html_scan.h"
#include "template/space.h"

/*
 * The parser is fed in small pieces, so that what grows quadratically in HTML (misnested <b> that
 * are opened again in every paragraph) is met before it is large.
 */
enum { PARSER_BITE = 256 };

struct css_class {
    struct str name;
    UT_hash_handle hh;
};

static void count_node(myhtml_tree_t *tree, myhtml_tree_node_t *node, void *ctx)
{
    (void)tree;
    (void)node;
    ++*(size_t *)ctx;
}

static int feed(struct css_tree *t, struct err *err)
{
    struct str text = css_liquid_text(t->liquid);
    myhtml_tree_t *document = t->document;
    size_t nodes = 0;
    myhtml_callback_tree_node_insert_set(document, count_node, &nodes);
    for (size_t at = 0; at < text.len; at += PARSER_BITE) {
        size_t len = text.len - at < PARSER_BITE ? text.len - at : PARSER_BITE;
        if (myhtml_parse_chunk_single(document, text.at + at, len) != MyHTML_STATUS_OK)
            return err_set(err, "Line %u: The HTML cannot be parsed.",
                           css_liquid_line(t->liquid, at));
        if (document->open_elements->length > CSS_MAX_DEPTH)
            return err_set(err,
                           "Line %u: More than %d elements are open in each other here; is an "
                           "end tag missing?",
                           css_liquid_line(t->liquid, at), CSS_MAX_DEPTH);
        if (nodes > CSS_MAX_NODES)
            return err_set(err,
                           "Line %u: The HTML has more than %d elements and texts up to here; "
                           "are inline elements (b, a, font) never closed?",
                           css_liquid_line(t->liquid, at), CSS_MAX_NODES);
    }
    if (myhtml_parse_chunk_end(document) != MyHTML_STATUS_OK)
        return err_set(err, "The HTML cannot be parsed.");
    return 0;
}

static int parse(struct css_tree *t, struct err *err)
{
    myhtml_t *parser = t->parser = myhtml_create();
    myhtml_tree_t *document = t->document = myhtml_tree_create();
    if (!parser || !document ||
        myhtml_init(parser, MyHTML_OPTIONS_PARSE_MODE_SINGLE, 1, 0) != MyHTML_STATUS_OK ||
        myhtml_tree_init(document, parser) != MyHTML_STATUS_OK)
        abort();
    myhtml_encoding_set(document, MyENCODING_UTF_8);
    return feed(t, err);
}

static bool is_element(const myhtml_tree_node_t *node)
{
    return node->tag_id != MyHTML_TAG__UNDEF && node->tag_id != MyHTML_TAG__TEXT &&
           node->tag_id != MyHTML_TAG__COMMENT && node->tag_id != MyHTML_TAG__DOCTYPE;
}

static void take_attributes(struct css_tree *t, struct css_element *e, myhtml_tree_node_t *node)
{
    size_t count = 0;
    for (myhtml_tree_attr_t *a = myhtml_node_attribute_first(node); a; a = a->next)
        count++;
    struct css_attribute *out = arena_alloc(t->memory, (count + 1) * sizeof(*out));
    e->attributes = out;
    for (myhtml_tree_attr_t *a = myhtml_node_attribute_first(node); a; a = a->next, out++) {
        out->name.at = myhtml_attribute_key(a, &out->name.len);
        out->value.at = myhtml_attribute_value(a, &out->value.len);
        if (!out->value.at)
            out->value = STR("");
    }
    e->attribute_count = count;
}

struct str css_element_value(const struct css_element *e, struct str name)
{
    for (size_t i = 0; i < e->attribute_count; i++)
        if (str_eq(e->attributes[i].name, name))
            return e->attributes[i].value;
    return (struct str){NULL, 0};
}

bool css_tree_has_class(const struct css_tree *t, struct str name)
{
    struct css_class *found;
    HASH_FIND(hh, t->classes, name.at, (unsigned)name.len, found);
    return found != NULL;
}

static void note_class(struct css_tree *t, struct str name)
{
    if (css_has_liquid(name) || css_tree_has_class(t, name))
        return;
    struct css_class *c = ARENA_NEW(t->memory, struct css_class);
    c->name = name;
    HASH_ADD_KEYPTR(hh, t->classes, c->name.at, (unsigned)c->name.len, c);
}

bool css_class_is_sure(const struct css_element *e, struct str class)
{
    return e->class_tags.len == 0 || class.at + class.len <= e->class_tags.at ||
           class.at >= e->class_tags.at + e->class_tags.len;
}

static void see_class_liquid(struct css_element *e, struct str value)
{
    const char *first = str_find(value, (char)CSS_TAG);
    const char *last = first ? memrchr(value.at, (char)CSS_TAG, value.len) : NULL;
    e->class_liquid = css_has_liquid(value);
    if (first)
        e->class_tags = (struct str){first, (size_t)(last - first) + 1};
}

static void take_classes(struct css_tree *t, struct css_element *e)
{
    struct str value = css_element_value(e, STR("class")), rest = value;
    size_t count = 0;
    while (space_next_word(&rest).len)
        count++;
    struct str *out = arena_alloc(t->memory, (count + 1) * sizeof(*out));
    see_class_liquid(e, value);
    for (rest = value; (out[e->class_count] = space_next_word(&rest)).len; e->class_count++)
        if (css_class_is_sure(e, out[e->class_count]))
            note_class(t, out[e->class_count]);
    e->classes = out;
}

/* Liquid among the attributes, outside of their values. */
static void see_liquid(struct css_tree *t, struct css_element *e, size_t from, size_t to)
{
    size_t first, last;
    css_liquid_range(t->liquid, from, to, &first, &last);
    for (; first < last; first++) {
        e->vague = true;
        e->closed |= !t->liquid->pieces[first].tag;
    }
}

static void take_style(struct css_tree *t, struct css_element *e,
                       const struct html_scan_attribute *a)
{
    size_t at = (size_t)(a->name.at - t->liquid->bytes);
    if (e->has_style || !str_eq_nocase(a->name, STR("style")))
        return;
    e->has_style = true;
    e->style = a->value;
    e->style_quote = a->quote;
    e->style_at = at;
    size_t value = a->has_value ? (size_t)(a->value.at - t->liquid->bytes) : at;
    e->closed |= css_liquid_block(t->liquid, at) != css_liquid_block(t->liquid, e->tag) ||
                 css_liquid_has_tag(t->liquid, at, value);
}

/*
 * Reads the element's start tag in the text again: where its style attribute is, and whether Liquid
 * stands among its attributes. The parser may have given it attributes of another tag (a second
 * <body>), so its own offsets of attributes are not used.
 */
static void read_tag(struct css_tree *t, struct css_element *e)
{
    struct html_scan scan;
    struct html_scan_attribute a;
    struct str name;
    size_t base = e->tag;
    html_scan_init(&scan, str_skip(css_liquid_text(t->liquid), base));
    html_scan_next(&scan, &name);
    size_t at = base + scan.at;
    while (html_scan_attribute(&scan, &a)) {
        size_t value = a.has_value ? (size_t)(a.value.at - t->liquid->bytes) : base + scan.at;
        take_style(t, e, &a);
        see_liquid(t, e, at, value);
        at = value + (a.has_value ? a.value.len : 0);
    }
    e->tag_end = base + scan.at;
    see_liquid(t, e, at, e->tag_end);
    e->own = css_element_value(e, STR("style"));
    e->closed |= e->own.at && !e->has_style;
}

/* The parser's offset is believed only if that start tag stands there. */
static void find_tag(struct css_tree *t, struct css_element *e, const myhtml_tree_node_t *node)
{
    struct str text = css_liquid_text(t->liquid);
    size_t at = node->token ? node->token->raw_begin : 0;
    if (at == 0 || at >= text.len || text.at[at - 1] != '<' ||
        !str_starts_nocase(str_skip(text, at), e->name))
        return;
    e->has_tag = true;
    e->tag = at - 1;
}

/* Finds the text of a style element; false if the tag is not its own. */
static bool find_sheet(struct css_tree *t, struct css_style *style)
{
    struct html_scan scan;
    struct str name, text = css_liquid_text(t->liquid);
    const struct css_element *e = style->element;
    if (!e->has_tag)
        return false;
    html_scan_init(&scan, str_skip(text, e->tag));
    html_scan_next(&scan, &name);
    html_scan_close(&scan);
    size_t start = e->tag_end + 1, stop = e->tag + scan.at;
    if (start > stop)
        return false;
    const char *end = str_find(str_skip(text, stop), '>');
    style->text = (struct str){text.at + start, stop - start};
    style->end = end ? (size_t)(end - text.at) + 1 : text.len;
    return true;
}

static void find_sheets(struct css_tree *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->style_count; i++)
        if (find_sheet(t, &t->styles[i]))
            t->styles[count++] = t->styles[i];
    t->style_count = count;
}

/* Follows the marks of what is hidden from Outlook: <!--[if !mso]><!--> … <!--<![endif]-->. */
static bool is_conditional(const myhtml_tree_node_t *comment, bool before)
{
    struct str text;
    text.at = myhtml_node_text((myhtml_tree_node_t *)comment, &text.len);
    if (!text.at)
        return before;
    bool opens = str_starts_nocase(str_trim(text), STR("[if"));
    bool closes = text.len && memmem(text.at, text.len, "[endif]", 7);
    return opens == closes ? before : opens;
}

static void add_child(struct css_element *parent, struct css_element *e)
{
    e->parent = parent;
    if (!parent)
        return;
    e->previous = parent->last;
    if (parent->last)
        parent->last->next = e;
    else
        parent->child = e;
    parent->last = e;
}

static struct css_element *add_element(struct css_tree *t, myhtml_tree_node_t *node,
                                       struct css_element *parent)
{
    struct css_element *e = &t->elements[t->count++];
    *e = (struct css_element){.type = (uint32_t)node->tag_id};
    e->name.at = myhtml_tag_name_by_id(t->document, node->tag_id, &e->name.len);
    take_attributes(t, e, node);
    take_classes(t, e);
    add_child(parent, e);
    find_tag(t, e, node);
    return e;
}

static myhtml_tree_node_t *next_node(myhtml_tree_node_t *node, struct css_element **parent,
                                     struct css_element *self)
{
    if (node->child) {
        *parent = self ? self : *parent;
        return node->child;
    }
    while (node && !node->next) {
        node = node->parent;
        if (node && is_element(node))
            *parent = *parent ? (*parent)->parent : NULL;
    }
    return node ? node->next : NULL;
}

static size_t count_nodes(const struct css_tree *t, bool (*wanted)(const myhtml_tree_node_t *))
{
    struct css_element *ignored = NULL;
    size_t count = 0;
    myhtml_tree_node_t *node = ((myhtml_tree_t *)t->document)->document;
    for (; node; node = next_node(node, &ignored, NULL))
        count += wanted(node);
    return count;
}

static void add_elements(struct css_tree *t)
{
    struct css_element *parent = NULL, *e;
    bool conditional = false;
    size_t count = count_nodes(t, is_element);
    t->elements = arena_alloc(t->memory, (count + 1) * sizeof(*t->elements));
    t->styles = arena_alloc(t->memory, (count + 1) * sizeof(*t->styles));
    myhtml_tree_node_t *node = ((myhtml_tree_t *)t->document)->document;
    for (; node; node = next_node(node, &parent, e)) {
        e = is_element(node) ? add_element(t, node, parent) : NULL;
        if (node->tag_id == MyHTML_TAG__COMMENT)
            conditional = is_conditional(node, conditional);
        if (e && node->tag_id == MyHTML_TAG_STYLE && node->ns == MyHTML_NAMESPACE_HTML)
            t->styles[t->style_count++] =
                (struct css_style){.element = e, .conditional = conditional};
    }
}

static int compare_tags(const void *a, const void *b)
{
    const struct css_element *x = *(struct css_element *const *)a,
                             *y = *(struct css_element *const *)b;
    if (x->tag != y->tag)
        return x->tag < y->tag ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Of the copies that the parser made of an element, the first in the tree keeps the start tag. */
static void part_copies(struct css_tree *t)
{
    struct css_element **all = arena_alloc(t->memory, (t->count + 1) * sizeof(*all));
    size_t count = 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->elements[i].has_tag)
            all[count++] = &t->elements[i];
    qsort(all, count, sizeof(*all), compare_tags);
    for (size_t i = 1; i < count; i++)
        if (all[i]->tag == all[i - 1]->tag)
            all[i]->has_tag = false;
}

/* Whether Liquid decides which children the parent has, or whom it wraps. */
static void see_blocks(struct css_tree *t, struct css_element *e)
{
    struct css_element *parent = e->parent;
    e->block = e->has_tag ? css_liquid_block(t->liquid, e->tag) : parent ? parent->block : 0;
    if (!parent || e->block == parent->block)
        return;
    parent->shifting = true;
    parent->loose |= !css_liquid_is_in(t->liquid, e->block, parent->block);
}

/* Numbers the children from the start and from the end; `counts` has a zero for each type. */
static void number_children(const struct css_element *parent, uint32_t *counts)
{
    uint32_t all = 0;
    for (struct css_element *e = parent->child; e; e = e->next) {
        e->place[0][0] = ++all;
        e->place[0][1] = ++counts[e->type];
    }
    for (struct css_element *e = parent->child; e; e = e->next) {
        e->place[1][0] = all - e->place[0][0] + 1;
        e->place[1][1] = counts[e->type] - e->place[0][1] + 1;
    }
    for (struct css_element *e = parent->child; e; e = e->next)
        counts[e->type] = 0;
}

static void number_all(struct css_tree *t)
{
    uint32_t types = 0;
    for (size_t i = 0; i < t->count; i++)
        types = t->elements[i].type >= types ? t->elements[i].type + 1 : types;
    uint32_t *counts = arena_zero(t->memory, (types + 1) * sizeof(*counts));
    for (size_t i = 0; i < t->count; i++) {
        if (!t->elements[i].parent)
            t->elements[i].place[0][0] = t->elements[i].place[0][1] = t->elements[i].place[1][0] =
                t->elements[i].place[1][1] = 1;
        number_children(&t->elements[i], counts);
    }
}

int css_tree_init(struct css_tree *t, const struct css_liquid *liquid, struct arena *memory,
                  struct err *err)
{
    *t = (struct css_tree){.memory = memory, .liquid = liquid};
    if (parse(t, err) < 0)
        return -1;
    add_elements(t);
    part_copies(t);
    for (size_t i = 0; i < t->count; i++)
        if (t->elements[i].has_tag)
            read_tag(t, &t->elements[i]);
    for (size_t i = 0; i < t->count; i++)
        see_blocks(t, &t->elements[i]);
    find_sheets(t);
    number_all(t);
    return 0;
}

void css_tree_release(struct css_tree *t)
{
    HASH_CLEAR(hh, t->classes);
    if (t->document)
        myhtml_tree_destroy(t->document);
    if (t->parser)
        myhtml_destroy(t->parser);
    *t = (struct css_tree){0};
}
