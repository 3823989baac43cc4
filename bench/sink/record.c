#include "sink/record.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

enum { LOG_PENDING_MAX = 256 * 1024 };

int record_open(struct record *r, const char *log, const char *keep, struct err *err)
{
    pthread_mutex_init(&r->lock, NULL);
    r->fd = -1;
    r->keep = keep;
    if (keep && access(keep, W_OK | X_OK))
        return err_set(err, "Folder %s cannot be written: %s.", keep, strerror(errno));
    if (!log)
        return 0;
    r->fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (r->fd < 0)
        return err_set(err, "Log %s cannot be opened: %s.", log, strerror(errno));
    return 0;
}

static void write_all(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            perror("sink: the log cannot be written");
            abort();
        }
        bytes = str_skip(bytes, (size_t)n);
    }
}

static void flush_locked(struct record *r)
{
    if (r->fd >= 0)
        write_all(r->fd, buf_str(&r->pending));
    buf_reset(&r->pending);
}

void record_flush(struct record *r)
{
    pthread_mutex_lock(&r->lock);
    flush_locked(r);
    pthread_mutex_unlock(&r->lock);
}

void record_close(struct record *r)
{
    record_flush(r);
    if (r->fd >= 0)
        close(r->fd);
    buf_release(&r->pending);
    pthread_mutex_destroy(&r->lock);
}

void record_connection(struct record *r)
{
    uint64_t open = atomic_fetch_add(&r->tally.open, 1) + 1;
    uint64_t peak = atomic_load(&r->tally.peak);
    while (open > peak && !atomic_compare_exchange_weak(&r->tally.peak, &peak, open))
        ;
}

void record_disconnection(struct record *r)
{
    atomic_fetch_sub(&r->tally.open, 1);
}

static void add_message(struct record *r, const struct record_message *m)
{
    int64_t now = clock_wall_us();
    buf_add_str(&r->pending, m->from);
    buf_add_byte(&r->pending, ' ');
    buf_add_str(&r->pending, m->recipients);
    buf_add_byte(&r->pending, ' ');
    record_escape(&r->pending, m->id.len ? m->id : STR("-"));
    buf_addf(&r->pending, " %llu %s %d %llu %lld.%06lld\n", (unsigned long long)m->bytes, m->digest,
             m->tls, (unsigned long long)m->connection, (long long)(now / 1000000),
             (long long)(now % 1000000));
}

void record_message(struct record *r, const struct record_message *m)
{
    tally_add(&r->tally.messages, 1);
    tally_add(&r->tally.recipients, m->recipient_count);
    tally_add(&r->tally.bytes, m->bytes);
    tally_add(&r->tally.by_bdat, m->bdat);
    tally_add(&r->tally.with_utf8, m->utf8);
    if (r->fd < 0)
        return;
    pthread_mutex_lock(&r->lock);
    add_message(r, m);
    if (r->pending.len >= LOG_PENDING_MAX)
        flush_locked(r);
    pthread_mutex_unlock(&r->lock);
}

void record_fault(struct record *r, uint64_t connection, const char *sentence)
{
    tally_add(&r->tally.faults, 1);
    if (r->fd < 0 || !r->strict)
        return;
    pthread_mutex_lock(&r->lock);
    buf_addf(&r->pending, "FAULT %llu %s\n", (unsigned long long)connection, sentence);
    pthread_mutex_unlock(&r->lock);
}

uint64_t record_choose(struct record *r)
{
    if (!r->keep)
        return 0;
    uint64_t number = atomic_fetch_add(&r->begun, 1) + 1;
    return number % r->keep_every == 0 ? number / r->keep_every : 0;
}

void record_keep(struct record *r, uint64_t number, struct str message)
{
    struct buf path = BUF_INIT;
    buf_addf(&path, "%s/%06llu.eml", r->keep, (unsigned long long)number);
    int fd = open(path.at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        fprintf(stderr, "sink: %s cannot be written: %s.\n", path.at, strerror(errno));
    } else {
        write_all(fd, message);
        close(fd);
    }
    buf_release(&path);
}

void record_escape(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.at[i];
        if (byte <= 0x20 || byte == 0x7f || byte == '%' || byte == ',')
            buf_addf(out, "%%%02X", byte);
        else
            buf_add_byte(out, (char)byte);
    }
}

void record_summary(struct record *r, struct buf *out)
{
    const struct {
        const char *name;
        _Atomic uint64_t *value;
    } rows[] = {
        {"messages", &r->tally.messages},   {"recipients", &r->tally.recipients},
        {"bytes", &r->tally.bytes},         {"bdat", &r->tally.by_bdat},
        {"smtputf8", &r->tally.with_utf8},  {"connections", &r->tally.connections},
        {"peak", &r->tally.peak},           {"handshakes", &r->tally.handshakes},
        {"resumed", &r->tally.resumed},     {"failed_handshakes", &r->tally.failed_handshakes},
        {"pipelined", &r->tally.pipelined}, {"overlapped", &r->tally.overlapped},
        {"faults", &r->tally.faults},       {"injected", &r->tally.injected},
    };
    buf_add_text(out, "summary");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_addf(out, " %s=%llu", rows[i].name, (unsigned long long)atomic_load(rows[i].value));
    buf_add_byte(out, '\n');
}
