#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "unit/http/house.h"

#define CLOSE "Host: a\r\nConnection: close\r\n"

static struct house house;

static int open_house(void **state)
{
    (void)state;
    house_open(&house);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

/* Says the bytes, and expects an answer that has both texts in it. */
static void expect(struct str bytes, const char *start, const char *text)
{
    struct buf answer = dialogue(&house, bytes);
    if (strncmp(answer.at, start, strlen(start)) != 0 || !strstr(answer.at, text))
        print_message("%s\n-- to --\n%.*s\n", answer.at, STR_ARG(bytes));
    assert_int_equal(strncmp(answer.at, start, strlen(start)), 0);
    assert_non_null(strstr(answer.at, text));
    buf_release(&answer);
}

/* -- Plain use. */

static void a_whole_answer(void **state)
{
    (void)state;
    struct buf answer = dialogue(&house, STR("GET /hello HTTP/1.1\r\n" CLOSE "\r\n"));
    assert_non_null(strstr(answer.at, "HTTP/1.1 200 OK\r\nDate: "));
    assert_non_null(strstr(answer.at, "\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"));
    assert_non_null(strstr(answer.at, "\r\nConnection: close\r\n\r\nhello\n"));
    buf_release(&answer);
}

static void head_has_no_content(void **state)
{
    (void)state;
    struct buf answer = dialogue(&house, STR("HEAD /hello HTTP/1.1\r\n" CLOSE "\r\n"));
    assert_non_null(strstr(answer.at, "Content-Length: 6\r\n"));
    assert_null(strstr(answer.at, "hello"));
    buf_release(&answer);
}

static void bodies_are_gathered(void **state)
{
    (void)state;
    expect(STR("POST /echo/a%20b HTTP/1.1\r\n" CLOSE "Content-Length: 5\r\n\r\nworld"),
           "HTTP/1.1 200 OK\r\n", "X-Id: a b\r\nConnection: close\r\n\r\nworld");
    expect(STR("POST /echo/1 HTTP/1.1\r\n" CLOSE
               "Transfer-Encoding: chunked\r\n\r\n2\r\nwo\r\n3\r\nrld\r\n0\r\n\r\n"),
           "HTTP/1.1 200 OK\r\n", "\r\n\r\nworld");
}

static void what_comes_byte_by_byte(void **state)
{
    (void)state;
    struct str bytes = STR("POST /echo/1 HTTP/1.1\r\n" CLOSE
                           "Transfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n");
    struct buf answer = BUF_INIT;
    int fd = knock(&house);
    for (size_t i = 0; i < bytes.len; i++)
        say(fd, str_from(bytes.at + i, 1));
    hear(fd, &answer);
    close(fd);
    assert_non_null(strstr(answer.at, "\r\n\r\nworld"));
    buf_release(&answer);
}

/* Many requests in one write; the slow one in the middle does not change the order. */
static void pipelining_keeps_the_order(void **state)
{
    (void)state;
    struct buf answer =
        dialogue(&house, STR("POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                             "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
                             "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                             "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
                             "POST /echo/2 HTTP/1.1\r\n" CLOSE "Content-Length: 3\r\n\r\ntwo"));
    const char *one = strstr(answer.at, "\r\n\r\none"), *late = strstr(answer.at, "late\n");
    const char *nowhere = strstr(answer.at, "nothing at /nowhere");
    const char *two = strstr(answer.at, "\r\n\r\ntwo");
    assert_true(one && late && nowhere && two);
    assert_true(one < late && late < nowhere && nowhere < two);
    assert_int_equal(count(answer.at, "HTTP/1.1 "), 5);
    buf_release(&answer);
}

static void a_thousand_requests_in_one_connection(void **state)
{
    (void)state;
    struct buf many = BUF_INIT;
    for (int i = 0; i < 999; i++)
        buf_add_text(&many, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    buf_add_text(&many, "GET /hello HTTP/1.1\r\n" CLOSE "\r\n");
    struct buf answer = dialogue(&house, buf_str(&many));
    assert_int_equal(count(answer.at, "\r\n\r\nhello\n"), 1000);
    buf_release(&many);
    buf_release(&answer);
}

static void expectations_are_met(void **state)
{
    (void)state;
    struct buf answer = BUF_INIT;
    int fd = knock(&house);
    say(fd,
        STR("POST /echo/1 HTTP/1.1\r\n" CLOSE "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
    hear_until(fd, &answer, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, STR("world"));
    hear(fd, &answer);
    close(fd);
    assert_non_null(strstr(answer.at, "\r\n\r\nworld"));
    buf_release(&answer);
    expect(STR("POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n"
               "Expect: 100-continue\r\n\r\n"),
           "HTTP/1.1 413 ", "more than 100000 bytes");
}

static void old_clients(void **state)
{
    (void)state;
    expect(STR("GET /hello HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK\r\n", "Connection: close\r\n");
    struct buf answer = dialogue(&house, STR("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                                             "GET /hello HTTP/1.0\r\n\r\n"));
    assert_int_equal(count(answer.at, "\r\n\r\nhello\n"), 2);
    assert_int_equal(count(answer.at, "Connection: keep-alive\r\n"), 1);
    buf_release(&answer);
    answer = dialogue(&house, STR("GET /download HTTP/1.0\r\n\r\n"));
    assert_null(strstr(answer.at, "chunked"));
    assert_true(answer.len > (size_t)DOWNLOAD_PIECES * DOWNLOAD_PIECE);
    buf_release(&answer);
}

/* -- Refusals. */

static void unknown_routes(void **state)
{
    (void)state;
    expect(STR("GET /%22x HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 404 ",
           "{\"error\": \"There is nothing at /%22x.\"}");
    expect(STR("DELETE /hello HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 405 ", "Allow: GET\r\n");
}

static void malformed_requests(void **state)
{
    (void)state;
    expect(STR("GET /hello HTTP/1.1\nHost: a\n\n"), "HTTP/1.1 400 ", "without CR");
    expect(STR("GET /hello HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 ", "Host");
    expect(STR("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 400 ", "no path");
    expect(STR("\x16\x03\x01\x02\x00\x01"), "HTTP/1.1 400 ", "control character");
    expect(STR("POST /echo/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
           "HTTP/1.1 400 ", "hexadecimal");
}

/* What follows a refused request is never served: it may have been smuggled. */
static void nothing_is_served_behind_a_refusal(void **state)
{
    (void)state;
    int before = house.handled;
    struct buf answer =
        dialogue(&house, STR("POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\n"
                             "Host: a\r\n\r\n"));
    assert_int_equal(count(answer.at, "HTTP/1.1 "), 1);
    assert_int_equal(house.handled, before);
    buf_release(&answer);
}

static void too_much(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT;
    buf_add_text(&bytes, "GET /");
    while (bytes.len < 20000)
        buf_add_byte(&bytes, 'a');
    expect(buf_str(&bytes), "HTTP/1.1 431 ", "16384 bytes");
    buf_reset(&bytes);
    buf_add_text(&bytes, "POST /echo/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100001; i++)
        buf_add_text(&bytes, "1\r\nx\r\n");
    expect(buf_str(&bytes), "HTTP/1.1 413 ", "more than 100000 bytes");
    buf_release(&bytes);
}

/* -- Silence. */

static void slow_heads_and_bodies(void **state)
{
    (void)state;
    expect(STR("GET /hello HTT"), "HTTP/1.1 408 ", "in time");
    expect(STR("POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nwor"), "HTTP/1.1 408 ",
           "in time");
    expect(STR("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nwor"), "HTTP/1.1 408 ",
           "in time");
}

/* A byte now and then keeps no connection: a body that is gathered has its time in all. */
static void a_body_that_trickles(void **state)
{
    (void)state;
    char answer[13] = "";
    int fd = knock(&house);
    say(fd, STR("POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n"));
    for (int i = 0; i < 12; i++) {
        say(fd, STR("w"));
        usleep(50 * 1000);
    }
    recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
    close(fd);
    assert_string_equal(answer, "HTTP/1.1 408");
}

static void idle_connections_end(void **state)
{
    (void)state;
    struct buf answer = dialogue(&house, STR(""));
    assert_int_equal(answer.len, 0);
    buf_release(&answer);
    expect(STR("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 ", "hello");
}

/* Who asks and does not read is cut off, however much there is to say. */
static void who_does_not_read_is_cut_off(void **state)
{
    (void)state;
    int before = house.gone, fd = knock(&house);
    say(fd, STR("GET /download HTTP/1.1\r\nHost: a\r\n\r\n"));
    await(&house.gone, before + 1);
    close(fd);
}

/* -- Streams. */

static void a_download_in_chunks(void **state)
{
    (void)state;
    struct buf answer = dialogue(&house, STR("GET /download HTTP/1.1\r\n" CLOSE "\r\n"));
    size_t frame = strlen("10000\r\n\r\n");
    assert_non_null(strstr(answer.at, "Transfer-Encoding: chunked\r\n"));
    assert_true(answer.len > DOWNLOAD_PIECES * (DOWNLOAD_PIECE + frame));
    assert_string_equal(answer.at + answer.len - 7, "\r\n0\r\n\r\n");
    buf_release(&answer);
}

static void an_upload_with_rests(void **state)
{
    (void)state;
    enum { BLOCKS = 100, BLOCK = 65536 };
    static char block[BLOCK];
    struct buf answer = BUF_INIT;
    int fd = knock(&house);
    house.streamed = 0;
    say(fd, STR("POST /upload HTTP/1.1\r\n" CLOSE "Content-Length: 6553600\r\n\r\n"));
    for (int i = 0; i < BLOCKS; i++)
        say(fd, str_from(block, BLOCK));
    hear(fd, &answer);
    close(fd);
    assert_non_null(strstr(answer.at, "6553600 bytes"));
    buf_release(&answer);
}

/* A refusal in the middle of an upload reaches the client, which is still sending. */
static void an_upload_that_is_refused(void **state)
{
    (void)state;
    static char block[65536];
    struct buf answer = BUF_INIT;
    int fd = knock(&house);
    say(fd, STR("POST /picky HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
    for (int i = 0; i < 10; i++)
        say(fd, str_from(block, sizeof(block)));
    shutdown(fd, SHUT_WR);
    hear(fd, &answer);
    close(fd);
    assert_non_null(strstr(answer.at, "HTTP/1.1 422 "));
    assert_non_null(strstr(answer.at, "Row 1 has no \\\"email\\\"."));
    buf_release(&answer);
}

static void a_broken_answer_is_seen_as_broken(void **state)
{
    (void)state;
    struct buf answer = dialogue(&house, STR("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_null(strstr(answer.at, "0\r\n\r\n"));
    buf_release(&answer);
}

/* -- Peers that vanish. */

static void vanish_after(struct str bytes, const char *until)
{
    struct buf answer = BUF_INIT;
    int before = house.gone, fd = knock(&house);
    say(fd, bytes);
    hear_until(fd, &answer, until);
    close(fd);
    await(&house.gone, before + 1);
    buf_release(&answer);
}

static void handlers_are_told(void **state)
{
    (void)state;
    vanish_after(STR("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n"), "tick");
    vanish_after(STR("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"), "");
    vanish_after(STR("GET /download HTTP/1.1\r\nHost: a\r\n\r\n"), "x");
    vanish_after(STR("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"), "");
    usleep(60000); /* the late answer to nobody */
}

static void nobody_is_told_of_half_a_request(void **state)
{
    (void)state;
    int before = house.gone, fd = knock(&house);
    say(fd, STR("POST /echo/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
    close(fd);
    usleep(50000);
    assert_int_equal(house.gone, before);
}

/* -- Many, and the end. */

static void more_connections_than_allowed(void **state)
{
    (void)state;
    char byte;
    int fds[8];
    struct buf answer = BUF_INIT;
    for (int i = 0; i < 8; i++) {
        fds[i] = knock(&house);
        say(fds[i], STR("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n"));
        hear_until(fds[i], &answer, "tick");
        buf_reset(&answer);
    }
    int fd = knock(&house);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    int before = house.gone;
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    await(&house.gone, before + 8);
    buf_release(&answer);
    expect(STR("GET /hello HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 200 ", "hello");
}

/* A server that closes finishes what it has promised, and cuts off what never ends. */
static void closing_finishes_what_is_asked(void **state)
{
    (void)state;
    struct house own;
    struct buf late = BUF_INIT, tick = BUF_INIT;
    house_open(&own);
    int idle = knock(&own), later = knock(&own), watch = knock(&own);
    say(watch, STR("GET /watch HTTP/1.1\r\nHost: a\r\n\r\n"));
    hear_until(watch, &tick, "tick");
    say(later, STR("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"));
    usleep(20000);
    house_close(&own);
    hear(later, &late);
    assert_non_null(strstr(late.at, "late\n"));
    assert_non_null(strstr(late.at, "HTTP/1.1 200 OK"));
    assert_int_equal(own.gone, 1);
    buf_release(&late);
    buf_release(&tick);
    close(idle);
    close(later);
    close(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer),
        cmocka_unit_test(head_has_no_content),
        cmocka_unit_test(bodies_are_gathered),
        cmocka_unit_test(what_comes_byte_by_byte),
        cmocka_unit_test(pipelining_keeps_the_order),
        cmocka_unit_test(a_thousand_requests_in_one_connection),
        cmocka_unit_test(expectations_are_met),
        cmocka_unit_test(old_clients),
        cmocka_unit_test(unknown_routes),
        cmocka_unit_test(malformed_requests),
        cmocka_unit_test(nothing_is_served_behind_a_refusal),
        cmocka_unit_test(too_much),
        cmocka_unit_test(slow_heads_and_bodies),
        cmocka_unit_test(a_body_that_trickles),
        cmocka_unit_test(idle_connections_end),
        cmocka_unit_test(who_does_not_read_is_cut_off),
        cmocka_unit_test(a_download_in_chunks),
        cmocka_unit_test(an_upload_with_rests),
        cmocka_unit_test(an_upload_that_is_refused),
        cmocka_unit_test(a_broken_answer_is_seen_as_broken),
        cmocka_unit_test(handlers_are_told),
        cmocka_unit_test(nobody_is_told_of_half_a_request),
        cmocka_unit_test(more_connections_than_allowed),
        cmocka_unit_test(closing_finishes_what_is_asked),
    };
    return cmocka_run_group_tests(tests, open_house, close_house);
}
