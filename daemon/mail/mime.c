#include "mail/mime.h"

#include <assert.h>

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
    if (!str_starts(boundary, STR("=_")) || boundary.len > MIME_BOUNDARY_MAX)
        return false;
    for (size_t i = 0; i < boundary.len; i++)
        if (!is_boundary_character(boundary.at[i]))
            return false;
    return true;
}

void mime_field(struct buf *headers, struct str boundary)
{
    assert(mime_boundary_valid(boundary));
    buf_add_text(headers, "Content-Type: multipart/alternative;\r\n boundary=\"");
    buf_add_str(headers, boundary);
    buf_add_text(headers, "\"\r\n");
}

/* The first line end belongs to the delimiter (RFC 2046 §5.1.1). */
void mime_part(struct buf *body, struct str boundary, bool first, const char *type,
               enum mail_encoding encoding)
{
    buf_add_text(body, first ? "--" : "\r\n--");
    buf_add_str(body, boundary);
    buf_add_text(body, "\r\nContent-Type: ");
    buf_add_text(body, type);
    buf_add_text(body, "; charset=utf-8\r\nContent-Transfer-Encoding: ");
    buf_add_text(body, encode_name(encoding));
    buf_add_text(body, "\r\n\r\n");
}

void mime_end(struct buf *body, struct str boundary)
{
    buf_add_text(body, "\r\n--");
    buf_add_str(body, boundary);
    buf_add_text(body, "--\r\n");
}
