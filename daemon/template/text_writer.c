#include "template/text_writer.h"

#include "template/utf8.h"

enum { LIQUID_WIDTH = 8, MIN_UNDERLINE = 3, MAX_UNDERLINE = 72 };

void text_writer_release(struct text_writer *w)
{
    buf_release(&w->out);
    buf_release(&w->prefix);
}

static void flush_gap(struct text_writer *w)
{
    struct str prefix = {w->prefix.at, w->gap_prefix};
    if (w->gap && w->out.len) {
        while (prefix.len && prefix.at[prefix.len - 1] == ' ')
            prefix.len--;
        buf_add_str(&w->out, prefix);
        buf_add_byte(&w->out, '\n');
    }
    w->gap = false;
}

static void begin_line(struct text_writer *w)
{
    struct str prefix = buf_str(&w->prefix), marker = str_of(w->marker);
    if (w->line)
        return;
    flush_gap(w);
    prefix.len -= marker.len < prefix.len ? marker.len : prefix.len;
    buf_add_str(&w->out, prefix);
    buf_add_str(&w->out, marker);
    w->marker[0] = '\0';
    w->line = true;
    w->space = false;
    w->text_at = w->out.len;
}

void text_write(struct text_writer *w, struct str s)
{
    if (s.len == 0)
        return;
    begin_line(w);
    buf_add_str(&w->out, s);
    w->joiner = 0;
    w->after_url = false;
}

static bool starts_with_letter(struct str s)
{
    int32_t point = -1;
    if (s.len)
        utf8_next(s, 0, &point);
    return utf8_is_word(point);
}

void text_write_word(struct text_writer *w, struct str s)
{
    char bytes[4];
    if (w->after_url && starts_with_letter(s))
        w->space = true;
    if (w->space && w->line)
        buf_add_byte(&w->out, ' ');
    else if (w->joiner && w->line)
        buf_add(&w->out, bytes, utf8_encode(w->joiner, bytes));
    w->space = false;
    text_write(w, s);
}

void text_write_joiner(struct text_writer *w, int32_t point)
{
    if (w->line && !w->space)
        w->joiner = point;
}

void text_write_tag(struct text_writer *w, struct str s)
{
    if (!w->line)
        flush_gap(w);
    else if (w->space)
        buf_add_byte(&w->out, ' ');
    w->space = false;
    buf_add_str(&w->out, s);
}

void text_write_tags_of(struct text_writer *w, struct str left_out)
{
    struct placeholder *item;
    size_t at = 0;
    while ((item = placeholder_next(w->placeholders, left_out, &at))) {
        char token[64];
        size_t number = (size_t)(item - w->placeholders->items);
        if (item->piece.kind != PIECE_TAG)
            continue;
        int len = snprintf(token, sizeof(token), "%sn%zux", w->placeholders->prefix, number);
        text_write_tag(w, (struct str){token, (size_t)len});
    }
}

void text_newline(struct text_writer *w)
{
    if (!w->line)
        flush_gap(w);
    buf_add_byte(&w->out, '\n');
    w->line = false;
    w->space = false;
}

void text_break(struct text_writer *w)
{
    if (w->line)
        text_newline(w);
    w->space = false;
}

void text_gap(struct text_writer *w)
{
    text_break(w);
    if (!w->gap || w->gap_prefix > w->prefix.len)
        w->gap_prefix = w->prefix.len;
    w->gap = true;
}

/* How wide a line will look, about: nobody knows what Liquid becomes. */
static size_t width_of(struct text_writer *w, struct str line)
{
    size_t width = utf8_count(line), at = 0, len = 0;
    struct placeholder *item;
    while ((item = placeholder_next(w->placeholders, line, &at))) {
        len = (size_t)snprintf(NULL, 0, "%sn%zux", w->placeholders->prefix,
                               (size_t)(item - w->placeholders->items));
        width -= len;
        width += item->piece.kind == PIECE_OUTPUT ? LIQUID_WIDTH : 0;
    }
    return width < MIN_UNDERLINE ? MIN_UNDERLINE : width > MAX_UNDERLINE ? MAX_UNDERLINE : width;
}

void text_underline(struct text_writer *w, char sign)
{
    if (!w->line)
        return;
    size_t width = width_of(w, str_skip(buf_str(&w->out), w->text_at));
    text_newline(w);
    begin_line(w);
    while (width--)
        buf_add_byte(&w->out, sign);
    text_newline(w);
}

void text_write_url(struct text_writer *w, size_t from, struct str url)
{
    struct str text = str_skip(buf_str(&w->out), from), address = url;
    if (str_starts_nocase(url, STR("mailto:")))
        address = str_skip(url, 7);
    if (url.len == 0 || url.at[0] == '#') {
        text_write_tags_of(w, url);
        return;
    }
    text = str_trim(text);
    if (str_eq(text, url) || str_eq(text, address))
        return;
    w->space = w->line && text.len;
    text_write_word(w, STR("<"));
    text_write(w, address);
    text_write(w, STR(">"));
    w->after_url = true;
}

void text_indent(struct text_writer *w, struct str more)
{
    w->too_deep = w->too_deep || w->prefix.len + more.len > TEXT_PREFIX_MAX;
    if (!w->too_deep)
        buf_add_str(&w->prefix, more);
}

void text_outdent(struct text_writer *w, size_t bytes)
{
    if (w->too_deep)
        return;
    buf_cut(&w->prefix, w->prefix.len - bytes);
    if (w->gap_prefix > w->prefix.len)
        w->gap_prefix = w->prefix.len;
}

size_t text_item(struct text_writer *w, bool bullet, size_t number)
{
    char marker[TEXT_MARKER_SIZE] = "- ";
    if (!bullet)
        snprintf(marker, sizeof(marker), "%zu. ", number);
    size_t width = strlen(marker);
    text_break(w);
    text_indent(w, (struct str){"                        ", width});
    if (!w->too_deep)
        memcpy(w->marker, marker, sizeof(marker));
    return width;
}
