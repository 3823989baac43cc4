#include "compose/partials.h"

static void partial_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    const struct partials *partials = ctx;
    *name = partials->files[index].name;
    *source = partials->files[index].data;
}

void partials_init(struct partials *partials, const struct bundle *bundle, const char *ending,
                   struct arena *memory)
{
    struct str end = str_of(ending), folder = STR("partials/");
    *partials = (struct partials){.all = {.ctx = partials, .at = partial_at}};
    partials->files = arena_alloc(memory, bundle->count * sizeof(*partials->files));
    for (size_t i = 0; i < bundle->count; i++) {
        struct bundle_file file = bundle->files[i];
        if (!str_starts(file.name, folder) || !str_ends(file.name, end))
            continue;
        file.name = str_skip(file.name, folder.len);
        file.name.len -= end.len;
        partials->files[partials->all.count++] = file;
    }
}
