/*
 * Any bytes as HTML with Liquid: either an error, or links that lie in the source one after the
 * other; the old values put back change nothing; what is tracked is found again, in the same number
 * and with the same targets, after its targets were put in its place, and each new value is there.
 */
#include <assert.h>
#include <stdlib.h>

#include "template/images.h"
#include "template/lexer.h"
#include "template/links.h"
#include "template/utm.h"

struct page {
    struct arena memory;
    struct link *links;
    size_t count;
};

static bool page_read(struct page *p, struct str html)
{
    struct err err = {{0}};
    *p = (struct page){.memory = ARENA_INIT};
    if (links_find(html, &p->memory, &p->links, &p->count, &err) == 0)
        return true;
    assert(err.text[0]);
    arena_release(&p->memory);
    return false;
}

static void check_places(struct str html, const struct page *p)
{
    size_t end = 0;
    unsigned line = 1;
    for (size_t i = 0; i < p->count; i++) {
        const struct link *l = &p->links[i];
        assert(l->at >= end && l->at <= html.len && l->len <= html.len - l->at);
        end = l->at + l->len;
        assert(l->line >= line && l->target.len <= l->len);
        line = l->line;
        assert(!l->trackable || (!l->fault && !l->off));
        if (l->quote)
            assert(html.at[l->at - 1] == l->quote && html.at[end] == l->quote);
    }
}

static void check_identity(struct str html, const struct page *p, struct str *values)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < p->count; i++)
        values[i] = (struct str){html.at + p->links[i].at, p->links[i].len};
    links_replace(html, p->links, p->count, values, &out);
    assert(str_eq(buf_str(&out), html));
    buf_release(&out);
}

static void check_same(const struct page *a, const struct page *b)
{
    assert(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert(str_eq(a->links[i].target, b->links[i].target));
        assert(a->links[i].trackable == b->links[i].trackable);
        assert(a->links[i].line >= b->links[i].line); /* line ends around a value go */
    }
}

/* A raw or comment block without an end makes Liquid's pieces depend on what stands elsewhere. */
static bool has_open_blocks(struct str s)
{
    struct lexer lexer = {.source = s};
    struct piece p;
    while (lexer_next_whole(&lexer, &p))
        if (p.kind == PIECE_OPEN_OUTPUT || p.kind == PIECE_OPEN_TAG)
            return true;
    return lexer.gave_up;
}

static void check_targets(struct str html, const struct page *p, struct str *values)
{
    struct buf out = BUF_INIT, value = BUF_INIT;
    struct page again;
    for (size_t i = 0; i < p->count; i++) {
        buf_reset(&value);
        link_escape(p->links[i].target, &value);
        values[i] = (struct str){NULL, 0};
        if (p->links[i].trackable)
            values[i] = arena_str((struct arena *)&p->memory, buf_str(&value));
    }
    links_replace(html, p->links, p->count, values, &out);
    assert(page_read(&again, buf_str(&out)));
    check_same(p, &again);
    arena_release(&again.memory);
    buf_release(&value);
    buf_release(&out);
}

/* Every link gets a value that nothing else has, in its place, and all are found again. */
static void check_replaced(struct str html, const struct page *p, struct str *values)
{
    struct buf out = BUF_INIT, value = BUF_INIT;
    struct page again;
    for (size_t i = 0; i < p->count; i++) {
        buf_reset(&value);
        buf_addf(&value, "https://t.example/%zu?a=\"&amp;b='{{ c | d: \"e>\" }}", i);
        values[i] = arena_str((struct arena *)&p->memory, buf_str(&value));
    }
    links_replace(html, p->links, p->count, values, &out);
    assert(page_read(&again, buf_str(&out)));
    assert(p->count == again.count);
    for (size_t i = 0; i < p->count; i++) {
        buf_reset(&value);
        buf_addf(&value, "https://t.example/%zu?a=\"&b='{{ c | d: \"e>\" }}", i);
        assert(str_eq(again.links[i].target, buf_str(&value)));
    }
    arena_release(&again.memory);
    buf_release(&value);
    buf_release(&out);
}

/* What is added is added once. */
static void check_utm(struct str url)
{
    struct utm utm = {.source = STR("s"), .medium = STR("{{ m }}"), .content = STR("&")};
    struct buf once = BUF_INIT, twice = BUF_INIT;
    if (utm_add(url, &utm, &once)) {
        assert(once.len > url.len);
        assert(!utm_add(buf_str(&once), &utm, &twice));
        assert(str_eq(buf_str(&once), buf_str(&twice)));
    } else {
        assert(str_eq(buf_str(&once), url));
    }
    buf_release(&once);
    buf_release(&twice);
}

static void check_images(struct str html)
{
    struct arena memory = ARENA_INIT;
    struct image *images;
    struct err err;
    size_t count;
    if (images_find(html, &memory, &images, &count, &err) == 0)
        for (size_t i = 0; i < count; i++)
            assert(images[i].line >= 1 && images[i].src.len <= html.len);
    arena_release(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str html = {(const char *)data, size};
    struct page page;
    check_utm(html);
    check_images(html);
    if (!page_read(&page, html))
        return 0;
    struct str *values = calloc(page.count + 1, sizeof(*values));
    check_places(html, &page);
    check_identity(html, &page, values);
    if (!has_open_blocks(html)) {
        check_targets(html, &page, values);
        check_replaced(html, &page, values);
    }
    for (size_t i = 0; i < page.count; i++)
        check_utm(page.links[i].target);
    free(values);
    arena_release(&page.memory);
    return 0;
}
