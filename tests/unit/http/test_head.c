#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"

/* The status that a request's head is refused with; 0 if it is good. */
static int judge(struct str bytes, struct http_head *head)
{
    struct err err = {{0}};
    ssize_t len = http_head_length(bytes, 0, &err);
    if (len < 0)
        assert_true(err.text[0] != '\0');
    if (len <= 0)
        return (int)-len;
    int status = http_head_parse_request(str_from(bytes.at, (size_t)len), head, &err);
    assert_int_equal(status != 0, err.text[0] != '\0');
    return status;
}

static void a_good_head(void **state)
{
    (void)state;
    struct http_head head;
    struct str bytes = STR("POST /jobs?x=1 HTTP/1.1\r\nHost: tocsin\r\nContent-Length: 5\r\n"
                           "X-Empty:\r\nX-Spaces: \t a b \t \r\n\r\nhello");
    assert_int_equal(judge(bytes, &head), 0);
    assert_true(str_eq(head.method, STR("POST")));
    assert_true(str_eq(head.target, STR("/jobs?x=1")));
    assert_int_equal(head.minor, 1);
    assert_true(head.keep_alive);
    assert_true(head.has_length);
    assert_false(head.chunked);
    assert_int_equal(head.length, 5);
    assert_int_equal(head.headers_len, 4);
    assert_true(str_eq(http_head_find(&head, STR("host")), STR("tocsin")));
    assert_true(str_eq(http_head_find(&head, STR("x-spaces")), STR("a b")));
    assert_non_null(http_head_find(&head, STR("x-empty")).at);
    assert_int_equal(http_head_find(&head, STR("x-empty")).len, 0);
    assert_null(http_head_find(&head, STR("x-none")).at);
}

static void the_end_is_found_however_the_bytes_come(void **state)
{
    (void)state;
    struct str bytes = STR("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET");
    size_t end = bytes.len - 3, looked = 0;
    for (size_t n = 0; n < end; n++) {
        assert_int_equal(http_head_length(str_from(bytes.at, n), looked, NULL), 0);
        looked = n;
    }
    assert_int_equal(http_head_length(bytes, looked, NULL), end);
    assert_int_equal(http_head_length(bytes, 0, NULL), end);
}

static void keeping_alive(void **state)
{
    (void)state;
    struct http_head head;
    assert_int_equal(judge(STR("GET / HTTP/1.0\r\n\r\n"), &head), 0);
    assert_false(head.keep_alive);
    assert_int_equal(judge(STR("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), &head), 0);
    assert_true(head.keep_alive);
    assert_int_equal(judge(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), &head),
                     0);
    assert_false(head.keep_alive);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *bytes;
    } cases[] = {
        {400, "GET / HTTP/1.1\nHost: a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\n\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\n\tX: 1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nX(y): 1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
        {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
        {501, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
        {400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {505, "GET /\r\n\r\n"},
        {400, "\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
        {400,
         "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {400,
         "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"},
        {400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n"},
        {501, "FROBNICATE / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {501, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_head head;
        int status = judge(str_of(cases[i].bytes), &head);
        if (status != cases[i].status)
            print_message("%s\n", cases[i].bytes);
        assert_int_equal(status, cases[i].status);
    }
}

/* llhttp refuses some of these itself: what matters is that none passes. */
static void foreign_codings_and_versions(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        "GET / HTTP/0.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "GET / FTTP/1.1\r\nHost: a\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct http_head head;
        assert_true(judge(str_of(heads[i]), &head) >= 400);
    }
}

static void limits(void **state)
{
    (void)state;
    struct http_head head;
    struct buf text = BUF_INIT;
    buf_add_text(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < HTTP_HEADERS_MAX; i++)
        buf_add_text(&text, "X: 1\r\n");
    buf_add_text(&text, "\r\n");
    assert_int_equal(judge(buf_str(&text), &head), 0);
    buf_cut(&text, text.len - 2);
    buf_add_text(&text, "X: 1\r\n\r\n");
    assert_int_equal(judge(buf_str(&text), &head), 431);
    buf_reset(&text);
    buf_add_text(&text, "GET /");
    for (int i = 1; i < HTTP_URL_MAX; i++)
        buf_add_byte(&text, 'x');
    size_t url_end = text.len;
    buf_add_text(&text, " HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(judge(buf_str(&text), &head), 0);
    buf_cut(&text, url_end);
    buf_add_text(&text, "x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(judge(buf_str(&text), &head), 414);
    buf_reset(&text);
    while (text.len <= HTTP_HEAD_MAX)
        buf_add_byte(&text, 'x');
    assert_int_equal(judge(buf_str(&text), &head), 431);
    buf_release(&text);
}

static void responses(void **state)
{
    (void)state;
    struct http_head head;
    assert_int_equal(
        http_head_parse_response(STR("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\n"),
                                 &head, NULL),
        0);
    assert_int_equal(head.status, 413);
    assert_int_equal(head.length, 2);
    assert_int_equal(http_head_parse_response(STR("SSH-2.0-OpenSSH\r\n\r\n"), &head, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_head),
        cmocka_unit_test(the_end_is_found_however_the_bytes_come),
        cmocka_unit_test(keeping_alive),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(foreign_codings_and_versions),
        cmocka_unit_test(limits),
        cmocka_unit_test(responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
