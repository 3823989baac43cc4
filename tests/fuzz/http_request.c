/*
 * Requests from strangers: head and body, fed whole and byte by byte. The same bytes must give the
 * same request, the same content and the same refusal however they are cut, and what is accepted
 * must keep the rules that smuggling breaks.
 */
#include <assert.h>

#include "base/buf.h"
#include "http/body.h"
#include "http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    size_t head_len;
    int status; /* of a refusal */
    struct http_head head;
    struct buf content;
    bool broken, done;
    size_t left;
};

static bool is_inside(struct str view, struct str whole)
{
    return view.len == 0 || (view.at >= whole.at && view.at + view.len <= whole.at + whole.len);
}

static size_t count(const struct http_head *head, struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < head->headers_len; i++)
        n += str_eq_nocase(head->headers[i].name, name);
    return n;
}

static void check_head(const struct http_head *head, struct str bytes)
{
    size_t lengths = count(head, STR("Content-Length"));
    size_t codings = count(head, STR("Transfer-Encoding"));
    assert(lengths + codings <= 1);
    assert(head->has_length == (lengths == 1) && head->chunked == (codings == 1));
    assert(head->minor <= 1 && (head->minor == 0 || count(head, STR("Host")) == 1));
    assert(head->headers_len <= HTTP_HEADERS_MAX && head->target.len <= HTTP_URL_MAX);
    assert(is_inside(head->method, bytes) && is_inside(head->target, bytes));
    assert(head->method.len && head->target.len);
    for (size_t i = 0; i < head->headers_len; i++) {
        struct str value = head->headers[i].value;
        assert(head->headers[i].name.len && is_inside(head->headers[i].name, bytes));
        assert(value.len == 0 || is_inside(value, bytes));
        assert(!str_find(value, '\r') && !str_find(value, '\n') && !str_find(value, '\0'));
    }
}

static void find_head(struct outcome *outcome, struct str bytes, size_t step)
{
    struct err err = {{0}};
    size_t looked = 0;
    ssize_t len = 0;
    for (size_t n = step < bytes.len ? step : bytes.len; len == 0; n += step) {
        if (n > bytes.len)
            n = bytes.len;
        len = http_head_length(str_from(bytes.at, n), looked, &err);
        looked = n;
        if (n == bytes.len)
            break;
    }
    assert(len <= HTTP_HEAD_MAX && (len >= 0 || err.text[0]));
    outcome->head_len = len > 0 ? (size_t)len : 0;
    outcome->status = len < 0 ? (int)-len : 0;
}

static void read_body(struct outcome *outcome, struct str bytes, size_t step)
{
    struct http_body body;
    http_body_init(&body, &outcome->head, false);
    while (bytes.len && !outcome->broken && !http_body_done(&body)) {
        struct str rest = {bytes.at, bytes.len < step ? bytes.len : step}, piece;
        size_t given = rest.len;
        outcome->broken = http_body_next(&body, &rest, &piece, NULL) != 0;
        buf_add_str(&outcome->content, piece);
        bytes = str_skip(bytes, given - rest.len);
    }
    outcome->done = http_body_done(&body);
    outcome->left = outcome->done ? bytes.len : 0;
}

static struct outcome feed(struct str bytes, size_t step)
{
    struct outcome outcome = {0};
    struct err err = {{0}};
    find_head(&outcome, bytes, step);
    if (outcome.head_len == 0)
        return outcome;
    struct str head = str_from(bytes.at, outcome.head_len);
    outcome.status = http_head_parse_request(head, &outcome.head, &err);
    assert((outcome.status != 0) == (err.text[0] != '\0'));
    if (outcome.status)
        return outcome;
    check_head(&outcome.head, head);
    read_body(&outcome, str_skip(bytes, outcome.head_len), step);
    assert(!outcome.head.has_length || outcome.content.len <= outcome.head.length);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_from(data, size);
    struct outcome whole = feed(bytes, size ? size : 1), single = feed(bytes, 1);
    assert(whole.head_len == single.head_len && whole.status == single.status);
    assert(whole.broken == single.broken && whole.done == single.done);
    assert(whole.left == single.left);
    assert(str_eq(buf_str(&whole.content), buf_str(&single.content)));
    buf_release(&whole.content);
    buf_release(&single.content);
    return 0;
}
