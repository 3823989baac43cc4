/*
 * sink: a fast SMTP receiver on loopback, for tests and measurements. It shares nothing with the
 * daemon but base/, so that it is an independent check of what the daemon says on the wire.
 *
 *     main      options, the listening socket, signals, the summary
 *     loop      one thread each: accepts, waits, sends what was held back
 *     conn      one socket: bytes in and out, TLS
 *     session   one SMTP session: bytes to commands and messages
 *     command   the verbs;  envelope  their arguments;  body  the message
 *     fault     what goes wrong on request;  record  log, counters, kept messages
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sink/certificate.h"
#include "sink/loop.h"

enum { FLUSH_NS = 50 * 1000 * 1000, BACKLOG = 4096 };

static int open_listener(const struct options *o, int *out, struct err *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(o->port)};
    int on = 1;
    if (inet_pton(AF_INET, o->host, &at.sin_addr) != 1)
        return err_set(err, "'%s' is no IPv4 address.", o->host);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, "A socket cannot be made: %s.", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Whatever the address: nothing but loopback reaches a receiver for tests. */
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") ||
        bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG)) {
        err_set(err, "%s:%u cannot be listened on: %s.", o->host, o->port, strerror(errno));
        close(fd);
        return -1;
    }
    *out = fd;
    return 0;
}

static void say_where(const struct options *o, int listener)
{
    struct sockaddr_in at = {0};
    socklen_t len = sizeof at;
    getsockname(listener, (struct sockaddr *)&at, &len);
    printf("listening %s:%u\n", o->host, ntohs(at.sin_port));
    fflush(stdout);
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Writes the log while it waits for the end. The signals are blocked in every thread. */
static void wait_for_end(struct record *record, const sigset_t *signals)
{
    const struct timespec pause = {0, FLUSH_NS};
    while (sigtimedwait(signals, NULL, &pause) < 0)
        record_flush(record);
}

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int run_loops(const struct options *o, struct record *record, SSL_CTX *tls, int listener,
                     struct err *err)
{
    sigset_t signals;
    struct loop *loops = alloc_zero(o->threads, sizeof *loops);
    unsigned started = 0;
    int failed = 0;
    block_signals(&signals);
    for (; started < o->threads && !failed; started++) {
        loops[started] =
            (struct loop){.options = o, .record = record, .tls = tls, .listener = listener};
        failed = loop_start(&loops[started], err);
    }
    if (!failed) {
        say_where(o, listener);
        wait_for_end(record, &signals);
        for (unsigned i = 0; i < started; i++)
            loop_stop(&loops[i]);
    }
    free(loops);
    return failed;
}

static int run(const struct options *o, struct err *err)
{
    struct record record = {.strict = o->strict, .keep_every = o->keep_every};
    struct buf summary = BUF_INIT;
    SSL_CTX *tls;
    int listener = -1;
    raise_file_limit();
    if (record_open(&record, o->log, o->keep, err) || certificate_context(o, &tls, err) ||
        open_listener(o, &listener, err))
        return -1;
    int failed = run_loops(o, &record, tls, listener, err);
    close(listener);
    SSL_CTX_free(tls);
    if (!failed) {
        record_summary(&record, &summary);
        fputs(summary.at, stdout);
    }
    buf_release(&summary);
    record_close(&record);
    fault_release();
    return failed;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err;
    enum options_result result = options_parse(&options, argc, argv, &err);
    if (result == OPTIONS_HELP) {
        options_help();
        return 0;
    }
    if (result == OPTIONS_WRONG || run(&options, &err)) {
        fprintf(stderr, "sink: %s\n", err.text);
        return 1;
    }
    return 0;
}
