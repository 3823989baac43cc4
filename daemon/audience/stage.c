#include "audience/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/alloc.h"

enum { PART_BITS = 7, PARTS = 1 << PART_BITS, PIECE_BYTES = 16 * 1024 };

/* Rows of one part that were written together. */
struct stage_piece {
    uint64_t begin;
    uint32_t size, rows;
};

struct stage_part {
    struct buf pending;
    uint32_t rows; /* of them */
    struct stage_piece *pieces;
    size_t count, room;
};

/* A run of pieces, which may end one part and begin the next. */
struct stage_batch {
    size_t begin, end;
};

struct stage {
    int fd;
    uint64_t written;           /* bytes in the file */
    struct stage_part first;    /* all rows, while they fit in one batch */
    struct stage_part *parts;   /* PARTS of them; NULL before and, when it is finished, after */
    struct stage_piece *pieces; /* of all parts, part after part */
    struct stage_batch *batches;
    size_t batch_count;
};

struct stage_head {
    uint64_t hash;
    uint32_t rest;
    uint16_t key, address, domain, attributes;
    uint32_t padding;
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

static void part_release(struct stage_part *part)
{
    buf_release(&part->pending);
    free(part->pieces);
}

static void parts_free(struct stage *s)
{
    for (size_t i = 0; s->parts && i < PARTS; i++)
        part_release(&s->parts[i]);
    free(s->parts);
    s->parts = NULL;
}

void stage_free(struct stage *s)
{
    if (!s)
        return;
    close(s->fd);
    part_release(&s->first);
    parts_free(s);
    free(s->pieces);
    free(s->batches);
    free(s);
}

/* --- Writing --- */

static int file_write(struct stage *s, struct str bytes, struct err *err)
{
    while (bytes.len) {
        ssize_t n = write(s->fd, bytes.at, bytes.len);
        if (n < 0 && errno != EINTR)
            return err_set(err, "Cannot write the staging file of the import (%s).",
                           strerror(errno));
        bytes = str_skip(bytes, n > 0 ? (size_t)n : 0);
    }
    return 0;
}

/* A part's pending rows become its next piece. */
static int part_flush(struct stage *s, struct stage_part *part, struct err *err)
{
    if (part->rows == 0)
        return 0;
    if (part->count == part->room) {
        part->room = part->room ? part->room * 2 : 8;
        part->pieces = alloc_again(part->pieces, part->room * sizeof(*part->pieces));
    }
    part->pieces[part->count++] =
        (struct stage_piece){s->written, (uint32_t)part->pending.len, part->rows};
    s->written += part->pending.len;
    int rc = file_write(s, buf_str(&part->pending), err);
    if (part->pending.size > (size_t)4 * PIECE_BYTES) /* a row of a megabyte was in it */
        buf_release(&part->pending);
    buf_reset(&part->pending);
    part->rows = 0;
    return rc;
}

static struct stage_part *part_of(struct stage *s, uint64_t hash)
{
    return s->parts ? &s->parts[hash >> (64 - PART_BITS)] : &s->first;
}

/* Deals the first rows, now that there are too many for one batch. */
static int first_deal(struct stage *s, struct err *err)
{
    struct str rest = buf_str(&s->first.pending);
    struct stage_head head;
    s->parts = alloc_zero(PARTS, sizeof(*s->parts));
    while (rest.len) {
        memcpy(&head, rest.at, sizeof(head));
        struct stage_part *part = part_of(s, head.hash);
        size_t size = sizeof(head) + head.rest;
        buf_add(&part->pending, rest.at, size);
        part->rows++;
        rest = str_skip(rest, size);
        if (part->pending.len >= PIECE_BYTES && part_flush(s, part, err) < 0)
            return -1;
    }
    part_release(&s->first);
    s->first = (struct stage_part){.rows = 0};
    return 0;
}

static struct stage_head row_head(const struct contact_row *row, uint64_t hash)
{
    size_t key = str_eq(row->key, row->address) ? 0 : row->key.len;
    size_t rest = key + row->address.len;
    for (size_t i = 0; i < row->attribute_count; i++)
        rest += sizeof(struct stage_value) + row->attributes[i].value.len;
    return (struct stage_head){
        .hash = hash,
        .rest = (uint32_t)rest,
        .key = (uint16_t)key,
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

static void row_pack(struct buf *out, const struct contact_row *row, uint64_t hash)
{
    struct stage_head head = row_head(row, hash);
    char *to = buf_reserve(out, sizeof(head) + head.rest);
    to = put(to, &head, sizeof(head));
    to = put(to, row->key.at, head.key);
    to = put(to, row->address.at, row->address.len);
    for (size_t i = 0; i < row->attribute_count; i++) {
        const struct contact_attribute *a = &row->attributes[i];
        to = put(to, &(struct stage_value){a->id, (uint32_t)a->value.len},
                 sizeof(struct stage_value));
        to = put(to, a->value.at, a->value.len);
    }
    out->len += sizeof(head) + head.rest;
}

static bool first_is_full(const struct stage *s)
{
    return s->first.rows == STAGE_ROWS || s->first.pending.len >= STAGE_BYTES;
}

int stage_add(struct stage *s, const struct contact_row *row, uint64_t hash, struct err *err)
{
    if (!s->parts && first_is_full(s) && first_deal(s, err) < 0)
        return -1;
    struct stage_part *part = part_of(s, hash);
    row_pack(&part->pending, row, hash);
    part->rows++;
    return s->parts && part->pending.len >= PIECE_BYTES ? part_flush(s, part, err) : 0;
}

/* --- Finishing: the pieces of all parts become batches --- */

static int flush_all(struct stage *s, struct err *err)
{
    if (part_flush(s, &s->first, err) < 0)
        return -1;
    for (size_t i = 0; s->parts && i < PARTS; i++)
        if (part_flush(s, &s->parts[i], err) < 0)
            return -1;
    return 0;
}

/* The batch that is being filled. */
struct filling {
    uint32_t rows;
    uint64_t bytes;
};

static void batch_close(struct stage *s, struct filling *now, size_t end)
{
    if (now->rows == 0)
        return;
    size_t begin = s->batch_count ? s->batches[s->batch_count - 1].end : 0;
    s->batches[s->batch_count++] = (struct stage_batch){begin, end};
    *now = (struct filling){0, 0};
}

static size_t part_rows(const struct stage_part *part)
{
    size_t rows = 0;
    for (size_t i = 0; i < part->count; i++)
        rows += part->pieces[i].rows;
    return rows;
}

static size_t pieces_take(struct stage *s, const struct stage_part *part, struct filling *now,
                          size_t at)
{
    /* Batches that begin with a part have a range of hashes to themselves. */
    if (now->rows >= STAGE_ROWS / 2 && now->rows + part_rows(part) > STAGE_ROWS)
        batch_close(s, now, at);
    for (size_t i = 0; i < part->count; i++, at++) {
        const struct stage_piece *piece = &part->pieces[i];
        if (now->rows + piece->rows > STAGE_ROWS || now->bytes >= STAGE_BYTES)
            batch_close(s, now, at);
        s->pieces[at] = *piece;
        now->rows += piece->rows;
        now->bytes += piece->size;
    }
    return at;
}

static void batches_make(struct stage *s)
{
    const struct stage_part *parts = s->parts ? s->parts : &s->first;
    size_t count = s->parts ? PARTS : 1, pieces = 0, at = 0;
    struct filling now = {0, 0};
    for (size_t i = 0; i < count; i++)
        pieces += parts[i].count;
    s->pieces = alloc((pieces + 1) * sizeof(*s->pieces));
    s->batches = alloc((pieces + 1) * sizeof(*s->batches));
    for (size_t i = 0; i < count; i++)
        at = pieces_take(s, &parts[i], &now, at);
    batch_close(s, &now, at);
}

int stage_finish(struct stage *s, struct err *err)
{
    if (flush_all(s, err) < 0)
        return -1;
    batches_make(s);
    parts_free(s);
    part_release(&s->first);
    s->first = (struct stage_part){.rows = 0};
    return 0;
}

/* --- Reading --- */

size_t stage_batch_count(const struct stage *s)
{
    return s->batch_count;
}

static int piece_read(const struct stage *s, const struct stage_piece *piece, struct buf *out,
                      struct err *err)
{
    for (size_t at = 0; at < piece->size;) {
        char *to = buf_reserve(out, piece->size - at);
        ssize_t n = pread(s->fd, to, piece->size - at, (off_t)(piece->begin + at));
        if (n == 0 || (n < 0 && errno != EINTR))
            return err_set(err, "Cannot read the staging file of the import (%s).",
                           n == 0 ? "it is too short" : strerror(errno));
        at += n > 0 ? (size_t)n : 0;
        out->len += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int stage_read(const struct stage *s, size_t batch, struct buf *out, struct err *err)
{
    const struct stage_batch *b = &s->batches[batch];
    size_t size = 0;
    for (size_t i = b->begin; i < b->end; i++)
        size += s->pieces[i].size;
    buf_reset(out);
    buf_reserve(out, size);
    for (size_t i = b->begin; i < b->end; i++)
        if (piece_read(s, &s->pieces[i], out, err) < 0)
            return -1;
    return 0;
}

size_t stage_hashes(struct str batch, uint64_t *hashes)
{
    struct stage_head head;
    size_t count = 0;
    for (; batch.len >= sizeof(head); batch = str_skip(batch, sizeof(head) + head.rest)) {
        memcpy(&head, batch.at, sizeof(head));
        hashes[count++] = head.hash;
    }
    return count;
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
    out->key = head.key ? out->key : out->address;
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
