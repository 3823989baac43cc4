#include "mail/mime.h"

#include <assert.h>

/* From the outside in; a text stands in the innermost that there is. */
enum level { MIXED, RELATED, ALTERNATIVE, NO_LEVEL };

/* All that holds a boundary, up to where the unique text follows. */
static const struct {
    const char *type;
    const char *delimiter; /* its line end belongs to it (RFC 2046 §5.1.1) */
    const char *field;
} levels[] = {
    [MIXED] = {"multipart/mixed", "\r\n--=_m", "Content-Type: multipart/mixed;\r\n boundary=\"=_m"},
    [RELATED] = {"multipart/related", "\r\n--=_r",
                 "Content-Type: multipart/related;\r\n boundary=\"=_r"},
    [ALTERNATIVE] = {"multipart/alternative", "\r\n--=_a",
                     "Content-Type: multipart/alternative;\r\n boundary=\"=_a"},
};

/*
 * RFC 2046 §5.1.1, without the space:
 *
 *     bcharsnospace = DIGIT / ALPHA / "'" / "(" / ")" / "+" / "_" / "," / "-" / "." / "/" / ":" /
 * "=" / "?"
 */
static bool is_boundary_character(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c && strchr("'()+_,-./:=?", c);
}

static bool is_boundary_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_boundary_character(text.at[i]))
            return false;
    return true;
}

bool mime_unique_valid(struct str unique)
{
    return unique.len > 0 && unique.len <= MIME_UNIQUE_MAX && is_boundary_text(unique);
}

static bool has_level(const struct mime *m, enum level level)
{
    switch (level) {
    case MIXED:
        return m->file_count > 0;
    case RELATED:
        return m->image_count > 0;
    case ALTERNATIVE:
        return m->text_count > 1;
    default:
        return true;
    }
}

/* The next level that there is, from `level` on; NO_LEVEL is a text. */
static enum level level_from(const struct mime *m, enum level level)
{
    while (!has_level(m, level))
        level++;
    return level;
}

static enum level innermost(const struct mime *m)
{
    enum level found = NO_LEVEL;
    for (enum level level = MIXED; level < NO_LEVEL; level++)
        if (has_level(m, level))
            found = level;
    return found;
}

/* Up to the end of the line, which the caller adds. */
static void add_delimiter(struct buf *body, const struct mime *m, enum level level, bool first)
{
    buf_add_text(body, levels[level].delimiter + (first ? 2 : 0));
    buf_add_str(body, m->unique);
}

static void add_close(struct buf *body, const struct mime *m, enum level level)
{
    add_delimiter(body, m, level, false);
    buf_add(body, "--", 2);
}

/* `before` is what ends the line before. */
static void add_text_fields(struct buf *out, const char *before, const struct mime_text *text)
{
    buf_add_text(out, before);
    buf_add_text(out, text->type);
    buf_add_text(out, "; charset=utf-8\r\nContent-Transfer-Encoding: ");
    buf_add_text(out, encode_name(text->encoding));
    buf_add_text(out, "\r\n");
}

/* RFC 2045 §6.4: a multipart says what the most that it holds is. The one that holds the texts and
 * is in no other says so when they are known; the others before. */
static bool says_eight_bit(const struct mime *m)
{
    if (level_from(m, MIXED) != innermost(m))
        return m->eight_bit;
    bool found = false;
    for (size_t i = 0; i < m->text_count; i++)
        found = found || m->texts[i].encoding == ENCODING_8BIT;
    return found;
}

static void add_multipart_fields(struct buf *out, const struct mime *m, enum level level)
{
    buf_add_text(out, levels[level].field);
    buf_add_str(out, m->unique);
    if (level == RELATED) { /* RFC 2387 §3.1: the type of its root */
        enum level root = level_from(m, ALTERNATIVE);
        buf_add_text(out, "\";\r\n type=\"");
        buf_add_text(out, root == NO_LEVEL ? m->texts[0].type : levels[root].type);
    }
    buf_add_text(out, says_eight_bit(m) ? "\"\r\nContent-Transfer-Encoding: 8bit\r\n" : "\"\r\n");
}

void mime_fields(const struct mime *m, struct buf *headers)
{
    enum level level = level_from(m, MIXED);
    assert(mime_unique_valid(m->unique) && m->text_count >= 1 && m->text_count <= 2);
    if (level == NO_LEVEL)
        add_text_fields(headers, "Content-Type: ", &m->texts[0]);
    else
        add_multipart_fields(headers, m, level);
}

void mime_begin(const struct mime *m, struct buf *body)
{
    enum level level = level_from(m, MIXED);
    while (level < NO_LEVEL) {
        enum level inner = level_from(m, level + 1);
        if (inner == NO_LEVEL)
            return;
        add_delimiter(body, m, level, true);
        buf_add(body, "\r\n", 2);
        add_multipart_fields(body, m, inner);
        buf_add_text(body, "\r\n");
        level = inner;
    }
}

void mime_text(const struct mime *m, size_t i, struct buf *body)
{
    enum level level = innermost(m);
    assert(i < m->text_count && (m->eight_bit || m->texts[i].encoding != ENCODING_8BIT));
    if (level == NO_LEVEL)
        return;
    add_delimiter(body, m, level, i == 0);
    add_text_fields(body, "\r\nContent-Type: ", &m->texts[i]);
    buf_add(body, "\r\n", 2);
}

static void add_attachments(struct buf *body, const struct mime *m, enum level level,
                            const struct attachment *all, size_t count)
{
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        add_delimiter(body, m, level, false);
        buf_add(body, "\r\n", 2);
        buf_add_str(body, all[i].part);
    }
    add_close(body, m, level);
}

void mime_finish(const struct mime *m, struct buf *body)
{
    if (has_level(m, ALTERNATIVE))
        add_close(body, m, ALTERNATIVE);
    add_attachments(body, m, RELATED, m->images, m->image_count);
    add_attachments(body, m, MIXED, m->files, m->file_count);
    if (innermost(m) != NO_LEVEL)
        buf_add(body, "\r\n", 2);
}
