#include "smtp/output.h"

#include <assert.h>

void smtp_output_init(struct smtp_output *o,
                      void (*write)(void *owner, const struct str *parts, size_t n), void *owner)
{
    o->write = write;
    o->owner = owner;
    o->added = 0;
    o->written = 0;
    smtp_output_discard(o);
}

void smtp_output_discard(struct smtp_output *o)
{
    o->added = o->written;
    o->count = 0;
    o->used = 0;
}

void smtp_output_flush(struct smtp_output *o)
{
    size_t n = o->count;
    if (n == 0)
        return;
    o->written = o->added;
    smtp_output_discard(o);
    o->write(o->owner, o->parts, n);
}

static void add_part(struct smtp_output *o, struct str s)
{
    o->parts[o->count++] = s;
    o->added += s.len;
}

/* True when the last part ends where the next copied byte goes: then it only grows. */
static bool last_part_ends_room(const struct smtp_output *o)
{
    if (o->count == 0)
        return false;
    struct str last = o->parts[o->count - 1];
    return last.at + last.len == o->room + o->used;
}

void smtp_output_copy(struct smtp_output *o, struct str s)
{
    assert(s.len <= sizeof(o->room));
    if (s.len == 0)
        return;
    if (o->used + s.len > sizeof(o->room) || o->count == SMTP_OUTPUT_PARTS)
        smtp_output_flush(o);
    char *to = o->room + o->used;
    memcpy(to, s.at, s.len);
    if (last_part_ends_room(o)) {
        o->parts[o->count - 1].len += s.len;
        o->added += s.len;
    } else {
        add_part(o, str_from(to, s.len));
    }
    o->used += s.len;
}

void smtp_output_copy_u64(struct smtp_output *o, uint64_t number)
{
    char digits[STR_U64_SIZE];
    size_t n = str_u64(number, digits);
    smtp_output_copy(o, str_from(digits, n));
}

void smtp_output_refer(struct smtp_output *o, struct str s)
{
    if (s.len == 0)
        return;
    if (o->count == SMTP_OUTPUT_PARTS)
        smtp_output_flush(o);
    add_part(o, s);
}
