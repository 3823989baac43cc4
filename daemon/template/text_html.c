#include "template/text_html.h"

#include "template/html_hidden.h"
#include "template/html_tag.h"
#include "template/space.h"
#include "template/utf8.h"

/* A list's numbers go no further. */
enum { MAX_NUMBER = 999999 };

enum meaning {
    MEANS_SPACE,
    MEANS_LINE,
    MEANS_GAP,
    MEANS_RULE,
    MEANS_HEADING,
    MEANS_PRE,
    MEANS_LINK,
    MEANS_IMAGE,
    MEANS_ITEM,
    MEANS_LIST,
    MEANS_NUMBERS,
    MEANS_QUOTE,
    MEANS_BREAK,
    MEANS_NOTHING
};

void html_text_init(struct html_text *h, struct text_writer *w)
{
    *h = (struct html_text){.w = w};
}

/* Characters that are there to be invisible: preheader filler, soft hyphens. */
static bool is_invisible(int32_t point)
{
    return point == 0x00AD || point == 0x034F || point == 0x200B || point == 0x2060 ||
           point == 0xFEFF || point < 0x20;
}

static bool is_joiner(int32_t point)
{
    return point == 0x200C || point == 0x200D;
}

static bool is_space(int32_t point)
{
    return point == 0x00A0 || point == 0x2007 || point == '\n' || point == ' ';
}

static void write_point(struct html_text *h, int32_t point)
{
    char bytes[4];
    if (is_space(point))
        h->w->space = true;
    else if (is_joiner(point))
        text_write_joiner(h->w, point);
    else if (!is_invisible(point))
        text_write_word(h->w, (struct str){bytes, utf8_encode(point, bytes)});
}

/* The length of what needs care at the start of s (space, reference, token), 0 if it is plain text.
 */
static size_t write_special(struct html_text *h, struct str s)
{
    struct placeholder *item;
    int32_t point;
    size_t len;
    if (byte_is_space(s.at[0])) {
        if (h->pre && s.at[0] == '\n')
            text_newline(h->w);
        else if (h->pre && s.at[0] != '\r')
            text_write(h->w, STR(" "));
        else
            h->w->space = true;
        return 1;
    }
    if (s.at[0] == '&' && (len = html_reference(s, &point))) {
        write_point(h, point);
        return len;
    }
    item = s.at[0] == 'L' ? placeholder_at(h->w->placeholders, s, &len) : NULL;
    if (!item)
        return 0;
    if (item->piece.kind == PIECE_TAG)
        text_write_tag(h->w, (struct str){s.at, len});
    else
        text_write_word(h->w, (struct str){s.at, len});
    return len;
}

static bool is_plain(char c)
{
    return !byte_is_space(c) && c != '&' && c != 'L';
}

static void write_text(struct html_text *h, struct str s)
{
    while (s.len) {
        size_t len = write_special(h, s);
        if (len == 0) {
            for (len = 1; len < s.len && is_plain(s.at[len]); len++)
                ;
            text_write_word(h->w, (struct str){s.at, len});
        }
        s = str_skip(s, len);
    }
}

/* Decodes an attribute's value into h->value. */
static struct str decode(struct html_text *h, struct str s)
{
    buf_reset(&h->value);
    for (size_t len; s.len; s = str_skip(s, len)) {
        int32_t point;
        char bytes[4];
        len = html_attribute_reference(s, &point);
        if (len)
            buf_add(&h->value, bytes, utf8_encode(point, bytes));
        else
            /* A view with a length has bytes. */
            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
            buf_add_byte(&h->value, s.at[len++]);
    }
    return str_trim(buf_str(&h->value));
}

/* The decoded value of the attribute that is wanted; the tags of the others are kept. */
static struct str read_attribute(struct html_text *h, const struct html_piece *p,
                                 const char *wanted)
{
    struct html_attribute a;
    struct str rest = p->attributes, found = {NULL, 0};
    while (html_next_attribute(&rest, &a)) {
        if (wanted && !found.at && str_eq_nocase(a.name, str_of(wanted)) && a.value.len)
            found = a.value;
        else
            text_write_tags_of(h->w, a.whole);
    }
    return decode(h, found);
}

static void close_link(struct html_text *h)
{
    if (h->in_link)
        text_write_url(h->w, h->link_at, buf_str(&h->href));
    h->in_link = false;
}

void html_text_release(struct html_text *h)
{
    close_link(h);
    buf_release(&h->href);
    buf_release(&h->value);
}

static void open_link(struct html_text *h, const struct html_piece *p)
{
    close_link(h);
    struct str href = read_attribute(h, p, "href");
    buf_reset(&h->href);
    buf_add_str(&h->href, href);
    h->in_link = href.len > 0;
    h->link_at = h->w->out.len;
}

/* The alternative text is decoded already. */
static void write_image(struct html_text *h, const struct html_piece *p)
{
    struct str alt = read_attribute(h, p, "alt"), word;
    while ((word = space_next_word(&alt)).len) {
        text_write_word(h->w, word);
        h->w->space = alt.len > 0;
    }
}

static void close_item(struct html_text *h)
{
    struct html_list *list = h->list_count ? &h->lists[h->list_count - 1] : NULL;
    text_break(h->w);
    if (!list || !list->in_item)
        return;
    h->w->marker[0] = '\0';
    text_outdent(h->w, list->item_width);
    list->in_item = false;
}

/* The number that an attribute has, if it is a plain one. */
static void read_number(const struct html_piece *p, const char *name, size_t *number)
{
    struct html_attribute a;
    struct str rest = p->attributes;
    uint64_t value;
    while (html_next_attribute(&rest, &a))
        if (str_eq_nocase(a.name, str_of(name)) && str_to_u64(str_trim(a.value), &value) &&
            value <= MAX_NUMBER)
            *number = (size_t)value;
}

static void open_item(struct html_text *h, const struct html_piece *p)
{
    struct html_list *list = h->list_count ? &h->lists[h->list_count - 1] : NULL;
    close_item(h);
    if (!list || list->quote)
        return;
    read_number(p, "value", &list->number);
    list->item_width = text_item(h->w, !list->ordered, list->number++);
    list->in_item = true;
}

/* A list in an item follows it closely. */
static void list_gap(struct html_text *h)
{
    if (h->list_count && h->lists[h->list_count - 1].in_item)
        text_break(h->w);
    else
        text_gap(h->w);
}

static void open_list(struct html_text *h, enum meaning meaning, const struct html_piece *p)
{
    list_gap(h);
    if (h->list_count == HTML_MAX_LISTS) {
        h->w->too_deep = true;
        return;
    }
    struct html_list *list = &h->lists[h->list_count++];
    *list = (struct html_list){
        .quote = meaning == MEANS_QUOTE, .ordered = meaning == MEANS_NUMBERS, .number = 1};
    read_number(p, "start", &list->number);
    if (list->quote)
        text_indent(h->w, STR("> "));
}

static void close_list(struct html_text *h, bool quote)
{
    if (h->list_count == 0 || h->lists[h->list_count - 1].quote != quote)
        return;
    close_item(h);
    h->list_count--;
    if (quote)
        text_outdent(h->w, 2);
    list_gap(h);
}

static void heading(struct html_text *h, const struct html_piece *p)
{
    char level = p->name.at[1];
    if (p->kind == HTML_CLOSE && level <= '2')
        text_underline(h->w, level == '1' ? '=' : '-');
    text_gap(h->w);
}

static void pre(struct html_text *h, const struct html_piece *p)
{
    text_gap(h->w);
    if (p->kind == HTML_OPEN)
        h->pre++;
    else if (h->pre)
        h->pre--;
}

static enum meaning meaning_of(struct str name)
{
    static const struct {
        const char *name;
        enum meaning meaning;
    } elements[] = {
        {"a", MEANS_LINK},          {"address", MEANS_LINE},     {"article", MEANS_LINE},
        {"aside", MEANS_LINE},      {"blockquote", MEANS_QUOTE}, {"br", MEANS_BREAK},
        {"caption", MEANS_LINE},    {"center", MEANS_LINE},      {"dd", MEANS_LINE},
        {"details", MEANS_LINE},    {"div", MEANS_LINE},         {"dt", MEANS_LINE},
        {"figcaption", MEANS_LINE}, {"figure", MEANS_GAP},       {"footer", MEANS_GAP},
        {"form", MEANS_LINE},       {"h1", MEANS_HEADING},       {"h2", MEANS_HEADING},
        {"h3", MEANS_HEADING},      {"h4", MEANS_HEADING},       {"h5", MEANS_HEADING},
        {"h6", MEANS_HEADING},      {"header", MEANS_GAP},       {"hr", MEANS_RULE},
        {"img", MEANS_IMAGE},       {"legend", MEANS_LINE},      {"li", MEANS_ITEM},
        {"main", MEANS_LINE},       {"nav", MEANS_LINE},         {"ol", MEANS_NUMBERS},
        {"p", MEANS_GAP},           {"pre", MEANS_PRE},          {"section", MEANS_LINE},
        {"summary", MEANS_LINE},    {"table", MEANS_LINE},       {"td", MEANS_SPACE},
        {"th", MEANS_SPACE},        {"tr", MEANS_LINE},          {"ul", MEANS_LIST},
    };
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
        if (str_eq_nocase(name, str_of(elements[i].name)))
            return elements[i].meaning;
    return MEANS_NOTHING;
}

/* What tags do that do the same when they open and when they close. */
static void write_boundary(struct html_text *h, enum meaning meaning, const struct html_piece *p)
{
    switch (meaning) {
    case MEANS_SPACE:
        h->w->space = true;
        break;
    case MEANS_LINE:
        text_break(h->w);
        break;
    case MEANS_GAP:
        list_gap(h);
        break;
    case MEANS_BREAK:
        text_newline(h->w);
        break;
    case MEANS_RULE:
        text_break(h->w);
        text_write(h->w, STR("----------"));
        text_gap(h->w);
        break;
    case MEANS_HEADING:
        heading(h, p);
        break;
    case MEANS_PRE:
        pre(h, p);
        break;
    default:
        break;
    }
}

static void write_open(struct html_text *h, const struct html_piece *p)
{
    enum meaning meaning = meaning_of(p->name);
    text_write_tags_of(h->w, p->name);
    if (meaning == MEANS_LINK) {
        open_link(h, p);
        return;
    }
    if (meaning == MEANS_IMAGE) {
        write_image(h, p);
        return;
    }
    if (meaning == MEANS_ITEM)
        open_item(h, p);
    else if (meaning == MEANS_LIST || meaning == MEANS_NUMBERS || meaning == MEANS_QUOTE)
        open_list(h, meaning, p);
    else
        write_boundary(h, meaning, p);
    read_attribute(h, p, NULL);
}

static void write_close(struct html_text *h, const struct html_piece *p)
{
    enum meaning meaning = meaning_of(p->name);
    text_write_tags_of(h->w, p->name);
    text_write_tags_of(h->w, p->attributes);
    if (meaning == MEANS_LINK)
        close_link(h);
    else if (meaning == MEANS_ITEM)
        close_item(h);
    else if (meaning == MEANS_LIST || meaning == MEANS_NUMBERS || meaning == MEANS_QUOTE)
        close_list(h, meaning == MEANS_QUOTE);
    else
        write_boundary(h, meaning, p);
}

static bool has_tags(struct html_text *h, struct str s)
{
    struct placeholder *item;
    size_t at = 0;
    while ((item = placeholder_next(h->w->placeholders, s, &at)))
        if (item->piece.kind == PIECE_TAG)
            return true;
    return false;
}

/* True if every block of Liquid that s has begins and ends in it. */
static bool is_whole(struct html_text *h, struct str s)
{
    struct placeholder *item;
    size_t at = 0;
    int depth = 0;
    while (depth >= 0 && (item = placeholder_next(h->w->placeholders, s, &at)))
        depth += item->nesting;
    return depth == 0;
}

/*
 * Leaves an element out that is hidden, but for its tags. What Liquid hides, or where blocks and
 * elements overlap, is shown: nobody knows what will be there.
 */
static bool leave_out(struct html_text *h, struct html_cutter *c, const struct html_piece *p)
{
    struct html_cutter after = *c;
    if (!html_is_hidden(p) || has_tags(h, p->whole))
        return false;
    bool found = html_skip_element(&after, p);
    struct str element = {p->whole.at, p->whole.len + c->rest.len - after.rest.len};
    if (found && is_whole(h, element)) {
        text_write_tags_of(h->w, element);
        *c = after;
        return true;
    }
    c->misses = after.misses + found;
    return false;
}

void html_text_feed(struct html_text *h, struct str html)
{
    struct html_cutter cutter = {.rest = html};
    struct html_piece p;
    while (html_next(&cutter, &p) && !h->w->too_deep) {
        switch (p.kind) {
        case HTML_TEXT:
            write_text(h, p.whole);
            break;
        case HTML_OPEN:
            if (!leave_out(h, &cutter, &p))
                write_open(h, &p);
            break;
        case HTML_CLOSE:
            write_close(h, &p);
            break;
        case HTML_OTHER:
            text_write_tags_of(h->w, p.whole);
            break;
        }
    }
}
