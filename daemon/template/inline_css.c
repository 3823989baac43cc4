#include "template/inline_css.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "template/css_cascade.h"
#include "template/css_syntax.h"
#include "template/html_entity.h"
#include "template/markdown.h"
#include "template/space.h"

/* A replacement in the source; its text is a run of `texts`. */
struct edit {
    size_t at, end;
    size_t text, text_len;
};

struct inliner {
    struct arena memory;
    struct css_liquid liquid;
    struct css_tree tree;
    struct css_sheets sheets;
    struct css_winner **winners;
    bool important; /* "!important" stays everywhere */
    struct edit *edits;
    size_t edit_count;
    struct buf texts;
};

static void edit_begin(struct inliner *in, size_t at, size_t end)
{
    in->edits[in->edit_count] = (struct edit){at, end, in->texts.len, 0};
}

static void edit_end(struct inliner *in)
{
    struct edit *edit = &in->edits[in->edit_count++];
    edit->text_len = in->texts.len - edit->text;
}

/* One byte of CSS in an attribute's value. */
static void add_escaped(struct buf *out, char c, char quote)
{
    bool other_quote = (c == '"' || c == '\'') && c != quote;
    struct str entity = html_entity(c);
    if (entity.len && !other_quote)
        buf_add_str(out, entity);
    else
        buf_add_byte(out, c);
}

/* Masked CSS as a value: Liquid as it was written, the rest escaped. */
static void add_css(struct inliner *in, struct str masked, char quote)
{
    struct str source = css_liquid_source(&in->liquid, masked);
    for (size_t i = 0; i < masked.len; i++) {
        if (masked.at[i] == (char)CSS_OUTPUT || masked.at[i] == (char)CSS_TAG)
            buf_add_byte(&in->texts, source.at[i]);
        else
            add_escaped(&in->texts, masked.at[i], quote);
    }
}

/* White space and comments become one space each run. */
static void add_value(struct inliner *in, struct str value, char quote)
{
    enum css_token kind;
    bool space = false;
    for (size_t len; (len = css_token(value, &kind)); value = str_skip(value, len)) {
        if (kind == CSS_SPACE || kind == CSS_COMMENT) {
            space = true;
            continue;
        }
        if (space)
            buf_add_byte(&in->texts, ' ');
        space = false;
        add_css(in, (struct str){value.at, len}, quote);
    }
}

static void add_winners(struct inliner *in, const struct css_winner *w, char quote)
{
    for (const struct css_winner *first = w; w; w = w->next) {
        if (w != first)
            buf_add_byte(&in->texts, ';');
        add_css(in, w->value->name, quote);
        buf_add_byte(&in->texts, ':');
        add_value(in, w->value->text, quote);
        if (w->important || (in->important && w->value->important))
            buf_add_text(&in->texts, "!important");
    }
}

static bool winners_have(const struct css_winner *w, char byte)
{
    for (; w; w = w->next)
        if (str_find(w->value->text, byte))
            return true;
    return false;
}

static bool is_blank(struct str s)
{
    return space_skip(s).len == 0;
}

/* name="value" in place of what is there, or where nothing is. */
static void add_attribute(struct inliner *in, const struct css_winner *w, struct str own)
{
    bool single = winners_have(w, '"') && !winners_have(w, '\'');
    char quote = str_find(own, '"') || (single && !str_find(own, '\'')) ? '\'' : '"';
    buf_add_text(&in->texts, "style=");
    buf_add_byte(&in->texts, quote);
    add_winners(in, w, quote);
    if (!is_blank(own))
        buf_add_byte(&in->texts, ';');
    for (size_t i = 0; i < own.len; i++)
        if (own.at[i] == quote)
            add_escaped(&in->texts, own.at[i], quote);
        else
            buf_add_byte(&in->texts, own.at[i]);
    buf_add_byte(&in->texts, quote);
}

static void edit_element(struct inliner *in, const struct css_element *e,
                         const struct css_winner *w)
{
    if (!e->has_style) {
        size_t at = e->tag + 1 + e->name.len;
        edit_begin(in, at, at);
        buf_add_byte(&in->texts, ' ');
        add_attribute(in, w, (struct str){NULL, 0});
    } else if (e->style_quote) {
        size_t at = (size_t)(e->style.at - in->liquid.bytes);
        edit_begin(in, at, at);
        add_winners(in, w, e->style_quote);
        if (!is_blank(css_liquid_source(&in->liquid, e->style)))
            buf_add_byte(&in->texts, ';');
    } else {
        size_t end = e->style.at ? (size_t)(e->style.at - in->liquid.bytes) + e->style.len
                                 : e->style_at + STR("style").len;
        edit_begin(in, e->style_at, end);
        add_attribute(in, w, css_liquid_source(&in->liquid, e->style));
    }
    edit_end(in);
}

enum remains { ALL_STAYS, SOME_STAYS, NONE_STAYS };

static enum remains remains_of(const struct css_entry *entry)
{
    size_t stay = 0, count = 0;
    if (!entry->rule)
        return ALL_STAYS;
    for (const struct css_part *part = entry->rule->parts; part; part = part->next, count++)
        stay += part->stays;
    return stay == count ? ALL_STAYS : stay ? SOME_STAYS : NONE_STAYS;
}

static bool is_changed(const struct css_sheet *sheet)
{
    const struct css_entry *entry = sheet->entries;
    while (entry && remains_of(entry) == ALL_STAYS)
        entry = entry->next;
    return entry != NULL;
}

static void add_source(struct inliner *in, struct str masked)
{
    buf_add_str(&in->texts, css_liquid_source(&in->liquid, masked));
}

static bool has_liquid(const struct inliner *in, size_t from, size_t to)
{
    size_t first, last;
    css_liquid_range(&in->liquid, from, to, &first, &last);
    return first < last;
}

/*
 * What stands between two rules: all of it if there is Liquid; else, before something that stays,
 * the white space there. False if nothing of it has to stay.
 */
static bool add_gap(struct inliner *in, struct str gap, bool stays)
{
    size_t at = (size_t)(gap.at - in->liquid.bytes);
    if (has_liquid(in, at, at + gap.len)) {
        add_source(in, gap);
        return true;
    }
    if (stays)
        add_source(in, str_skip(gap, space_cut(gap).len));
    return false;
}

static void add_entry(struct inliner *in, const struct css_entry *entry, enum remains remains)
{
    struct str body = entry->whole;
    bool first = true;
    if (remains == SOME_STAYS) {
        for (const struct css_part *part = entry->rule->parts; part; part = part->next) {
            if (!part->stays)
                continue;
            if (!first)
                buf_add_text(&in->texts, ", ");
            add_source(in, part->text);
            first = false;
        }
        body = str_skip(body, entry->rule->prelude.len);
    }
    add_source(in, body);
}

/* Adds what stays of a sheet; false if nothing does. */
static bool add_sheet(struct inliner *in, const struct css_sheet *sheet)
{
    struct str rest = sheet->style->text;
    bool any = false;
    for (const struct css_entry *entry = sheet->entries; entry; entry = entry->next) {
        struct str gap = {rest.at, (size_t)(entry->whole.at - rest.at)};
        enum remains remains = remains_of(entry);
        any |= add_gap(in, gap, remains != NONE_STAYS);
        if (remains != NONE_STAYS)
            add_entry(in, entry, remains);
        any |= remains != NONE_STAYS;
        rest = str_skip(rest, gap.len + entry->whole.len);
    }
    return add_gap(in, rest, any) || any;
}

/* An element may go unless Liquid stands in its tags, or would come to be where it was: {_{ x }}.
 */
static bool may_go(const struct inliner *in, const struct css_style *style, size_t text)
{
    struct str source = in->liquid.source;
    size_t start = style->element->tag, end = style->end;
    bool brace = start > 0 && source.at[start - 1] == '{' && end < source.len &&
                 (source.at[end] == '{' || source.at[end] == '%');
    return !brace && !has_liquid(in, start, text) && !has_liquid(in, text + style->text.len, end);
}

static void edit_sheet(struct inliner *in, const struct css_sheet *sheet)
{
    const struct css_style *style = sheet->style;
    size_t at = (size_t)(style->text.at - in->liquid.bytes);
    if (!is_changed(sheet))
        return;
    edit_begin(in, at, at + style->text.len);
    if (!add_sheet(in, sheet) && may_go(in, style, at)) {
        buf_cut(&in->texts, in->edits[in->edit_count].text);
        edit_begin(in, style->element->tag, style->end);
    }
    edit_end(in);
}

static int compare_edits(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

static void splice(struct inliner *in, struct buf *out)
{
    struct str source = in->liquid.source;
    size_t at = 0;
    qsort(in->edits, in->edit_count, sizeof(*in->edits), compare_edits);
    for (size_t i = 0; i < in->edit_count; i++) {
        const struct edit *edit = &in->edits[i];
        buf_add(out, source.at + at, edit->at - at);
        if (edit->text_len)
            buf_add(out, in->texts.at + edit->text, edit->text_len);
        at = edit->end;
    }
    buf_add_str(out, str_skip(source, at));
}

static int too_long(struct err *err)
{
    return err_set(err, "With its style sheets inlined, the HTML is longer than %d MiB.",
                   CSS_OUTPUT_MAX / 1024 / 1024);
}

static int make_edits(struct inliner *in, struct err *err)
{
    for (size_t i = 0; i < in->tree.count; i++) {
        if (in->winners[i])
            edit_element(in, &in->tree.elements[i], in->winners[i]);
        if (in->texts.len > CSS_OUTPUT_MAX)
            return too_long(err);
    }
    for (const struct css_sheet *sheet = in->sheets.first; sheet; sheet = sheet->next)
        edit_sheet(in, sheet);
    size_t len = in->texts.len + in->liquid.source.len;
    return len > CSS_OUTPUT_MAX ? too_long(err) : 0;
}

static int inline_all(struct inliner *in, struct str html, const struct css_report *report,
                      struct err *err)
{
    if (css_liquid_init(&in->liquid, html, &in->memory, err) < 0 ||
        css_tree_init(&in->tree, &in->liquid, &in->memory, err) < 0 ||
        css_sheets_init(&in->sheets, &in->tree, report, &in->memory, err) < 0)
        return -1;
    size_t count = in->tree.count + 1;
    in->winners = arena_zero(&in->memory, count * sizeof(struct css_winner *));
    in->edits = arena_alloc(&in->memory, (count + in->tree.style_count) * sizeof(*in->edits));
    if (css_cascade_run(&in->tree, &in->sheets, in->winners, &in->important, err) < 0)
        return -1;
    return make_edits(in, err);
}

static bool has_sheet(struct str html)
{
    for (const char *at; (at = str_find(html, '<')); html = str_skip(html, 1)) {
        html = str_skip(html, (size_t)(at - html.at));
        if (str_starts_nocase(html, STR("<style")))
            return true;
    }
    return false;
}

int css_inline_reported(struct str html, const struct css_report *report, struct buf *out,
                        struct err *err)
{
    struct inliner in = {.memory = ARENA_INIT};
    if (html.len > TEMPLATE_SOURCE_MAX)
        return err_set(err, "The HTML is longer than %d bytes.", TEMPLATE_SOURCE_MAX);
    if (!has_sheet(html)) {
        buf_add_str(out, html);
        return 0;
    }
    int result = inline_all(&in, html, report, err);
    if (result == 0)
        splice(&in, out);
    buf_release(&in.texts);
    css_sheets_release(&in.sheets);
    css_tree_release(&in.tree);
    arena_release(&in.memory);
    return result;
}

int css_inline(struct str html, struct buf *out, struct err *err)
{
    return css_inline_reported(html, NULL, out, err);
}
