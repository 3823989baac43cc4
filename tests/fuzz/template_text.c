/*
 * Any bytes as HTML and as Markdown, to plain text: either an error, or a text with every {% tag %}
 * of the source and with no Liquid that was not there but the output that writes a brace.
 */
#include <assert.h>

#include "template/lexer.h"
#include "template/markdown.h"
#include "template/text.h"

static bool is_plain(struct str s)
{
    return s.len && !memmem(s.at, s.len, "raw", 3) && !memmem(s.at, s.len, "comment", 7) &&
           !memmem(s.at, s.len, "doc", 3);
}

static void check_tags(struct str source, struct str text)
{
    struct lexer lexer = {.source = source};
    struct piece p;
    while (lexer_next_whole(&lexer, &p))
        if (p.kind == PIECE_TAG)
            assert(text.len && memmem(text.at, text.len, p.whole.at, p.whole.len));
}

static void check_nothing_new(struct str source, struct str text)
{
    struct lexer lexer = {.source = text};
    struct piece p;
    while (lexer_next_whole(&lexer, &p))
        if (p.kind == PIECE_TAG || p.kind == PIECE_OUTPUT)
            assert(memmem(source.at, source.len, p.whole.at, p.whole.len) ||
                   str_eq(p.whole, STR("{{ '{' }}")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str source = {(const char *)data, size};
    struct buf text = BUF_INIT;
    struct err err;
    if (text_from_html(source, &text, &err) == 0 && is_plain(source)) {
        check_tags(source, buf_str(&text));
        check_nothing_new(source, buf_str(&text));
    }
    buf_reset(&text);
    if (text_from_markdown(source, &text, &err) == 0 && is_plain(source)) {
        if (!memmem(source.at, source.len, "]:", 2))
            check_tags(source, buf_str(&text));
        check_nothing_new(source, buf_str(&text));
    }
    buf_release(&text);
    return 0;
}
