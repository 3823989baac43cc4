#include "template/html_entity.h"
#include "template/lexer.h"
#include "template/links.h"

/* Adds s, where bytes of `special` that are no part of Liquid become references. */
static void add_escaped(struct str s, const char *special, struct buf *out)
{
    struct lexer lexer = {.source = s};
    struct piece p;
    while (lexer_next_whole(&lexer, &p)) {
        if (p.kind != PIECE_TEXT) {
            buf_add_str(out, p.whole);
            continue;
        }
        for (size_t i = 0; i < p.whole.len; i++) {
            char c = p.whole.at[i];
            if (c && strchr(special, c))
                buf_add_str(out, html_entity(c));
            else
                buf_add_byte(out, c);
        }
    }
}

void link_escape(struct str target, struct buf *out)
{
    add_escaped(target, "&<>\"'", out);
}

/* HTML, 13.1.2.3: what an unquoted value may not have. Liquid may write anything. */
static bool needs_quotes(struct str value)
{
    struct lexer lexer = {.source = value};
    struct piece p;
    while (lexer_next_whole(&lexer, &p)) {
        if (p.kind != PIECE_TEXT)
            return true;
        for (size_t i = 0; i < p.whole.len; i++)
            if (p.whole.at[i] && strchr(" \t\n\f\r\"'=<>`", p.whole.at[i]))
                return true;
    }
    return value.len == 0;
}

static void put_value(const struct link *l, struct str value, struct buf *out)
{
    char quote = l->quote;
    if (quote == 0 && needs_quotes(value)) {
        quote = '"';
        buf_add_byte(out, quote);
    }
    add_escaped(value, quote == '"' ? "\"" : quote ? "'" : "", out);
    if (quote != l->quote)
        buf_add_byte(out, quote);
}

void links_replace(struct str html, const struct link *links, size_t count,
                   const struct str *values, struct buf *out)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        const struct link *l = &links[i];
        struct str old = {html.at + l->at, l->len};
        if (!values[i].at || str_eq(values[i], old))
            continue;
        buf_add(out, html.at + done, l->at - done);
        put_value(l, values[i], out);
        done = l->at + l->len;
    }
    buf_add(out, html.at + done, html.len - done);
}
