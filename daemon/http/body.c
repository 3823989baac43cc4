#include "http/body.h"

enum {
    DIGITS_MAX = 15,     /* of a chunk's size: less than 2^60 */
    EXTENSION_MAX = 256, /* bytes: nobody sends any */
};

void http_body_init(struct http_body *body, const struct http_head *head, bool to_end)
{
    *body = (struct http_body){.state = HTTP_BODY_DONE};
    if (head->chunked) {
        body->state = HTTP_BODY_SIZE;
    } else if (head->has_length) {
        body->left = head->length;
        if (body->left)
            body->state = HTTP_BODY_LENGTH;
    } else if (to_end) {
        body->state = HTTP_BODY_TO_END;
    }
}

/*
 * chunked-body = *chunk "0" *"0" [ ext ] CRLF CRLF    (RFC 9112 §7.1, without trailers)
 * chunk        = 1*HEXDIG [ ext ] CRLF data CRLF
 */
static int hear_size(struct http_body *body, char c, struct err *err)
{
    int value = str_hex_value(c);
    if (value >= 0 && body->digits < DIGITS_MAX) {
        body->left = body->left << 4 | (unsigned)value;
        body->digits++;
        return 0;
    }
    if (value >= 0 || body->digits == 0 || (c != '\r' && c != ';' && c != ' ' && c != '\t'))
        return err_set(err, "The size of a chunk is no hexadecimal number.");
    body->digits = 0;
    body->state = c == '\r' ? HTTP_BODY_SIZE_LF : HTTP_BODY_EXTENSION;
    return 0;
}

static int hear_extension(struct http_body *body, char c, struct err *err)
{
    bool control = ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
    if (c == '\r')
        body->state = HTTP_BODY_SIZE_LF;
    else if (control || ++body->digits > EXTENSION_MAX)
        return err_set(err, "A chunk's extension is too long or holds control characters.");
    return 0;
}

static int hear_expected(struct http_body *body, char c, char expected, enum http_body_state next,
                         struct err *err)
{
    if (c != expected)
        return err_set(err, "A chunk does not end where its size says, or trailers follow the "
                            "last one.");
    body->state = next;
    return 0;
}

/* A byte of the frame around the content. */
static int hear_frame(struct http_body *body, char c, struct err *err)
{
    switch (body->state) {
    case HTTP_BODY_SIZE:
        return hear_size(body, c, err);
    case HTTP_BODY_EXTENSION:
        return hear_extension(body, c, err);
    case HTTP_BODY_SIZE_LF:
        body->digits = 0;
        return hear_expected(body, c, '\n', body->left ? HTTP_BODY_CHUNK : HTTP_BODY_LAST_CR, err);
    case HTTP_BODY_CHUNK_CR:
        return hear_expected(body, c, '\r', HTTP_BODY_CHUNK_LF, err);
    case HTTP_BODY_CHUNK_LF:
        return hear_expected(body, c, '\n', HTTP_BODY_SIZE, err);
    case HTTP_BODY_LAST_CR:
        return hear_expected(body, c, '\r', HTTP_BODY_LAST_LF, err);
    default:
        return hear_expected(body, c, '\n', HTTP_BODY_DONE, err);
    }
}

static bool is_content(const struct http_body *body)
{
    return body->state == HTTP_BODY_LENGTH || body->state == HTTP_BODY_CHUNK ||
           body->state == HTTP_BODY_TO_END;
}

static struct str take_content(struct http_body *body, struct str *rest)
{
    struct str piece = *rest;
    if (body->state != HTTP_BODY_TO_END) {
        if (piece.len > body->left)
            piece.len = (size_t)body->left;
        body->left -= piece.len;
        if (body->left == 0)
            body->state = body->state == HTTP_BODY_CHUNK ? HTTP_BODY_CHUNK_CR : HTTP_BODY_DONE;
    }
    *rest = str_skip(*rest, piece.len);
    return piece;
}

int http_body_next(struct http_body *body, struct str *rest, struct str *piece, struct err *err)
{
    *piece = (struct str){NULL, 0};
    while (rest->len && !http_body_done(body)) {
        if (is_content(body)) {
            *piece = take_content(body, rest);
            return 0;
        }
        if (hear_frame(body, rest->at[0], err))
            return -1;
        *rest = str_skip(*rest, 1);
    }
    return 0;
}
