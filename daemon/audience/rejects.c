#include "audience/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "audience/csv_field.h"

enum { REJECTS_BUFFER = 64 * 1024 };

void rejects_init(struct rejects *r, const char *path)
{
    *r = (struct rejects){.path = path, .fd = -1, .separator = ','};
}

static void rejects_close(struct rejects *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

void rejects_release(struct rejects *r)
{
    rejects_close(r);
    buf_release(&r->header);
    buf_release(&r->pending);
}

static void fields_add(struct buf *out, const struct csv_row *row, char separator)
{
    for (size_t i = 0; i < row->count; i++) {
        buf_add_byte(out, separator);
        csv_field_add(out, row->fields[i], separator);
    }
    buf_add_byte(out, '\n');
}

void rejects_header(struct rejects *r, const struct csv_row *header, char separator, bool had_bom)
{
    r->separator = separator;
    buf_add_text(&r->header, had_bom || separator == ';' ? "\xEF\xBB\xBF" : "");
    buf_addf(&r->header, "line%creason", separator);
    fields_add(&r->header, header, separator);
}

static int rejects_fail(const struct rejects *r, const char *what, struct err *err)
{
    return err_set(err, "Cannot %s %s (%s).", what, r->path, strerror(errno));
}

int rejects_flush(struct rejects *r, struct err *err)
{
    for (size_t at = 0; at < r->pending.len;) {
        ssize_t n = write(r->fd, r->pending.at + at, r->pending.len - at);
        if (n < 0 && errno != EINTR)
            return rejects_fail(r, "write", err);
        at += n > 0 ? (size_t)n : 0;
    }
    buf_reset(&r->pending);
    return 0;
}

static int rejects_open(struct rejects *r, struct err *err)
{
    r->fd = open(r->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (r->fd < 0)
        return rejects_fail(r, "make", err);
    buf_add_str(&r->pending, buf_str(&r->header));
    buf_release(&r->header);
    return 0;
}

int rejects_add(struct rejects *r, const struct csv_row *row, struct str reason, struct err *err)
{
    if (r->fd < 0 && rejects_open(r, err) < 0)
        return -1;
    if (row->line)
        buf_add_u64(&r->pending, row->line);
    buf_add_byte(&r->pending, r->separator);
    csv_field_add(&r->pending, reason, r->separator);
    fields_add(&r->pending, row, r->separator);
    return r->pending.len < REJECTS_BUFFER ? 0 : rejects_flush(r, err);
}

int rejects_finish(struct rejects *r, struct err *err)
{
    if (r->fd < 0)
        return 0;
    int rc = rejects_flush(r, err);
    rejects_close(r);
    return rc;
}
