#include "loop/listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/log.h"
#include "loop/loop.h"
#include "unit/loop/sockets.h"

struct porch {
    struct loop loop;
    struct listener *listener;
    int accepted, closed, wanted;
    bool decline;
    struct stream_credentials who;
    char name[64];
    struct timer timer;
};

static void on_read(void *owner, struct str bytes)
{
    (void)owner;
    (void)bytes;
}

static void on_closed(void *owner, enum stream_end why, const char *detail)
{
    struct porch *porch = owner;
    assert_int_equal(why, STREAM_ENDED_BY_PEER);
    (void)detail;
    if (++porch->closed == porch->wanted)
        loop_stop(&porch->loop);
}

static const struct stream_events events = {.on_read = on_read, .on_closed = on_closed};

static void on_connection(struct listener *listener, void *ctx)
{
    struct porch *porch = ctx;
    porch->accepted++;
    if (porch->decline) {
        loop_stop(&porch->loop);
        return;
    }
    struct stream *stream = listener_accept(listener, &events, porch);
    stream_peer_name(stream, porch->name, sizeof(porch->name));
    stream_credentials(stream, &porch->who);
}

static char folder[] = "/tmp/tocsin-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

/* It is empty: every listener has removed its socket. */
static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void socket_path(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/%s", folder, name);
}

static int unix_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static struct err porch_open(struct porch *porch, const char *path)
{
    struct err err = {{0}};
    *porch = (struct porch){.wanted = 1};
    assert_int_equal(loop_init(&porch->loop, "porch", NULL), 0);
    porch->listener = listener_open_unix(&porch->loop, path, 0600, on_connection, porch, &err);
    return err;
}

static void porch_close(struct porch *porch)
{
    if (porch->listener)
        listener_close(porch->listener);
    loop_release(&porch->loop);
}

static void a_unix_socket_knows_who_comes(void **state)
{
    (void)state;
    char path[100];
    struct porch porch;
    struct stat there;
    socket_path(path, sizeof(path), "who");
    porch_open(&porch, path);
    assert_non_null(porch.listener);
    assert_int_equal(stat(path, &there), 0);
    assert_int_equal(there.st_mode & 07777, 0600);
    close(unix_connect(path));
    loop_run(&porch.loop);
    assert_int_equal(porch.who.uid, getuid());
    assert_int_equal(porch.who.pid, getpid());
    assert_string_equal(porch.name, "unix");
    porch_close(&porch);
    assert_int_equal(stat(path, &there), -1);
}

static void a_live_socket_is_refused(void **state)
{
    (void)state;
    char path[100];
    struct porch first, second;
    socket_path(path, sizeof(path), "live");
    porch_open(&first, path);
    struct err err = porch_open(&second, path);
    assert_null(second.listener);
    assert_non_null(strstr(err.text, "Another process listens on"));
    porch_close(&second);
    close(unix_connect(path));
    porch_close(&first);
}

static void a_dead_socket_is_replaced(void **state)
{
    (void)state;
    char path[100];
    struct porch porch;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socket_path(path, sizeof(path), "dead");
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    porch_open(&porch, path);
    assert_non_null(porch.listener);
    close(unix_connect(path));
    loop_run(&porch.loop);
    porch_close(&porch);
}

static void a_file_is_never_removed(void **state)
{
    (void)state;
    char path[100];
    struct porch porch;
    struct stat there;
    socket_path(path, sizeof(path), "file");
    FILE *file = fopen(path, "w");
    fclose(file);
    struct err err = porch_open(&porch, path);
    assert_null(porch.listener);
    assert_non_null(strstr(err.text, "is no socket"));
    assert_int_equal(stat(path, &there), 0);
    porch_close(&porch);
    unlink(path);
}

static void a_path_that_is_too_long(void **state)
{
    (void)state;
    struct porch porch;
    char path[200];
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    struct err err = porch_open(&porch, path);
    assert_null(porch.listener);
    assert_non_null(strstr(err.text, "too long"));
    porch_close(&porch);
}

static void a_tcp_port_in_use_is_told(void **state)
{
    (void)state;
    unsigned port;
    struct loop loop;
    struct err err;
    int fd = peer_listen(&port);
    struct sockaddr_storage address = loopback(port);
    assert_int_equal(loop_init(&loop, "tcp", NULL), 0);
    assert_null(listener_open_tcp(&loop, &address, on_connection, NULL, &err));
    assert_non_null(strstr(err.text, "Another process listens on 127.0.0.1:"));
    loop_release(&loop);
    close(fd);
}

static void what_is_not_accepted_is_closed(void **state)
{
    (void)state;
    char path[100], byte;
    struct porch porch;
    socket_path(path, sizeof(path), "declined");
    porch_open(&porch, path);
    porch.decline = true;
    int fd = unix_connect(path);
    loop_run(&porch.loop);
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
    porch_close(&porch);
}

/* With no file descriptor left, accepting rests and goes on when there is one again. */
static struct rlimit limit_before;

static void on_limit_over(void *ctx)
{
    struct porch *porch = ctx;
    assert_int_equal(porch->accepted, 0);
    setrlimit(RLIMIT_NOFILE, &limit_before);
}

static void running_out_of_descriptors(void **state)
{
    (void)state;
    char path[100];
    struct porch porch;
    socket_path(path, sizeof(path), "emfile");
    porch_open(&porch, path);
    int fd = unix_connect(path);
    getrlimit(RLIMIT_NOFILE, &limit_before);
    struct rlimit low = {(rlim_t)fd + 1, limit_before.rlim_max};
    timer_init(&porch.timer, &porch.loop, on_limit_over, &porch);
    timer_start(&porch.timer, 100);
    setrlimit(RLIMIT_NOFILE, &low);
    shutdown(fd, SHUT_WR);
    loop_run(&porch.loop);
    assert_int_equal(porch.accepted, 1);
    close(fd);
    porch_close(&porch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unix_socket_knows_who_comes),
        cmocka_unit_test(a_live_socket_is_refused),
        cmocka_unit_test(a_dead_socket_is_replaced),
        cmocka_unit_test(a_file_is_never_removed),
        cmocka_unit_test(a_path_that_is_too_long),
        cmocka_unit_test(a_tcp_port_in_use_is_told),
        cmocka_unit_test(what_is_not_accepted_is_closed),
        cmocka_unit_test(running_out_of_descriptors),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
