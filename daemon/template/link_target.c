#include "template/link_target.h"

#include "template/html_tag.h"
#include "template/html_view.h"
#include "template/link_fault.h"
#include "template/space.h"
#include "template/utf8.h"

struct reader {
    char *text, *shape;
    size_t text_len, shape_len;
    size_t open; /* blocks */
    bool has_liquid;
    bool torn;   /* a block ends, or is divided, that began outside */
    bool forged; /* a reference that stands for a brace */
};

/* What would look like Liquid once it is decoded. */
static bool forges_liquid(const struct reader *r, int32_t point)
{
    return point == '{' || (point == '%' && r->text_len && r->text[r->text_len - 1] == '{');
}

static void add_text(struct reader *r, struct str s)
{
    for (size_t len; s.len; s = str_skip(s, len)) {
        int32_t point;
        char bytes[4] = {s.at[0]};
        size_t n = 1;
        len = html_attribute_reference(s, &point);
        if (len) {
            r->forged |= forges_liquid(r, point);
            n = utf8_encode(point, bytes);
        } else {
            len = 1;
        }
        /* No reference is shorter than what it stands for. */
        memcpy(r->text + r->text_len, bytes, n);
        memcpy(r->shape + r->shape_len, bytes, n);
        r->text_len += n;
        r->shape_len += n;
    }
}

static void add_liquid(struct reader *r, const struct piece *p)
{
    enum piece_role role = piece_role(p);
    memcpy(r->text + r->text_len, p->whole.at, p->whole.len);
    r->text_len += p->whole.len;
    r->shape[r->shape_len++] = LINK_SHAPE_LIQUID;
    r->has_liquid = true;
    r->torn |= r->open == 0 && (role == ROLE_MIDDLE || role == ROLE_CLOSE);
    r->open += role == ROLE_OPEN;
    r->open -= role == ROLE_CLOSE && r->open;
}

/* Spaces that a dash drops are in the text, but not in the shape. */
static void read_pieces(struct reader *r, struct str value)
{
    struct lexer lexer = {.source = value};
    struct piece p;
    size_t start = 0;
    for (bool trim = false; lexer_next_whole(&lexer, &p); trim = piece_trims_after(&p)) {
        if (p.kind != PIECE_TEXT) {
            while (piece_trims_before(&p) && r->shape_len > start &&
                   byte_is_space(r->shape[r->shape_len - 1]))
                r->shape_len--;
            add_liquid(r, &p);
            start = r->shape_len;
            continue;
        }
        add_text(r, p.whole);
        struct str added = {r->shape + start, r->shape_len - start};
        struct str kept = trim ? space_skip(added) : added;
        memmove(r->shape + start, kept.at, kept.len);
        r->shape_len = start + kept.len;
    }
}

static void read_value(struct reader *r, struct str value, struct arena *memory)
{
    *r = (struct reader){.text = arena_alloc(memory, value.len + 1),
                         .shape = arena_alloc(memory, value.len + 1)};
    read_pieces(r, value);
}

struct str link_value_decode(struct str value, struct arena *memory)
{
    struct reader r;
    read_value(&r, value, memory);
    return (struct str){r.text, r.text_len};
}

void link_target_read(struct link_target *t, struct str value, struct arena *memory)
{
    struct reader r;
    read_value(&r, value, memory);
    *t = (struct link_target){.text = space_cut(space_skip((struct str){r.text, r.text_len})),
                              .has_liquid = r.has_liquid,
                              .is_torn = r.torn || r.open};
    struct link_shape shape = {
        .text = space_cut(space_skip((struct str){r.shape, r.shape_len})),
        .too_long = t->text.len > LINK_TARGET_MAX,
        .forged = r.forged,
    };
    t->fault = link_fault(&shape, t->text, memory);
    t->is_web = !t->fault && !t->is_torn && link_shape_is_web(shape.text);
}
