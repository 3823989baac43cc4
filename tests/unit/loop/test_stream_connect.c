#include "loop/stream.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/clock.h"
#include "loop/address.h"
#include "loop/loop.h"
#include "unit/loop/sockets.h"

/*
 * A host with several addresses: some listen (the kernel takes the connection, the test accepts it
 * later), some are deaf, some refuse. The stream is aborted in the event the test is about.
 */
struct world {
    struct loop loop;
    struct stream *stream;
    struct stream_target target;
    struct stream_attempts attempts; /* as of the end */
    int opened, closed;
    enum stream_end why;
    char detail[512], sentence[512], local[64];
    struct buf heard;
    bool listens; /* stays until the peer closes */
    void (*at_moment)(struct world *world);
    struct timer moment;
    int64_t began_us;
};

static void on_open(void *owner)
{
    struct world *w = owner;
    w->opened++;
    stream_local_name(w->stream, w->local, sizeof(w->local));
    if (!w->listens)
        stream_abort(w->stream);
}

static void on_read(void *owner, struct str bytes)
{
    struct world *w = owner;
    buf_add_str(&w->heard, bytes);
}

static void on_closed(void *owner, enum stream_end why, const char *detail)
{
    struct world *w = owner;
    w->closed++;
    w->why = why;
    w->attempts = stream_attempts(w->stream);
    snprintf(w->detail, sizeof(w->detail), "%s", detail);
    snprintf(w->sentence, sizeof(w->sentence), "%s", w->attempts.sentence);
    loop_stop(&w->loop);
}

static const struct stream_events events = {
    .on_open = on_open, .on_read = on_read, .on_closed = on_closed};

static void on_moment(void *ctx)
{
    struct world *w = ctx;
    w->at_moment(w);
}

static void world_init(struct world *w)
{
    *w = (struct world){0};
    w->target.timeout_ms = 20000;
    assert_int_equal(loop_init(&w->loop, "world", NULL), 0);
    timer_init(&w->moment, &w->loop, on_moment, w);
}

static void add_address(struct world *w, struct sockaddr_storage address)
{
    w->target.addresses[w->target.address_count++] = address;
}

static void world_connect(struct world *w)
{
    w->began_us = clock_mono_us();
    w->stream = stream_connect(&w->loop, &w->target, &events, w);
    assert_int_equal(w->closed, 0);
    assert_int_equal(stream_attempts(w->stream).reached, -1);
}

/* What is told holds in every case. */
static void world_run(struct world *w)
{
    loop_run(&w->loop);
    loop_release(&w->loop);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->opened, w->attempts.reached >= 0);
    if (w->opened)
        assert_false(w->attempts.failed & 1u << w->attempts.reached);
    if (w->attempts.failed)
        assert_int_equal(w->sentence[strlen(w->sentence) - 1], '.');
}

static int64_t took_ms(const struct world *w)
{
    return (clock_mono_us() - w->began_us) / 1000;
}

static void assert_names(const char *sentence, unsigned port)
{
    char name[64];
    snprintf(name, sizeof(name), "127.0.0.1:%u", port);
    assert_non_null(strstr(sentence, name));
}

/* A port that refuses, as long as nobody else takes it. */
static unsigned refusing_port(void)
{
    unsigned port;
    close(peer_listen(&port));
    return port;
}

static struct sockaddr_storage loopback6(unsigned port)
{
    struct sockaddr_storage address;
    address_parse_host(STR("::1"), port, &address, NULL);
    return address;
}

/* A listening socket on ::1, or -1 where there is no IPv6. */
static int peer_listen6(unsigned *port)
{
    struct sockaddr_storage address = loopback6(0);
    socklen_t len = sizeof(struct sockaddr_in6);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || listen(fd, 8) ||
        getsockname(fd, (struct sockaddr *)&address, &len)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *port = ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return fd;
}

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* -- One after the other. */

static void refused_first_then_the_second(void **state)
{
    (void)state;
    struct world w;
    unsigned port, refuses = refusing_port();
    int fd = peer_listen(&port);
    world_init(&w);
    add_address(&w, loopback(refuses));
    add_address(&w, loopback(port));
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.attempts.reached, 1);
    assert_int_equal(w.attempts.failed, 1u << 0);
    assert_names(w.sentence, refuses);
    assert_non_null(strstr(w.sentence, "connection refused"));
    close(fd);
}

/* With 0 apart, the second waits until the first has used up its share, and no longer. */
static void a_silent_first_has_its_share_only(void **state)
{
    (void)state;
    struct world w;
    struct deaf deaf;
    unsigned port;
    int fd = peer_listen(&port);
    deaf_start(&deaf);
    world_init(&w);
    w.target.timeout_ms = 3000;
    add_address(&w, loopback(deaf.port));
    add_address(&w, loopback(port));
    world_connect(&w);
    world_run(&w);
    assert_true(took_ms(&w) >= 1000 && took_ms(&w) < 20000);
    assert_int_equal(w.attempts.reached, 1);
    assert_int_equal(w.attempts.failed, 1u << 0);
    assert_non_null(strstr(w.sentence, "did not answer in time"));
    deaf_end(&deaf);
    close(fd);
}

/* A share is 1 s at least: in less time than that, nobody gets at the second. */
static void no_time_for_the_second(void **state)
{
    (void)state;
    struct world w;
    struct deaf deaf;
    unsigned port;
    int fd = peer_listen(&port);
    deaf_start(&deaf);
    world_init(&w);
    w.target.timeout_ms = 50;
    add_address(&w, loopback(deaf.port));
    add_address(&w, loopback(port));
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.why, STREAM_CONNECT_TIMEOUT);
    assert_int_equal(w.attempts.failed, 1u << 0);
    deaf_end(&deaf);
    close(fd);
}

static void all_fail_and_one_sentence_says_so(void **state)
{
    (void)state;
    struct world w;
    struct deaf deaf;
    unsigned refuses = refusing_port();
    deaf_start(&deaf);
    world_init(&w);
    w.target.timeout_ms = 50;
    add_address(&w, loopback(refuses));
    add_address(&w, loopback(deaf.port));
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.why, STREAM_CONNECT_FAILED);
    assert_int_equal(w.attempts.failed, 3);
    assert_string_equal(w.detail, w.sentence);
    assert_names(w.detail, refuses);
    assert_names(w.detail, deaf.port);
    assert_non_null(strstr(w.detail, "connection refused; to "));
    assert_non_null(strstr(w.detail, "did not answer in time."));
    deaf_end(&deaf);
}

static void eight_failures_fit_a_sentence(void **state)
{
    (void)state;
    struct world w;
    struct sockaddr_storage address;
    world_init(&w);
    address_parse_host(STR("fe80:1111:2222:3333:4444:5555:6666:7777"), 60000, &address, NULL);
    for (int i = 0; i < STREAM_ADDRESSES_MAX; i++)
        add_address(&w, address); /* link-local without an interface: never valid */
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.why, STREAM_CONNECT_FAILED);
    assert_int_equal(w.attempts.failed, 0xff);
    assert_in_range(strlen(w.detail), 300, 399);
}

static void no_address_at_all(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.why, STREAM_CONNECT_FAILED);
    assert_string_equal(w.detail, "There is no address to connect to.");
}

/* The loop was kept from looking until the time was up, but the connection was there in time. */
static void an_answer_that_nobody_looked_at(void **state)
{
    (void)state;
    struct world w;
    unsigned port;
    int fd = peer_listen(&port);
    world_init(&w);
    w.target.timeout_ms = 1;
    add_address(&w, loopback(port));
    world_connect(&w);
    usleep(20000);
    world_run(&w);
    assert_int_equal(w.attempts.reached, 0);
    close(fd);
}

/* -- Several at a time. */

static void a_silent_first_is_overtaken(void **state)
{
    (void)state;
    struct world w;
    struct deaf deaf;
    unsigned port;
    int fd = peer_listen(&port);
    deaf_start(&deaf);
    world_init(&w);
    w.target.apart_ms = 50;
    add_address(&w, loopback(deaf.port));
    add_address(&w, loopback(port));
    world_connect(&w);
    world_run(&w);
    assert_true(took_ms(&w) < 10000);
    assert_int_equal(w.attempts.reached, 1);
    assert_int_equal(w.attempts.failed, 0);
    assert_string_equal(w.sentence, "");
    deaf_end(&deaf);
    close(fd);
}

/* Who is refused gives way at once, whatever the time apart. */
static void a_failure_does_not_wait_for_its_turn_to_end(void **state)
{
    (void)state;
    struct world w;
    unsigned port;
    int fd = peer_listen(&port);
    world_init(&w);
    w.target.apart_ms = 15000;
    add_address(&w, loopback(refusing_port()));
    add_address(&w, loopback(port));
    world_connect(&w);
    world_run(&w);
    assert_true(took_ms(&w) < 10000);
    assert_int_equal(w.attempts.reached, 1);
    close(fd);
}

static void all_silent_together(void **state)
{
    (void)state;
    struct world w;
    struct deaf one, two;
    deaf_start(&one);
    deaf_start(&two);
    world_init(&w);
    w.target.timeout_ms = 80;
    w.target.apart_ms = 10;
    add_address(&w, loopback(one.port));
    add_address(&w, loopback(two.port));
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.why, STREAM_CONNECT_TIMEOUT);
    assert_int_equal(w.attempts.failed, 3);
    assert_names(w.detail, one.port);
    assert_names(w.detail, two.port);
    deaf_end(&one);
    deaf_end(&two);
}

/* Takes a connection from a listening socket, greets it, and returns what it said until its end. */
static ssize_t greet(int fd)
{
    char byte;
    int peer = accept(fd, NULL, NULL);
    assert_true(peer >= 0);
    peer_send(peer, STR("220 hello\r\n"));
    ssize_t n = recv(peer, &byte, 1, 0);
    close(peer);
    return n;
}

static void *greet_and_leave(void *arg)
{
    int peer = accept(*(int *)arg, NULL, NULL);
    peer_send(peer, STR("220 hello\r\n"));
    close(peer);
    return NULL;
}

/* The loop sleeps while both connections come to stand, so that it finds them at the same time. */
static void of_two_that_stand_one_stays(void **state)
{
    (void)state;
    struct world w;
    unsigned ports[2];
    int fds[2] = {peer_listen(&ports[0]), peer_listen(&ports[1])};
    pthread_t thread;
    world_init(&w);
    w.listens = true;
    w.target.apart_ms = 1;
    add_address(&w, loopback(ports[0]));
    add_address(&w, loopback(ports[1]));
    world_connect(&w);
    usleep(20000);
    uv_run(&w.loop.uv, UV_RUN_NOWAIT); /* time apart is over, and both are connected */
    assert_int_equal(w.opened, 1);
    int won = stream_attempts(w.stream).reached;
    assert_true(greet(fds[!won]) <= 0);
    assert_int_equal(pthread_create(&thread, NULL, greet_and_leave, &fds[won]), 0);
    world_run(&w);
    pthread_join(thread, NULL);
    assert_string_equal(w.heard.at, "220 hello\r\n");
    assert_int_equal(w.attempts.failed, 0);
    buf_release(&w.heard);
    close(fds[0]);
    close(fds[1]);
}

/* -- Leaving early. */

static void abort_now(struct world *w)
{
    stream_abort(w->stream);
    stream_abort(w->stream);
    assert_int_equal(w->closed, 0);
}

static void aborted_with_two_under_way(void **state)
{
    (void)state;
    struct world w;
    struct deaf one, two;
    deaf_start(&one);
    deaf_start(&two);
    unsigned before = open_descriptors();
    world_init(&w);
    w.target.apart_ms = 5;
    w.at_moment = abort_now;
    add_address(&w, loopback(one.port));
    add_address(&w, loopback(two.port));
    add_address(&w, loopback(refusing_port()));
    world_connect(&w);
    timer_start(&w.moment, 60);
    world_run(&w);
    assert_int_equal(w.why, STREAM_ENDED_HERE);
    assert_int_equal(w.attempts.failed, 1u << 2);
    assert_string_equal(w.detail, "");
    assert_int_equal(open_descriptors(), before);
    deaf_end(&one);
    deaf_end(&two);
}

static void closed_before_the_loop_turned(void **state)
{
    (void)state;
    struct world w;
    unsigned port, before = open_descriptors();
    int fd = peer_listen(&port);
    world_init(&w);
    add_address(&w, loopback(port));
    world_connect(&w);
    stream_close(w.stream);
    world_run(&w);
    close(fd);
    assert_int_equal(w.why, STREAM_ENDED_HERE);
    assert_int_equal(w.opened, 0);
    assert_int_equal(open_descriptors(), before);
}

/* -- What this machine lacks. */

static void without_descriptors(struct world *w, void (*run)(struct world *w))
{
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    run(w);
    setrlimit(RLIMIT_NOFILE, &before);
}

static void shortage_ends_the_trying(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    add_address(&w, loopback(1));
    add_address(&w, loopback(2));
    without_descriptors(&w, world_connect);
    world_run(&w);
    assert_int_equal(w.why, STREAM_SHORTAGE);
    assert_int_equal(w.attempts.failed, 0);
    assert_non_null(strstr(w.detail, "too many open files"));
    assert_null(strstr(w.detail, "; to "));
}

static void turn_once(struct world *w)
{
    uv_run(&w->loop.uv, UV_RUN_NOWAIT);
}

/* The second cannot be begun, but the first is there already. */
static void shortage_spares_what_is_under_way(void **state)
{
    (void)state;
    struct world w;
    unsigned port;
    int fd = peer_listen(&port);
    world_init(&w);
    w.target.apart_ms = 1;
    add_address(&w, loopback(port));
    add_address(&w, loopback(1));
    world_connect(&w);
    usleep(20000);
    without_descriptors(&w, turn_once);
    world_run(&w);
    assert_int_equal(w.attempts.reached, 0);
    assert_int_equal(w.attempts.failed, 0);
    assert_non_null(strstr(w.sentence, "too many open files"));
    close(fd);
}

static void shortage_outweighs_silence(void **state)
{
    (void)state;
    struct world w;
    struct deaf deaf;
    deaf_start(&deaf);
    world_init(&w);
    w.target.timeout_ms = 300;
    w.target.apart_ms = 1;
    add_address(&w, loopback(deaf.port));
    add_address(&w, loopback(1));
    world_connect(&w);
    usleep(20000);
    without_descriptors(&w, turn_once);
    world_run(&w);
    assert_int_equal(w.why, STREAM_SHORTAGE);
    assert_int_equal(w.attempts.failed, 1u << 0);
    deaf_end(&deaf);
}

/* An empty network has no IPv6 address to come from, and the kernel says so as it says that ports
 * are used up: but no waiting will help, and another family may. */
static void no_address_of_the_family_is_no_shortage(void **state)
{
    (void)state;
    struct world w;
    struct sockaddr_storage nowhere;
    int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    address_parse_host(STR("2001:db8::1"), 25, &nowhere, NULL);
    if (here < 0 || unshare(CLONE_NEWNET))
        skip();
    FILE *off = fopen("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w");
    if (off) {
        fputs("1", off);
        fclose(off);
    }
    world_init(&w);
    add_address(&w, nowhere);
    world_connect(&w);
    assert_int_equal(setns(here, CLONE_NEWNET), 0);
    close(here);
    world_run(&w);
    assert_int_equal(w.why, STREAM_CONNECT_FAILED);
    assert_int_equal(w.attempts.failed, 1);
}

/* -- Families. */

static void ipv6_beside_ipv4(void **state)
{
    (void)state;
    struct world w;
    unsigned port4, port6;
    int fd4 = peer_listen(&port4), fd6 = peer_listen6(&port6);
    if (fd6 < 0) {
        close(fd4);
        skip();
    }
    world_init(&w);
    add_address(&w, loopback6(port6));
    add_address(&w, loopback(port4));
    w.target.source4 = loopback(0);
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.attempts.reached, 0);
    assert_memory_equal(w.local, "[::1]:", 6);
    close(fd6);
    close(fd4);
}

static void each_family_has_its_source(void **state)
{
    (void)state;
    struct world w;
    unsigned port4, port6;
    int fd4 = peer_listen(&port4), fd6 = peer_listen6(&port6);
    if (fd6 < 0) {
        close(fd4);
        skip();
    }
    close(fd6); /* refuses from here on */
    world_init(&w);
    add_address(&w, loopback6(port6));
    add_address(&w, loopback(port4));
    address_parse_host(STR("127.0.0.9"), 0, &w.target.source4, NULL);
    w.target.source6 = loopback6(0);
    world_connect(&w);
    world_run(&w);
    assert_int_equal(w.attempts.reached, 1);
    assert_int_equal(w.attempts.failed, 1u << 0);
    assert_non_null(strstr(w.sentence, "[::1]:"));
    assert_memory_equal(w.local, "127.0.0.9:", 10);
    close(fd4);
}

static void a_unix_socket(void **state)
{
    (void)state;
    struct world w;
    pthread_t thread;
    struct sockaddr_storage address = {0};
    struct sockaddr_un *un = (struct sockaddr_un *)&address;
    char dir[] = "/tmp/tocsin-connect-XXXXXX";
    assert_non_null(mkdtemp(dir));
    un->sun_family = AF_UNIX;
    snprintf(un->sun_path, sizeof(un->sun_path), "%s/s", dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)un, sizeof(*un)), 0);
    assert_int_equal(listen(fd, 8), 0);
    world_init(&w);
    w.listens = true;
    add_address(&w, address);
    world_connect(&w);
    assert_int_equal(pthread_create(&thread, NULL, greet_and_leave, &fd), 0);
    world_run(&w);
    pthread_join(thread, NULL);
    assert_string_equal(w.heard.at, "220 hello\r\n");
    assert_int_equal(w.why, STREAM_ENDED_BY_PEER);
    buf_release(&w.heard);
    close(fd);
    unlink(un->sun_path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_first_then_the_second),
        cmocka_unit_test(a_silent_first_has_its_share_only),
        cmocka_unit_test(no_time_for_the_second),
        cmocka_unit_test(all_fail_and_one_sentence_says_so),
        cmocka_unit_test(eight_failures_fit_a_sentence),
        cmocka_unit_test(no_address_at_all),
        cmocka_unit_test(an_answer_that_nobody_looked_at),
        cmocka_unit_test(a_silent_first_is_overtaken),
        cmocka_unit_test(a_failure_does_not_wait_for_its_turn_to_end),
        cmocka_unit_test(all_silent_together),
        cmocka_unit_test(of_two_that_stand_one_stays),
        cmocka_unit_test(aborted_with_two_under_way),
        cmocka_unit_test(closed_before_the_loop_turned),
        cmocka_unit_test(shortage_ends_the_trying),
        cmocka_unit_test(shortage_spares_what_is_under_way),
        cmocka_unit_test(shortage_outweighs_silence),
        cmocka_unit_test(no_address_of_the_family_is_no_shortage),
        cmocka_unit_test(ipv6_beside_ipv4),
        cmocka_unit_test(each_family_has_its_source),
        cmocka_unit_test(a_unix_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
