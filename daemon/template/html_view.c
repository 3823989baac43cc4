#include "template/html_view.h"

#include "template/space.h"

enum { STANDS_FOR_BROKEN = '\x80' };

static enum piece_role tag_role(struct str name)
{
    static const struct {
        const char *name;
        enum piece_role role;
    } tags[] = {
        {"if", ROLE_OPEN},         {"unless", ROLE_OPEN},          {"case", ROLE_OPEN},
        {"for", ROLE_OPEN},        {"capture", ROLE_OPEN},         {"else", ROLE_MIDDLE},
        {"elsif", ROLE_MIDDLE},    {"when", ROLE_MIDDLE},          {"comment", ROLE_SILENT},
        {"#", ROLE_SILENT},        {"assign", ROLE_SILENT},        {"break", ROLE_SILENT},
        {"continue", ROLE_SILENT}, {"abort_message", ROLE_SILENT},
    };
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (str_eq(name, str_of(tags[i].name)))
            return tags[i].role;
    return str_starts(name, STR("end")) ? ROLE_CLOSE : ROLE_VALUE;
}

enum piece_role piece_role(const struct piece *p)
{
    if (p->kind == PIECE_TEXT)
        return ROLE_TEXT;
    return p->kind == PIECE_TAG ? tag_role(p->name) : ROLE_VALUE;
}

bool piece_trims_before(const struct piece *p)
{
    return p->kind != PIECE_TEXT && p->trim_before;
}

bool piece_trims_after(const struct piece *p)
{
    if (p->kind != PIECE_OUTPUT && p->kind != PIECE_TAG)
        return false;
    return p->whole.at[p->whole.len - 3] == '-';
}

struct builder {
    struct html_view *view;
    char *text;
    size_t tags;
    bool trim; /* the piece before drops spaces */
    bool after_text;
};

static struct html_span *add_span(struct builder *b, size_t source_at)
{
    struct html_view *v = b->view;
    struct html_span *span = &v->spans[v->count++];
    *span = (struct html_span){v->text.len, source_at, b->tags, 0};
    return span;
}

/* False if nothing is left of it. */
static bool add_text(struct builder *b, const struct piece *p)
{
    struct str s = b->trim ? space_skip(p->whole) : p->whole;
    char *to = b->text + b->view->text.len, *end = to + s.len;
    if (s.len == 0)
        return false;
    add_span(b, p->at + (p->whole.len - s.len));
    memcpy(to, s.at, s.len);
    while ((to = memchr(to, HTML_VIEW_VALUE & 0xff, (size_t)(end - to))))
        *to = STANDS_FOR_BROKEN;
    b->view->text.len += s.len;
    return true;
}

static void drop_spaces(struct builder *b)
{
    struct html_view *v = b->view;
    if (!b->after_text)
        return;
    while (v->text.len > v->spans[v->count - 1].view_at && byte_is_space(b->text[v->text.len - 1]))
        v->text.len--;
}

static void add_markup(struct builder *b, const struct piece *p)
{
    if (piece_trims_before(p))
        drop_spaces(b);
    if (piece_role(p) != ROLE_VALUE) {
        b->tags++;
        return;
    }
    add_span(b, p->at)->value_len = p->whole.len;
    b->text[b->view->text.len++] = HTML_VIEW_VALUE;
}

void html_view_make(struct html_view *v, struct str source, struct arena *memory)
{
    struct lexer lexer = {.source = source};
    struct builder b = {.view = v, .text = arena_alloc(memory, source.len + 1)};
    struct piece p;
    *v = (struct html_view){.source = source, .text = {b.text, 0}};
    v->spans = arena_alloc(memory, (lexer_count_whole(source) + 1) * sizeof(*v->spans));
    while (lexer_next_whole(&lexer, &p)) {
        bool text = p.kind == PIECE_TEXT;
        if (!text)
            add_markup(&b, &p);
        b.after_text = text && add_text(&b, &p);
        b.trim = piece_trims_after(&p);
    }
}

/* The last span that starts at or before the offset; NULL if there is none. */
static const struct html_span *span_at(const struct html_view *v, size_t at)
{
    size_t low = 0, high = v->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->spans[middle].view_at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &v->spans[low - 1] : NULL;
}

size_t html_view_start(const struct html_view *v, size_t at)
{
    const struct html_span *span = at < v->text.len ? span_at(v, at) : NULL;
    return span ? span->source_at + (at - span->view_at) : v->source.len;
}

size_t html_view_end(const struct html_view *v, size_t at)
{
    const struct html_span *span = at < v->text.len ? span_at(v, at) : NULL;
    if (!span)
        return v->source.len;
    return span->source_at + (span->value_len ? span->value_len : at - span->view_at + 1);
}

size_t html_view_tags(const struct html_view *v, size_t at)
{
    const struct html_span *span = span_at(v, at);
    return span ? span->tags : 0;
}
