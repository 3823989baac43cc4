#include "http/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"

/* Feeds `bytes` in steps of `step`; the content, or NULL at == NULL if it is broken. */
static int feed(struct http_body *body, struct str bytes, size_t step, struct buf *content,
                size_t *left)
{
    while (bytes.len) {
        struct str rest = {bytes.at, bytes.len < step ? bytes.len : step}, piece;
        bytes = str_skip(bytes, rest.len);
        do {
            struct err err = {{0}};
            if (http_body_next(body, &rest, &piece, &err)) {
                assert_true(err.text[0] != '\0');
                return -1;
            }
            buf_add_str(content, piece);
        } while (piece.len);
        if (http_body_done(body)) {
            *left = rest.len + bytes.len;
            return 0;
        }
    }
    return 0;
}

static void chunks_however_they_come(void **state)
{
    (void)state;
    struct http_head head = {.chunked = true};
    struct str bytes = STR("4\r\nWiki\r\n00A;x=\"y\"\r\n0123456789\r\n1 \r\n!\r\n0\r\n\r\nNEXT");
    for (size_t step = 1; step <= bytes.len; step++) {
        struct http_body body;
        struct buf content = BUF_INIT;
        size_t left = 0;
        http_body_init(&body, &head, false);
        assert_int_equal(feed(&body, bytes, step, &content, &left), 0);
        assert_true(http_body_done(&body));
        assert_string_equal(content.at, "Wiki0123456789!");
        assert_int_equal(left, 4);
        buf_release(&content);
    }
}

static void a_length(void **state)
{
    (void)state;
    struct http_head head = {.has_length = true, .length = 5};
    struct http_body body;
    struct buf content = BUF_INIT;
    size_t left = 0;
    http_body_init(&body, &head, false);
    assert_int_equal(feed(&body, STR("helloNEXT"), 3, &content, &left), 0);
    assert_true(http_body_done(&body));
    assert_string_equal(content.at, "hello");
    assert_int_equal(left, 4);
    buf_release(&content);
}

static void without_a_body(void **state)
{
    (void)state;
    struct http_head none = {0}, zero = {.has_length = true};
    struct http_body body;
    http_body_init(&body, &none, false);
    assert_true(http_body_done(&body));
    http_body_init(&body, &zero, true);
    assert_true(http_body_done(&body));
    http_body_init(&body, &none, true);
    assert_false(http_body_done(&body));
}

static void broken_chunks(void **state)
{
    (void)state;
    static const char *const broken[] = {"4\nWiki\r\n0\r\n\r\n",
                                         "4\r\nWiki\n0\r\n\r\n",
                                         "4\r\nWikiX\r\n",
                                         "\r\n",
                                         "x\r\n",
                                         "-1\r\n",
                                         "0x4\r\n",
                                         "4\rWiki",
                                         ";a=b\r\n",
                                         " 4\r\n",
                                         "1000000000000000\r\n",
                                         "0\r\nTrailer: 1\r\n",
                                         "0\r\n\n",
                                         "4;\n",
                                         "4;\x01\r\n",
                                         "fffffffffffffffffff\r\n"};
    struct http_head head = {.chunked = true};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct http_body body;
        struct buf content = BUF_INIT;
        size_t left;
        http_body_init(&body, &head, false);
        assert_int_equal(feed(&body, str_of(broken[i]), 100, &content, &left), -1);
        buf_release(&content);
    }
}

static void an_endless_extension(void **state)
{
    (void)state;
    struct http_head head = {.chunked = true};
    struct http_body body;
    struct str open = STR("1;"), more = STR("aaaaaaaaaaaaaaaa"), piece;
    http_body_init(&body, &head, false);
    assert_int_equal(http_body_next(&body, &open, &piece, NULL), 0);
    int rc = 0;
    for (int i = 0; i < 100 && rc == 0; i++) {
        struct str again = more;
        rc = http_body_next(&body, &again, &piece, NULL);
    }
    assert_int_equal(rc, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_however_they_come), cmocka_unit_test(a_length),
        cmocka_unit_test(without_a_body),           cmocka_unit_test(broken_chunks),
        cmocka_unit_test(an_endless_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
