/*
 * The log: one line for each thing worth knowing, as `time level event key=value …`. Values are
 * quoted and escaped where they hold anything but plain printable ASCII, so that nothing a stranger
 * sends can forge a line. Lines gather in one buffer: warnings and errors are written at once, the
 * rest when 32 KiB are full or somebody calls `log_flush` (the front loop does, ten times a
 * second). All functions may be called from any thread.
 *
 *     struct log_line l;
 *     if (log_begin(&l, LOG_INFO, "delivered")) {
 *         log_u64(&l, "job", job);
 *         log_str(&l, "reply", reply);
 *         log_end(&l);
 *     }
 */
#ifndef TOCSIN_BASE_LOG_H
#define TOCSIN_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_line {
    struct buf text;
    enum log_level level;
};

/* Opens the log, also anew after logrotate: `path` is appended to, or NULL for stderr. Lines below
 * `level` are dropped. */
int log_open(const char *path, enum log_level level, struct err *err);

void log_flush(void);

/* Flushes and goes back to stderr. */
void log_close(void);

/* False when the level is dropped; then nothing needs `log_end`. */
bool log_begin(struct log_line *line, enum log_level level, const char *event);
void log_str(struct log_line *line, const char *key, struct str value);
void log_text(struct log_line *line, const char *key, const char *value);
void log_u64(struct log_line *line, const char *key, uint64_t value);
void log_end(struct log_line *line);

/* A line with one sentence: event and `message`. */
void log_say(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
