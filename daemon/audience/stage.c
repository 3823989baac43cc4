#include "audience/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/alloc.h"

enum { STAGE_BUFFER = 256 * 1024 };

struct stage_batch {
    uint64_t begin;
    uint32_t rows;
};

struct stage {
    int fd;
    uint64_t written; /* bytes in the file */
    struct buf pending;
    struct stage_batch *batches;
    size_t batch_count, batch_room;
};

struct stage_head {
    uint32_t rest;
    uint16_t key, address, domain, attributes;
};

struct stage_value {
    uint32_t id, len;
};

struct stage *stage_new(const char *folder, struct err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/stage.XXXXXX", folder);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        err_set(err, "Cannot make a file in %s (%s).", folder, strerror(errno));
        return NULL;
    }
    unlink(path);
    struct stage *s = NEW(struct stage);
    s->fd = fd;
    return s;
}

void stage_free(struct stage *s)
{
    if (!s)
        return;
    close(s->fd);
    buf_release(&s->pending);
    free(s->batches);
    free(s);
}

static int stage_flush(struct stage *s, struct err *err)
{
    for (size_t at = 0; at < s->pending.len;) {
        ssize_t n = write(s->fd, s->pending.at + at, s->pending.len - at);
        if (n < 0 && errno != EINTR)
            return err_set(err, "Cannot write the staging file of the import (%s).",
                           strerror(errno));
        at += n > 0 ? (size_t)n : 0;
    }
    s->written += s->pending.len;
    buf_reset(&s->pending);
    return 0;
}

/* The batch that takes the next row: a new one when the last is full. */
static struct stage_batch *stage_open_batch(struct stage *s)
{
    uint64_t at = s->written + s->pending.len;
    struct stage_batch *last = s->batch_count ? &s->batches[s->batch_count - 1] : NULL;
    if (last && last->rows < STAGE_ROWS && at - last->begin < STAGE_BYTES)
        return last;
    if (s->batch_count == s->batch_room) {
        s->batch_room = s->batch_room ? s->batch_room * 2 : 64;
        s->batches = alloc_again(s->batches, s->batch_room * sizeof(*s->batches));
    }
    s->batches[s->batch_count] = (struct stage_batch){.begin = at};
    return &s->batches[s->batch_count++];
}

static struct stage_head row_head(const struct contact_row *row)
{
    size_t rest = row->key.len + row->address.len;
    for (size_t i = 0; i < row->attribute_count; i++)
        rest += sizeof(struct stage_value) + row->attributes[i].value.len;
    return (struct stage_head){
        .rest = (uint32_t)rest,
        .key = (uint16_t)row->key.len,
        .address = (uint16_t)row->address.len,
        .domain = (uint16_t)row->domain.len,
        .attributes = (uint16_t)row->attribute_count,
    };
}

static char *put(char *to, const void *from, size_t len)
{
    if (len)
        memcpy(to, from, len);
    return to + len;
}

int stage_add(struct stage *s, const struct contact_row *row, struct err *err)
{
    stage_open_batch(s)->rows++;
    struct stage_head head = row_head(row);
    char *to = buf_reserve(&s->pending, sizeof(head) + head.rest);
    to = put(to, &head, sizeof(head));
    to = put(to, row->key.at, row->key.len);
    to = put(to, row->address.at, row->address.len);
    for (size_t i = 0; i < row->attribute_count; i++) {
        const struct contact_attribute *a = &row->attributes[i];
        to = put(to, &(struct stage_value){a->id, (uint32_t)a->value.len},
                 sizeof(struct stage_value));
        to = put(to, a->value.at, a->value.len);
    }
    s->pending.len += sizeof(head) + head.rest;
    return s->pending.len < STAGE_BUFFER ? 0 : stage_flush(s, err);
}

int stage_finish(struct stage *s, struct err *err)
{
    int rc = stage_flush(s, err);
    buf_release(&s->pending);
    return rc;
}

size_t stage_batch_count(const struct stage *s)
{
    return s->batch_count;
}

int stage_read(const struct stage *s, size_t batch, struct buf *out, struct err *err)
{
    uint64_t begin = s->batches[batch].begin;
    uint64_t end = batch + 1 < s->batch_count ? s->batches[batch + 1].begin : s->written;
    size_t size = (size_t)(end - begin);
    buf_reset(out);
    char *to = buf_reserve(out, size);
    while (out->len < size) {
        ssize_t n = pread(s->fd, to + out->len, size - out->len, (off_t)(begin + out->len));
        if (n == 0 || (n < 0 && errno != EINTR))
            return err_set(err, "Cannot read the staging file of the import (%s).",
                           n == 0 ? "it is too short" : strerror(errno));
        out->len += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static struct str take(struct str *rest, size_t len)
{
    struct str part = {rest->at, len};
    *rest = str_skip(*rest, len);
    return part;
}

bool stage_next(struct str *rest, struct contact_attribute *attributes, struct contact_row *out)
{
    struct stage_head head;
    if (rest->len < sizeof(head))
        return false;
    memcpy(&head, take(rest, sizeof(head)).at, sizeof(head));
    out->key = take(rest, head.key);
    out->address = take(rest, head.address);
    out->domain = str_skip(out->address, (size_t)head.address - head.domain);
    for (size_t i = 0; i < head.attributes; i++) {
        struct stage_value value;
        memcpy(&value, take(rest, sizeof(value)).at, sizeof(value));
        attributes[i] = (struct contact_attribute){value.id, take(rest, value.len)};
    }
    out->attributes = attributes;
    out->attribute_count = head.attributes;
    return true;
}
