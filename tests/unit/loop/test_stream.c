#include "loop/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "loop/address.h"
#include "loop/loop.h"
#include "unit/loop/sockets.h"

/* An owner that notes what it hears. The peer is a thread with a plain blocking socket. */
struct ear {
    struct loop loop;
    struct stream *stream;
    struct buf heard;
    int opened, drained, closed;
    enum stream_end why;
    char detail[512];
    void (*then_on_open)(struct ear *ear);
    void (*then_on_read)(struct ear *ear);
    void (*then_on_drained)(struct ear *ear);
    struct timer timer;
};

static void on_open(void *owner)
{
    struct ear *ear = owner;
    ear->opened++;
    if (ear->then_on_open)
        ear->then_on_open(ear);
}

static void on_read(void *owner, struct str bytes)
{
    struct ear *ear = owner;
    assert_true(bytes.len > 0 && bytes.len <= 65536);
    buf_add_str(&ear->heard, bytes);
    if (ear->then_on_read)
        ear->then_on_read(ear);
}

static void on_drained(void *owner)
{
    struct ear *ear = owner;
    ear->drained++;
    if (ear->then_on_drained)
        ear->then_on_drained(ear);
}

static void on_closed(void *owner, enum stream_end why, const char *detail)
{
    struct ear *ear = owner;
    ear->closed++;
    ear->why = why;
    snprintf(ear->detail, sizeof(ear->detail), "%s", detail);
    loop_stop(&ear->loop);
}

static const struct stream_events events = {
    .on_open = on_open, .on_read = on_read, .on_drained = on_drained, .on_closed = on_closed};

static void ear_init(struct ear *ear)
{
    *ear = (struct ear){0};
    assert_int_equal(loop_init(&ear->loop, "ear", NULL), 0);
}

static void ear_connect(struct ear *ear, unsigned port, uint64_t timeout_ms)
{
    struct stream_target target = {
        .addresses = {loopback(port)}, .address_count = 1, .timeout_ms = timeout_ms};
    ear->stream = stream_connect(&ear->loop, &target, &events, ear);
}

static void ear_run(struct ear *ear)
{
    loop_run(&ear->loop);
    loop_release(&ear->loop);
    assert_int_equal(ear->closed, 1);
}

struct peer {
    int fd;
    unsigned port;
    uv_thread_t thread;
    struct buf heard;
    size_t slowly; /* reads that many bytes at once, with a pause */
};

static void peer_start(struct peer *peer, void (*play)(void *peer))
{
    *peer = (struct peer){0};
    peer->fd = peer_listen(&peer->port);
    uv_thread_create(&peer->thread, play, peer);
}

static void peer_end(struct peer *peer)
{
    uv_thread_join(&peer->thread);
    close(peer->fd);
}

static void hear_to_the_end(struct peer *peer, int fd)
{
    static _Thread_local char bytes[65536];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        buf_add(&peer->heard, bytes, (size_t)n);
}

/* -- A dialogue. */

static void play_greeter(void *arg)
{
    struct peer *peer = arg;
    int fd = accept(peer->fd, NULL, NULL);
    peer_send(fd, STR("220 hello\r\n"));
    hear_to_the_end(peer, fd);
    close(fd);
}

static void say_quit(struct ear *ear)
{
    const struct str parts[] = {STR("QU"), STR("IT"), STR("\r\n")};
    assert_true(stream_write(ear->stream, parts, 3));
    stream_close(ear->stream);
    stream_close(ear->stream);
    assert_false(stream_write(ear->stream, parts, 3));
}

static void says_hears_and_closes_in_order(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_greeter);
    ear_init(&ear);
    ear.then_on_read = say_quit;
    ear_connect(&ear, peer.port, 1000);
    ear_run(&ear);
    peer_end(&peer);
    assert_int_equal(ear.opened, 1);
    assert_string_equal(ear.heard.at, "220 hello\r\n");
    assert_string_equal(peer.heard.at, "QUIT\r\n");
    assert_int_equal(ear.why, STREAM_ENDED_HERE);
    buf_release(&ear.heard);
    buf_release(&peer.heard);
}

/* Bytes written before the connection stands are sent when it does. */
static void early_words_wait(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    struct str word = STR("EARLY\r\n");
    peer_start(&peer, play_greeter);
    ear_init(&ear);
    ear.then_on_read = say_quit;
    ear_connect(&ear, peer.port, 1000);
    assert_false(stream_write(ear.stream, &word, 1));
    assert_int_equal(stream_pending(ear.stream), 7);
    ear_run(&ear);
    peer_end(&peer);
    assert_int_equal(ear.drained, 1);
    assert_string_equal(peer.heard.at, "EARLY\r\nQUIT\r\n");
    buf_release(&ear.heard);
    buf_release(&peer.heard);
}

/* -- Much at once. */

enum { MUCH = 24 * 1024 * 1024, PIECE = 1000003 };

static char *piece(void)
{
    static char bytes[PIECE];
    for (size_t i = 0; i < PIECE; i++)
        bytes[i] = (char)(i % 251);
    return bytes;
}

static void say_much(struct ear *ear)
{
    struct str part = {piece(), PIECE};
    struct str parts[] = {{part.at, 3}, {part.at + 3, 0}, {part.at + 3, PIECE - 3}};
    bool kept = false;
    for (int i = 0; i < MUCH / PIECE; i++)
        kept |= !stream_write(ear->stream, parts, 3);
    assert_true(kept);
    assert_true(stream_pending(ear->stream) > 0);
}

static void close_when_drained(struct ear *ear)
{
    assert_int_equal(stream_pending(ear->stream), 0);
    stream_close(ear->stream);
}

static void play_listener(void *arg)
{
    struct peer *peer = arg;
    int fd = accept(peer->fd, NULL, NULL);
    hear_to_the_end(peer, fd);
    close(fd);
}

static void a_slow_peer_gets_everything(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_listener);
    ear_init(&ear);
    ear.then_on_open = say_much;
    ear.then_on_drained = close_when_drained;
    ear_connect(&ear, peer.port, 1000);
    ear_run(&ear);
    peer_end(&peer);
    assert_int_equal(ear.drained, 1);
    assert_int_equal(peer.heard.len, MUCH / PIECE * PIECE);
    for (size_t at = 0; at < peer.heard.len; at += PIECE)
        assert_memory_equal(peer.heard.at + at, piece(), PIECE);
    buf_release(&peer.heard);
}

/* Closing at once loses nothing that was written. */
static void say_much_and_close(struct ear *ear)
{
    say_much(ear);
    stream_close(ear->stream);
}

static void closing_flushes(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_listener);
    ear_init(&ear);
    ear.then_on_open = say_much_and_close;
    ear_connect(&ear, peer.port, 1000);
    ear_run(&ear);
    peer_end(&peer);
    assert_int_equal(ear.drained, 0);
    assert_int_equal(peer.heard.len, MUCH / PIECE * PIECE);
    buf_release(&peer.heard);
}

/* -- Back pressure. */

static void play_talker(void *arg)
{
    struct peer *peer = arg;
    int fd = accept(peer->fd, NULL, NULL);
    peer_send(fd, (struct str){piece(), PIECE});
    close(fd);
}

static void on_pause_over(void *ctx)
{
    struct ear *ear = ctx;
    stream_resume_read(ear->stream);
}

static void pause_a_moment(struct ear *ear)
{
    assert_false(timer_running(&ear->timer));
    stream_pause_read(ear->stream);
    timer_start(&ear->timer, 2);
}

static void nothing_comes_while_paused(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_talker);
    ear_init(&ear);
    timer_init(&ear.timer, &ear.loop, on_pause_over, &ear);
    ear.then_on_read = pause_a_moment;
    ear_connect(&ear, peer.port, 1000);
    ear_run(&ear);
    peer_end(&peer);
    assert_int_equal(ear.why, STREAM_ENDED_BY_PEER);
    assert_int_equal(ear.heard.len, PIECE);
    assert_memory_equal(ear.heard.at, piece(), PIECE);
    buf_release(&ear.heard);
}

/* -- Bad ends. */

static void refused(void **state)
{
    (void)state;
    unsigned port;
    struct ear ear;
    close(peer_listen(&port));
    ear_init(&ear);
    ear_connect(&ear, port, 1000);
    assert_int_equal(ear.closed, 0);
    ear_run(&ear);
    assert_int_equal(ear.opened, 0);
    assert_int_equal(ear.why, STREAM_CONNECT_FAILED);
    assert_non_null(strstr(ear.detail, "connection refused"));
}

/* A source address that is not ours is no fault of the peer, and not told inside the call. */
static void a_foreign_source_address(void **state)
{
    (void)state;
    struct ear ear;
    struct stream_target target = {.addresses = {loopback(1)}, .address_count = 1};
    ear_init(&ear);
    socket_address_parse(STR("192.0.2.1:0"), &target.source4, NULL);
    ear.stream = stream_connect(&ear.loop, &target, &events, &ear);
    assert_int_equal(ear.closed, 0);
    ear_run(&ear);
    assert_int_equal(ear.why, STREAM_SHORTAGE);
    assert_non_null(strstr(ear.detail, "address not available"));
}

static void without_descriptors_the_peer_is_not_to_blame(void **state)
{
    (void)state;
    struct ear ear;
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    ear_init(&ear);
    setrlimit(RLIMIT_NOFILE, &none);
    ear_connect(&ear, 1, 1000);
    setrlimit(RLIMIT_NOFILE, &before);
    ear_run(&ear);
    assert_int_equal(ear.opened, 0);
    assert_int_equal(ear.why, STREAM_SHORTAGE);
    assert_non_null(strstr(ear.detail, "too many open files"));
}

static void our_own_source_address(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_greeter);
    struct stream_target target = {
        .addresses = {loopback(peer.port)}, .address_count = 1, .timeout_ms = 1000};
    ear_init(&ear);
    ear.then_on_read = say_quit;
    socket_address_parse(STR("127.0.0.9:0"), &target.source4, NULL);
    ear.stream = stream_connect(&ear.loop, &target, &events, &ear);
    ear_run(&ear);
    peer_end(&peer);
    assert_string_equal(peer.heard.at, "QUIT\r\n");
    buf_release(&ear.heard);
    buf_release(&peer.heard);
}

static void nobody_answers(void **state)
{
    (void)state;
    struct ear ear;
    struct deaf deaf;
    deaf_start(&deaf);
    ear_init(&ear);
    ear_connect(&ear, deaf.port, 50);
    ear_run(&ear);
    assert_int_equal(ear.why, STREAM_CONNECT_TIMEOUT);
    assert_non_null(strstr(ear.detail, "did not answer in time"));
    deaf_end(&deaf);
}

static void play_brute(void *arg)
{
    struct peer *peer = arg;
    int fd = accept(peer->fd, NULL, NULL);
    struct linger hard = {1, 0};
    peer_send(fd, STR("421 go away\r\n"));
    usleep(20000);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(fd);
}

static void a_reset_is_an_end_by_the_peer(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_brute);
    ear_init(&ear);
    ear_connect(&ear, peer.port, 1000);
    ear_run(&ear);
    peer_end(&peer);
    assert_string_equal(ear.heard.at, "421 go away\r\n");
    assert_int_equal(ear.why, STREAM_ENDED_BY_PEER);
    assert_non_null(strstr(ear.detail, "connection reset"));
    buf_release(&ear.heard);
}

/* The peer's last words are heard although our write is what finds it gone. */
static void on_late(void *ctx)
{
    struct ear *ear = ctx;
    struct str word = STR("MAIL FROM:<a@b>\r\n");
    stream_resume_read(ear->stream);
    for (int i = 0; i < 3; i++) {
        stream_write(ear->stream, &word, 1);
        usleep(5000);
    }
}

static void wait_for_the_end(struct ear *ear)
{
    stream_pause_read(ear->stream);
    timer_start(&ear->timer, 60);
}

static void play_parting(void *arg)
{
    struct peer *peer = arg;
    int fd = accept(peer->fd, NULL, NULL);
    peer_send(fd, STR("421 bye\r\n"));
    close(fd);
}

static void last_words_are_heard(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_parting);
    ear_init(&ear);
    timer_init(&ear.timer, &ear.loop, on_late, &ear);
    ear.then_on_open = wait_for_the_end;
    ear_connect(&ear, peer.port, 1000);
    ear_run(&ear);
    peer_end(&peer);
    assert_string_equal(ear.heard.at, "421 bye\r\n");
    assert_int_equal(ear.why, STREAM_ENDED_BY_PEER);
    buf_release(&ear.heard);
}

static void abort_at_once(struct ear *ear)
{
    stream_abort(ear->stream);
    stream_abort(ear->stream);
    assert_int_equal(ear->closed, 0);
}

static void aborting_in_an_event(void **state)
{
    (void)state;
    struct peer peer;
    struct ear ear;
    peer_start(&peer, play_greeter);
    ear_init(&ear);
    ear.then_on_open = abort_at_once;
    ear_connect(&ear, peer.port, 1000);
    ear_run(&ear);
    peer_end(&peer);
    assert_int_equal(ear.why, STREAM_ENDED_HERE);
    assert_int_equal(ear.heard.len, 0);
    buf_release(&peer.heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_hears_and_closes_in_order),
        cmocka_unit_test(early_words_wait),
        cmocka_unit_test(a_slow_peer_gets_everything),
        cmocka_unit_test(closing_flushes),
        cmocka_unit_test(nothing_comes_while_paused),
        cmocka_unit_test(refused),
        cmocka_unit_test(a_foreign_source_address),
        cmocka_unit_test(without_descriptors_the_peer_is_not_to_blame),
        cmocka_unit_test(our_own_source_address),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(a_reset_is_an_end_by_the_peer),
        cmocka_unit_test(last_words_are_heard),
        cmocka_unit_test(aborting_in_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
