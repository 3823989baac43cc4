#include "compose/bundle.h"

enum { MARK = 1 };

struct cursor {
    struct str rest;
    bool bad;
};

static struct str take(struct cursor *c, size_t n)
{
    struct str s = {c->rest.at, n};
    if (n > c->rest.len) {
        c->bad = true;
        return STR("");
    }
    c->rest = str_skip(c->rest, n);
    return s;
}

static size_t take_number(struct cursor *c, size_t bytes)
{
    size_t n = 0;
    struct str s = take(c, bytes);
    for (size_t i = 0; i < s.len; i++)
        n = n << 8 | (unsigned char)s.at[i];
    return n;
}

static struct bundle_file take_entry(struct cursor *c)
{
    size_t name = take_number(c, 2), data = take_number(c, 4);
    struct bundle_file file = {.name = take(c, name)};
    file.data = take(c, data);
    c->bad |= name > BUNDLE_NAME_MAX;
    return file;
}

bool bundle_add(struct bundle *bundle, struct bundle_file file)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (str_eq(bundle->files[i].name, file.name))
            return false;
    if (bundle->count == BUNDLE_FILES_MAX || file.name.len > BUNDLE_NAME_MAX)
        return false;
    bundle->files[bundle->count++] = file;
    return true;
}

int bundle_read(struct str bytes, struct arena *memory, struct bundle *out, struct err *err)
{
    struct cursor c = {.rest = bytes};
    *out = (struct bundle){.text = bytes};
    out->files = arena_alloc(memory, BUNDLE_FILES_MAX * sizeof(*out->files));
    if (bytes.len == 0 || bytes.at[0] != MARK)
        return 0;
    take(&c, 1);
    struct bundle_file text = take_entry(&c);
    out->text = text.data;
    c.bad |= text.name.len > 0;
    while (c.rest.len && !c.bad) {
        struct bundle_file file = take_entry(&c);
        c.bad |= file.name.len == 0 || !bundle_add(out, file);
    }
    if (c.bad)
        return err_set(err, "The message is damaged: what goes with it cannot be read.");
    return 0;
}

static void add_entry(struct buf *out, struct str name, struct str data)
{
    buf_add_u16be(out, (uint16_t)name.len);
    buf_add_u32be(out, (uint32_t)data.len);
    buf_add_str(out, name);
    buf_add_str(out, data);
}

void bundle_write(const struct bundle *bundle, struct buf *out)
{
    buf_add_byte(out, MARK);
    add_entry(out, STR(""), bundle->text);
    for (size_t i = 0; i < bundle->count; i++)
        add_entry(out, bundle->files[i].name, bundle->files[i].data);
}

const struct bundle_file *bundle_find(const struct bundle *bundle, const char *folder,
                                      struct str name)
{
    struct str front = str_of(folder);
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_file *file = &bundle->files[i];
        if (str_starts(file->name, front) && str_eq(str_skip(file->name, front.len), name))
            return file;
    }
    return NULL;
}
