#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"

enum { FLUSH_AT = 32 * 1024, LINE_USUAL = 400 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct buf waiting;
static char *path_now;
static int fd = STDERR_FILENO;
static bool lost; /* lines could not be written, and nobody has been told in the log */
static bool torn; /* the last thing written was no whole line */
static _Atomic int lowest = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static int open_file(const char *path, struct err *err)
{
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0)
        return err_set(err, "The log file %s cannot be opened: %s.", path, strerror(errno));
    return file;
}

/* The date and the time of day are written out once a second. */
static void add_time(struct buf *out)
{
    static _Thread_local time_t written;
    static _Thread_local char text[32];
    int64_t us = clock_wall_us();
    time_t seconds = (time_t)(us / 1000000);
    unsigned ms = (unsigned)(us / 1000 % 1000);
    if (seconds != written) {
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.", &tm);
        written = seconds;
    }
    buf_add_text(out, text);
    buf_add_byte(out, (char)('0' + ms / 100));
    buf_add_byte(out, (char)('0' + ms / 10 % 10));
    buf_add_byte(out, (char)('0' + ms % 10));
    buf_add_byte(out, 'Z');
}

/* False if not all of it could be written. */
static bool write_all(struct str s)
{
    while (s.len) {
        ssize_t n = write(fd, s.at, s.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        torn = s.at[n - 1] != '\n';
        s = str_skip(s, (size_t)n);
    }
    return true;
}

static bool say_lost(void)
{
    struct buf line = BUF_INIT;
    buf_add_text(&line, torn ? "\n" : "");
    add_time(&line);
    buf_add_text(&line, " warn log_lost message=\"Lines are missing here: the log could not be "
                        "written.\"\n");
    bool said = write_all(buf_str(&line));
    buf_release(&line);
    return said;
}

/* A log that cannot be written loses lines, not mail: nothing waits for it. */
static void write_out(void)
{
    bool before = lost;
    if (waiting.len == 0)
        return;
    lost = (lost && !say_lost()) || !write_all(buf_str(&waiting));
    if (lost && !before && fd != STDERR_FILENO)
        dprintf(STDERR_FILENO, "tocsin: the log %s cannot be written: %s\n", path_now,
                strerror(errno));
    buf_reset(&waiting);
}

/* Takes over `file` as the place to write to, after writing what waits to the old one. */
static void switch_to(int file)
{
    write_out();
    if (fd != STDERR_FILENO)
        close(fd);
    fd = file;
}

int log_open(const char *path, enum log_level level, struct err *err)
{
    int file = path ? open_file(path, err) : STDERR_FILENO;
    if (file < 0)
        return -1;
    pthread_mutex_lock(&lock);
    switch_to(file);
    free(path_now);
    path_now = path ? str_dup(str_of(path)) : NULL;
    atomic_store(&lowest, (int)level);
    pthread_mutex_unlock(&lock);
    return 0;
}

void log_flush(void)
{
    pthread_mutex_lock(&lock);
    write_out();
    pthread_mutex_unlock(&lock);
}

void log_close(void)
{
    pthread_mutex_lock(&lock);
    switch_to(STDERR_FILENO);
    buf_release(&waiting);
    free(path_now);
    path_now = NULL;
    pthread_mutex_unlock(&lock);
}

bool log_begin(struct log_line *line, enum log_level level, const char *event)
{
    if ((int)level < atomic_load_explicit(&lowest, memory_order_relaxed))
        return false;
    buf_init(&line->text);
    buf_reserve(&line->text, LINE_USUAL);
    line->level = level;
    add_time(&line->text);
    buf_add_byte(&line->text, ' ');
    buf_add_text(&line->text, level_names[level]);
    buf_add_byte(&line->text, ' ');
    buf_add_text(&line->text, event);
    return true;
}

static bool is_plain(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return value.len > 0;
}

/* U+0080 to U+009F: terminals obey these too. */
static bool is_c1_control(struct str s)
{
    return s.len > 1 && (unsigned char)s.at[0] == 0xC2 && (unsigned char)s.at[1] < 0xA0;
}

static void add_quoted(struct buf *out, struct str value)
{
    bool utf8 = str_is_utf8(value);
    buf_add_byte(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (utf8 && is_c1_control(str_skip(value, i)))
            buf_addf(out, "\\xc2\\x%02x", (unsigned)(unsigned char)value.at[++i]);
        else if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7F || (c >= 0x80 && !utf8))
            buf_addf(out, "\\x%02x", c);
        else
            buf_add_byte(out, (char)c);
    }
    buf_add_byte(out, '"');
}

static void add_key(struct log_line *line, const char *key)
{
    buf_add_byte(&line->text, ' ');
    buf_add_text(&line->text, key);
    buf_add_byte(&line->text, '=');
}

void log_str(struct log_line *line, const char *key, struct str value)
{
    add_key(line, key);
    if (is_plain(value))
        buf_add_str(&line->text, value);
    else
        add_quoted(&line->text, value);
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    log_str(line, key, str_of(value));
}

void log_u64(struct log_line *line, const char *key, uint64_t value)
{
    add_key(line, key);
    buf_add_u64(&line->text, value);
}

void log_end(struct log_line *line)
{
    buf_add_byte(&line->text, '\n');
    pthread_mutex_lock(&lock);
    buf_add_str(&waiting, buf_str(&line->text));
    if (waiting.len >= FLUSH_AT || line->level >= LOG_WARN)
        write_out();
    pthread_mutex_unlock(&lock);
    buf_release(&line->text);
}

void log_say(enum log_level level, const char *event, const char *format, ...)
{
    struct log_line line;
    if (!log_begin(&line, level, event))
        return;
    struct buf message = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&message, format, args);
    va_end(args);
    log_str(&line, "message", buf_str(&message));
    buf_release(&message);
    log_end(&line);
}
