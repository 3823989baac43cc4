#include "mail/mime.h"

#include <assert.h>

#include "mail/encode.h"

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

bool mime_boundary_valid(struct str boundary)
{
    if (boundary.len == 0 || boundary.len > MIME_BOUNDARY_MAX)
        return false;
    for (size_t i = 0; i < boundary.len; i++)
        if (!is_boundary_character(boundary.at[i]))
            return false;
    return true;
}

static void add_fields(struct buf *out, const char *type, enum mail_encoding encoding)
{
    buf_add_text(out, "Content-Type: ");
    buf_add_text(out, type);
    buf_add_text(out, "; charset=utf-8\r\nContent-Transfer-Encoding: ");
    buf_add_text(out, encode_name(encoding));
    buf_add_text(out, "\r\n");
}

static void add_delimiter(struct buf *body, struct str boundary)
{
    buf_add_text(body, "--");
    buf_add_str(body, boundary);
}

/* Returns -1 if the boundary occurs in the part once it is encoded. */
static int add_part(struct buf *body, struct str boundary, const char *type, struct str text)
{
    enum mail_encoding encoding = encode_choose(text);
    add_delimiter(body, boundary);
    buf_add_text(body, "\r\n");
    add_fields(body, type, encoding);
    buf_add_text(body, "\r\n");
    size_t start = body->len;
    encode_text(body, text, encoding);
    if (memmem(body->at + start, body->len - start, boundary.at, boundary.len))
        return -1;
    /* This line end belongs to the delimiter that follows (RFC 2046 §5.1.1). */
    buf_add_text(body, "\r\n");
    return 0;
}

int mime_alternative(struct buf *headers, struct buf *body, struct str boundary, struct str text,
                     struct str html)
{
    size_t start = body->len;
    assert(mime_boundary_valid(boundary));
    if (add_part(body, boundary, "text/plain", text) ||
        add_part(body, boundary, "text/html", html)) {
        buf_cut(body, start);
        return -1;
    }
    add_delimiter(body, boundary);
    buf_add_text(body, "--\r\n");
    buf_add_text(headers, "Content-Type: multipart/alternative;\r\n boundary=\"");
    buf_add_str(headers, boundary);
    buf_add_text(headers, "\"\r\n");
    return 0;
}

void mime_single(struct buf *headers, struct buf *body, const char *type, struct str text)
{
    enum mail_encoding encoding = encode_choose(text);
    add_fields(headers, type, encoding);
    encode_text(body, text, encoding);
    if (!str_ends(buf_str(body), STR("\r\n")))
        buf_add_text(body, "\r\n");
}
