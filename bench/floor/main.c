/*
 * floor: the cheapest honest sender, that tocsind is measured against. It sends one message that is
 * ready over connections that are open, and does nothing that a real sender could not do. It shares
 * nothing with the daemon but base/.
 *
 *     main       options, threads, the clocks, the result
 *     dialogue   greeting, EHLO, STARTTLS, QUIT: outside the clocks
 *     blast      one thread's share: epoll, who may send next
 *     flight     one transaction in one piece;  signer  its signature
 *     wire       a socket and TLS;  replies  what comes back
 */
#include <pthread.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "floor/blast.h"
#include "floor/dialogue.h"

/* A thread: its share of the work and, where asked for, its own copy of the key. */
struct worker {
    struct blast blast;
    struct signer signer;
    pthread_t thread;
    int failed;
};

struct floor {
    const struct options *options;
    SSL_CTX *tls; /* NULL in clear text */
    struct conn *conns;
    struct worker *workers;
};

struct clocks {
    int64_t wall_us, cpu_us;
};

static int64_t cpu_us(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

static struct clocks clocks_read(void)
{
    return (struct clocks){clock_mono_us(), cpu_us()};
}

/* The part of `total` that comes before the i-th of n shares. */
static unsigned share(unsigned total, unsigned i, unsigned n)
{
    return (unsigned)((uint64_t)total * i / n);
}

static int prepare_worker(struct floor *f, unsigned i, struct str message, struct err *err)
{
    const struct options *o = f->options;
    struct worker *w = &f->workers[i];
    unsigned first = share(o->connections, i, o->threads);
    if (o->key && signer_init(&w->signer, o->key, err))
        return -1;
    w->blast = (struct blast){.in_flight = o->in_flight,
                              .next = share(o->count, i, o->threads),
                              .end = share(o->count, i + 1, o->threads),
                              .conns = f->conns + first,
                              .conn_count = share(o->connections, i + 1, o->threads) - first,
                              .signer = o->key ? &w->signer : NULL};
    flight_init(&w->blast.flight, message, w->blast.signer);
    return 0;
}

static int prepare_workers(struct floor *f, struct err *err)
{
    struct buf message = BUF_INIT;
    int failed = flight_read_message(f->options, &message, err);
    for (unsigned i = 0; i < f->options->threads && !failed; i++)
        failed = prepare_worker(f, i, buf_str(&message), err);
    buf_release(&message);
    return failed;
}

static int open_connections(struct floor *f, struct err *err)
{
    if (!f->options->clear && !(f->tls = wire_context(err)))
        return -1;
    for (unsigned i = 0; i < f->options->connections; i++)
        if (dialogue_open(&f->conns[i].wire, f->options, f->tls, err))
            return -1;
    return 0;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    w->failed = blast_run(&w->blast);
    return NULL;
}

/* The first share is this thread's own. */
static int blast_all(struct floor *f, struct err *err)
{
    struct worker *w = f->workers;
    unsigned started = 1;
    int failed = 0;
    while (started < f->options->threads && !failed) {
        failed = pthread_create(&w[started].thread, NULL, work, &w[started]);
        started += !failed;
    }
    if (failed)
        err_set(err, "A thread cannot be started: %s.", strerror(failed));
    else
        work(w);
    for (unsigned i = 1; i < started; i++)
        pthread_join(w[i].thread, NULL);
    for (unsigned i = 0; i < started && !failed; i++) {
        failed = w[i].failed;
        if (failed)
            *err = w[i].blast.err;
    }
    return failed ? -1 : 0;
}

static void say_result(const struct floor *f, struct clocks from, struct clocks to)
{
    const struct options *o = f->options;
    double seconds = (double)(to.wall_us - from.wall_us) / 1e6;
    printf("{\"messages\":%u,\"seconds\":%.3f,\"per_second\":%.0f,\"cpu_us\":%.2f,\"bytes\":%llu,"
           "\"handshakes\":%u}\n",
           o->count, seconds, o->count / seconds, (double)(to.cpu_us - from.cpu_us) / o->count,
           (unsigned long long)f->workers->blast.flight.bytes.len * o->count,
           o->clear ? 0 : o->connections);
}

static int run(struct floor *f, struct err *err)
{
    if (prepare_workers(f, err) || open_connections(f, err))
        return -1;
    struct clocks from = clocks_read();
    if (blast_all(f, err))
        return -1;
    say_result(f, from, clocks_read());
    for (unsigned i = 0; i < f->options->connections; i++)
        dialogue_close(&f->conns[i].wire);
    return 0;
}

static void floor_init(struct floor *f, const struct options *o)
{
    *f = (struct floor){.options = o};
    f->conns = alloc_zero(o->connections, sizeof *f->conns);
    f->workers = alloc_zero(o->threads, sizeof *f->workers);
    for (unsigned i = 0; i < o->connections; i++)
        f->conns[i].wire.fd = -1;
}

static void floor_release(struct floor *f)
{
    for (unsigned i = 0; i < f->options->connections; i++)
        wire_close(&f->conns[i].wire);
    for (unsigned i = 0; i < f->options->threads; i++) {
        flight_release(&f->workers[i].blast.flight);
        signer_release(&f->workers[i].signer);
    }
    free(f->conns);
    free(f->workers);
    SSL_CTX_free(f->tls);
}

int main(int argc, char **argv)
{
    struct options options;
    struct floor f;
    struct err err;
    enum options_result result = options_parse(&options, argc, argv, &err);
    if (result == OPTIONS_HELP) {
        options_help();
        return 0;
    }
    if (result == OPTIONS_WRONG) {
        fprintf(stderr, "floor: %s\n", err.text);
        return 1;
    }
    floor_init(&f, &options);
    int failed = run(&f, &err);
    floor_release(&f);
    if (failed)
        fprintf(stderr, "floor: %s\n", err.text);
    return failed ? 1 : 0;
}
