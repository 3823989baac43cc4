/*
 * Any bytes as HTML with style sheets and Liquid: either an error, or HTML with the same Liquid
 * tags in the same order, and with no output that the source does not have, which can be inlined
 * again. The same bytes as CSS: every one is in one token, and reading always gets on.
 */
#include <assert.h>

#include "template/css_syntax.h"
#include "template/inline_css.h"
#include "template/lexer.h"

/* No Liquid may come to be that the source does not have. */
static void check_nothing_new(struct str source, struct str html)
{
    struct lexer lexer = {.source = html};
    struct piece p;
    while (lexer_next_whole(&lexer, &p))
        if (p.kind == PIECE_TAG || p.kind == PIECE_OUTPUT)
            assert(memmem(source.at, source.len, p.whole.at, p.whole.len));
}

/* Tags are never moved, copied or dropped, wherever they stand. */
static void check_tags(struct str source, struct str html)
{
    struct lexer one = {.source = source}, two = {.source = html};
    struct piece p, q;
    for (;;) {
        bool more, also;
        while ((more = lexer_next_whole(&one, &p)) && p.kind != PIECE_TAG)
            ;
        while ((also = lexer_next_whole(&two, &q)) && q.kind != PIECE_TAG)
            ;
        assert(more == also);
        if (!more)
            return;
        assert(str_eq(p.whole, q.whole));
    }
}

static void warn(void *ctx, unsigned line, const char *sentence)
{
    (void)ctx;
    assert(line > 0 && sentence[0]);
}

/* The cutter goes forward and loses nothing. */
static void check_syntax(struct str s)
{
    enum css_token kind;
    struct css_item item;
    struct css_declaration d;
    size_t total = 0;
    for (struct str rest = s; rest.len; rest = str_skip(rest, css_token(rest, &kind)))
        total += css_token(rest, &kind);
    assert(total == s.len);
    for (struct str rest = s; css_next_item(&rest, &item);)
        assert(item.whole.len && item.whole.at + item.whole.len == rest.at);
    for (struct str rest = s; css_next_declaration(&rest, &d);)
        assert(d.whole.len && d.value.len <= d.whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str source = {(const char *)data, size};
    struct css_report report = {NULL, warn};
    struct buf once = BUF_INIT, twice = BUF_INIT;
    struct err err;
    check_syntax(source);
    if (css_inline_reported(source, &report, &once, &err) < 0) {
        assert(once.len == 0 && err.text[0]);
    } else if (size) {
        check_nothing_new(source, buf_str(&once));
        check_tags(source, buf_str(&once));
        css_inline(buf_str(&once), &twice, &err);
    }
    buf_release(&once);
    buf_release(&twice);
    return 0;
}
