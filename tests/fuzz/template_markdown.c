/*
 * Any bytes as Markdown with Liquid: either an error, or HTML in which every tag and output of the
 * source stands, in the source's order where no link, code or raw HTML can change it, and in which
 * no other Liquid stands.
 */
#include <assert.h>

#include "template/lexer.h"
#include "template/markdown.h"

/* Sources in which a piece may hide another one. */
static bool is_plain(struct str s)
{
    return s.len && !memmem(s.at, s.len, "raw", 3) && !memmem(s.at, s.len, "comment", 7) &&
           !memmem(s.at, s.len, "doc", 3);
}

static bool may_reorder(struct str s)
{
    return str_find(s, '[') || str_find(s, '<') || str_find(s, '`') || str_find(s, '~');
}

static void check_all_there(struct str source, struct str html)
{
    struct lexer lexer = {.source = source};
    struct piece p;
    bool ordered = !may_reorder(source);
    for (struct str rest = html; lexer_next_whole(&lexer, &p);) {
        if (p.kind != PIECE_TAG && p.kind != PIECE_OUTPUT)
            continue;
        struct str in = ordered ? rest : html;
        const char *hit = in.len ? memmem(in.at, in.len, p.whole.at, p.whole.len) : NULL;
        assert(hit);
        rest = str_skip(in, (size_t)(hit - in.at) + p.whole.len);
    }
}

static void check_nothing_new(struct str source, struct str html)
{
    struct lexer lexer = {.source = html};
    struct piece p;
    while (lexer_next_whole(&lexer, &p))
        if (p.kind == PIECE_TAG || p.kind == PIECE_OUTPUT)
            assert(memmem(source.at, source.len, p.whole.at, p.whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str source = {(const char *)data, size};
    struct buf html = BUF_INIT;
    struct err err;
    if (markdown_to_html(source, &html, &err) < 0) {
        assert(html.len == 0 && err.text[0]);
    } else if (is_plain(source)) {
        check_all_there(source, buf_str(&html));
        check_nothing_new(source, buf_str(&html));
    }
    buf_release(&html);
    return 0;
}
