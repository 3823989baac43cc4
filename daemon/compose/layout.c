#include "compose/layout.h"

#include "template/lexer.h"
#include "template/markdown.h"
#include "template/space.h"

enum { DEPTH_MAX = 16 };

struct page {
    const struct layout *layout;
    struct buf *out;
    unsigned contents;
    bool in_content;
    struct err *err;
};

static int put(struct page *p, struct str source, unsigned depth);

/* 'name' or "name", and nothing more. */
static bool is_constant(struct str inside, struct str *name)
{
    if (inside.len < 3 || (inside.at[0] != '\'' && inside.at[0] != '"'))
        return false;
    *name = (struct str){inside.at + 1, inside.len - 2};
    return inside.at[inside.len - 1] == inside.at[0] && !str_find(*name, inside.at[0]);
}

static int put_partial(struct page *p, struct str name, unsigned depth)
{
    char full[BUNDLE_NAME_MAX + 1];
    int len = snprintf(full, sizeof(full), "%.*s%s", STR_ARG(name), p->layout->ending);
    const struct bundle_file *file = NULL;
    if (len > 0 && (size_t)len < sizeof(full))
        file = bundle_find(p->layout->bundle, "partials/", str_of(full));
    if (!file)
        return err_set(p->err,
                       "There is no partial \"%.*s\" to include: it would be partials/%.*s%s in "
                       "the folder of templates.",
                       STR_ARG(name), STR_ARG(name), p->layout->ending);
    if (depth == DEPTH_MAX)
        return err_set(p->err, "The partial \"%.*s\" includes itself, or %d others in a row.",
                       STR_ARG(name), DEPTH_MAX);
    return put(p, file->data, depth + 1);
}

static int put_content(struct page *p, unsigned depth)
{
    p->contents++;
    p->in_content = true;
    int result = put(p, p->layout->content, depth);
    p->in_content = false;
    return result;
}

/* What a piece is to a page. */
enum place { PLACE_NONE, PLACE_CONTENT, PLACE_PREHEADER, PLACE_PARTIAL };

static enum place place_of(const struct page *p, const struct piece *piece, struct str *name)
{
    struct str inside = str_trim(piece->inside);
    bool output = piece->kind == PIECE_OUTPUT && !p->in_content;
    bool include = piece->kind == PIECE_TAG && str_eq(piece->name, STR("include"));
    if (output && str_eq(inside, STR("content")))
        return PLACE_CONTENT;
    if (output && str_eq(inside, STR("preheader")))
        return PLACE_PREHEADER;
    return include && is_constant(inside, name) ? PLACE_PARTIAL : PLACE_NONE;
}

static int put_piece(struct page *p, const struct piece *piece, unsigned depth)
{
    struct str name;
    switch (place_of(p, piece, &name)) {
    case PLACE_CONTENT:
        return put_content(p, depth);
    case PLACE_PREHEADER:
        buf_add_str(p->out, p->layout->preheader);
        return 0;
    case PLACE_PARTIAL:
        return put_partial(p, name, depth);
    default:
        buf_add_str(p->out, piece->whole);
        return 0;
    }
}

static bool is_replaced(const struct page *p, const struct piece *piece)
{
    struct str name;
    return place_of(p, piece, &name) != PLACE_NONE;
}

/* The dashes of tags that are replaced here; those of others do it when they are compiled. */
static void trim(struct page *p, const struct piece *before, struct piece *piece, size_t from)
{
    if (piece->kind == PIECE_TEXT && before->trim_after && is_replaced(p, before))
        piece->whole = space_skip(piece->whole);
    while (piece->trim_before && is_replaced(p, piece) && p->out->len > from &&
           byte_is_space(p->out->at[p->out->len - 1]))
        buf_cut(p->out, p->out->len - 1);
}

static int put(struct page *p, struct str source, unsigned depth)
{
    struct lexer lexer = {.source = source};
    struct piece piece, before = {.kind = PIECE_TEXT};
    size_t from = p->out->len;
    for (; lexer_next_whole(&lexer, &piece); before = piece) {
        trim(p, &before, &piece, from);
        if (put_piece(p, &piece, depth) != 0)
            return -1;
        if (p->out->len > TEMPLATE_SOURCE_MAX)
            return err_set(p->err, "The message is longer than %d KiB with its layout.",
                           TEMPLATE_SOURCE_MAX / 1024);
    }
    return 0;
}

int layout_apply(const struct layout *layout, struct buf *out, struct err *err)
{
    struct page p = {.layout = layout, .out = out, .err = err};
    struct str source = layout->source.len ? layout->source : STR("{{ content }}");
    if (put(&p, source, 0) != 0)
        return -1;
    if (p.contents != 1)
        return err_set(err,
                       "{{ content }}, the place for the message, must stand in it once; it "
                       "stands there %u times.",
                       p.contents);
    return 0;
}
