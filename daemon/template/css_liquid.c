#include "template/css_liquid.h"

#include "template/html_scan.h"
#include "template/html_view.h"
#include "template/space.h"

/* Programs nest less deep; it bounds css_liquid_is_in. */
enum { MAX_BLOCKS_DEEP = 500 };

struct str css_liquid_text(const struct css_liquid *l)
{
    return (struct str){l->bytes, l->source.len};
}

struct str css_liquid_source(const struct css_liquid *l, struct str masked)
{
    return masked.len ? (struct str){l->source.at + (masked.at - l->bytes), masked.len}
                      : (struct str){NULL, 0};
}

static bool contains(struct str s, const char *word)
{
    return s.len && memmem(s.at, s.len, word, strlen(word));
}

static bool may_be_markup(const struct piece *p)
{
    return piece_role(p) == ROLE_VALUE &&
           (contains(p->whole, "raw") || contains(p->whole, "render") ||
            contains(p->whole, "include"));
}

static uint32_t add_block(struct css_liquid *l, uint32_t parent, bool loop)
{
    l->blocks[l->block_count] = (struct css_block){parent, l->blocks[parent].depth + 1, loop};
    return l->block_count++;
}

/* The block after a piece that stands in `block`. */
static uint32_t block_after(struct css_liquid *l, const struct piece *p, uint32_t block)
{
    switch (piece_role(p)) {
    case ROLE_OPEN:
        return add_block(l, block, str_eq(p->name, STR("for")));
    case ROLE_MIDDLE:
        return block ? add_block(l, l->blocks[block].parent, false) : 0;
    case ROLE_CLOSE:
        return l->blocks[block].parent;
    default:
        return block;
    }
}

static void hide(struct css_liquid *l, const struct css_piece *p, char with)
{
    memset(l->bytes + p->at, with, p->end - p->at);
}

/* Markup in a capture comes to stand where its variable is written. `depth` counts captures. */
static void note_capture(struct css_liquid *l, const struct piece *p, unsigned *depth)
{
    if (p->kind == PIECE_TEXT)
        l->outside |= *depth && str_find(p->whole, '<');
    else if (p->kind == PIECE_TAG && str_eq(p->name, STR("capture")))
        ++*depth;
    else if (p->kind == PIECE_TAG && *depth && str_eq(p->name, STR("endcapture")))
        --*depth;
}

static int collect(struct css_liquid *l, struct err *err)
{
    struct lexer lexer = {.source = l->source};
    struct piece p;
    uint32_t block = 0;
    unsigned captures = 0;
    while (lexer_next_whole(&lexer, &p)) {
        note_capture(l, &p, &captures);
        if (p.kind == PIECE_TEXT)
            continue;
        struct css_piece *piece = &l->pieces[l->count++];
        block = block_after(l, &p, block);
        *piece = (struct css_piece){p.at, p.at + p.whole.len, block, p.kind != PIECE_OUTPUT,
                                    may_be_markup(&p)};
        hide(l, piece, (char)(piece->tag ? CSS_TAG : CSS_OUTPUT));
        if (l->blocks[block].depth > MAX_BLOCKS_DEEP)
            return err_set(err,
                           "Line %u: Liquid blocks nest more than %d deep here; is one of them "
                           "never closed?",
                           css_liquid_line(l, p.at), MAX_BLOCKS_DEEP);
    }
    return 0;
}

/*
 * Text that begins with white space and goes on with a word, also where references make it so,
 * makes MyHTML write behind a string (it cuts the front off and counts the size from there). Nobody
 * reads the text, so it gets another front.
 */
static void blunt_text(struct str text)
{
    char *at = (char *)text.at, *end = at + text.len;
    while (at < end) {
        char *stop = memchr(at, '<', (size_t)(end - at));
        stop = stop ? stop : end;
        struct str run = {at, (size_t)(stop - at)};
        size_t blank = run.len - space_skip(run).len;
        if (blank < run.len)
            memset(at, 'x', blank);
        for (; at < stop; at++)
            *at = *at == '&' ? 'x' : *at;
        at = stop < end ? memchr(stop, '>', (size_t)(end - stop)) : end;
        at = at ? at + 1 : end;
    }
}

/* Liquid in text is white space to HTML, so that it may stand in a head or in a table. */
static void hide_text(struct css_liquid *l, size_t from, size_t to)
{
    size_t i, last;
    for (css_liquid_range(l, from, to, &i, &last); i < last; i++) {
        hide(l, &l->pieces[i], ' ');
        l->outside |= l->pieces[i].markup;
    }
    if (from < to)
        blunt_text((struct str){l->bytes + from, to - from});
}

/* Tags are white space to CSS and among attributes; an output there is a word. */
static void hide_tags(struct css_liquid *l, size_t from, size_t to)
{
    size_t i, last;
    for (css_liquid_range(l, from, to, &i, &last); i < last; i++)
        if (l->pieces[i].tag)
            hide(l, &l->pieces[i], ' ');
}

/* From the name of a start tag on; returns the offset of its ">". */
static size_t hide_in_tag(struct css_liquid *l, struct html_scan *scan, size_t at)
{
    struct html_scan_attribute a;
    while (html_scan_attribute(scan, &a)) {
        size_t value = a.has_value ? (size_t)(a.value.at - l->bytes) : scan->at;
        hide_tags(l, at, value);
        at = value + (a.has_value ? a.value.len : 0);
    }
    hide_tags(l, at, scan->at);
    return scan->at;
}

static void hide_all(struct css_liquid *l)
{
    struct html_scan scan;
    struct str name;
    size_t text = 0;
    html_scan_init(&scan, css_liquid_text(l));
    while (html_scan_next(&scan, &name)) {
        size_t end = (size_t)(name.at + name.len - l->bytes);
        hide_text(l, text, (size_t)(name.at - l->bytes) - 1);
        size_t sheet = hide_in_tag(l, &scan, end);
        html_scan_close(&scan);
        text = scan.at;
        if (str_eq_nocase(name, STR("style")))
            hide_tags(l, sheet, text);
        else
            text = sheet < l->source.len ? sheet + 1 : sheet;
    }
    hide_text(l, text, l->source.len);
}

/* MyHTML writes them as three bytes, into room for one. */
static void hide_nuls(struct css_liquid *l)
{
    char *at = l->bytes, *end = at + l->source.len;
    while ((at = memchr(at, '\0', (size_t)(end - at))))
        *at++ = (char)CSS_OUTPUT;
}

int css_liquid_init(struct css_liquid *l, struct str source, struct arena *memory, struct err *err)
{
    size_t count = lexer_count_whole(source);
    *l = (struct css_liquid){.source = source, .block_count = 1};
    l->bytes = arena_alloc(memory, source.len + 1);
    memcpy(l->bytes, source.len ? source.at : "", source.len);
    l->bytes[source.len] = '\0';
    hide_nuls(l);
    l->pieces = arena_alloc(memory, (count + 1) * sizeof(*l->pieces));
    l->blocks = arena_zero(memory, (count + 1) * sizeof(*l->blocks));
    if (collect(l, err) < 0)
        return -1;
    hide_all(l);
    return 0;
}

/* How many pieces start before the offset. */
static size_t pieces_before(const struct css_liquid *l, size_t at)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->pieces[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t css_liquid_block(const struct css_liquid *l, size_t at)
{
    size_t before = pieces_before(l, at);
    return before ? l->pieces[before - 1].block : 0;
}

bool css_liquid_is_in(const struct css_liquid *l, uint32_t block, uint32_t outer)
{
    while (l->blocks[block].depth > l->blocks[outer].depth)
        block = l->blocks[block].parent;
    return block == outer;
}

uint32_t css_liquid_loop(const struct css_liquid *l, uint32_t block, uint32_t outer)
{
    uint32_t loop = 0;
    for (; block && block != outer; block = l->blocks[block].parent)
        loop = l->blocks[block].loop ? block : loop;
    return loop;
}

void css_liquid_range(const struct css_liquid *l, size_t from, size_t to, size_t *first,
                      size_t *last)
{
    *last = from < to ? pieces_before(l, to) : 0;
    *first = from < to ? pieces_before(l, from) : 0;
    if (*first && l->pieces[*first - 1].end > from)
        --*first;
}

bool css_liquid_has_tag(const struct css_liquid *l, size_t from, size_t to)
{
    size_t i, last;
    for (css_liquid_range(l, from, to, &i, &last); i < last; i++)
        if (l->pieces[i].tag)
            return true;
    return false;
}

unsigned css_liquid_line(const struct css_liquid *l, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at && i < l->source.len; i++)
        line += l->source.at[i] == '\n';
    return line;
}
