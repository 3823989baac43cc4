#include "compose/enclose.h"

#include "compose/page.h"

static int check_named(const struct draft *draft, const struct bundle *given, struct err *err)
{
    for (size_t i = 0; i < draft->file_count; i++) {
        const struct draft_file *file = &draft->files[i];
        if (!bundle_find(given, "files/", file->path))
            return err_set(err, "Line %u: the file \"%.*s\" did not come along with the message.",
                           file->line, STR_ARG(file->path));
    }
    return 0;
}

static bool is_named(const struct draft *draft, struct str name)
{
    for (size_t i = 0; i < draft->file_count; i++)
        if (str_starts(name, STR("files/")) && str_eq(str_skip(name, 6), draft->files[i].path))
            return true;
    return false;
}

static int check_given(const struct draft *draft, const struct bundle *given, struct err *err)
{
    size_t size = 0;
    for (size_t i = 0; i < given->count; i++) {
        if (!is_named(draft, given->files[i].name))
            return err_set(err,
                           "The file \"%.*s\" came along, and the message does not name it: add a "
                           "line \"Attach: …\" or \"Inline: …\".",
                           STR_ARG(given->files[i].name));
        size += given->files[i].data.len;
    }
    if (size > ENCLOSE_FILES_MAX)
        return err_set(err,
                       "The files of the message have %zu bytes together; at most %d are taken. "
                       "Put large ones on a web site, and a link into the text.",
                       size, ENCLOSE_FILES_MAX);
    return 0;
}

/* Its layout, and all partials: which of them it uses may be known only when it is rendered. */
static bool is_wanted(const struct draft *draft, struct str name)
{
    struct str layout = draft_layout(draft);
    if (str_starts(name, STR("partials/")))
        return true;
    name = str_skip(name, STR("layouts/").len);
    return layout.len && str_starts(name, layout) &&
           str_starts(str_skip(name, layout.len), STR("."));
}

static int add_library(struct bundle *bundle, const struct draft *draft,
                       const struct library *library, struct err *err)
{
    struct bundle known = {.files = (struct bundle_file *)library->files, .count = library->count};
    if (page_check_layout(draft, &known, err) != 0)
        return -1;
    for (size_t i = 0; i < library->count; i++)
        if (is_wanted(draft, library->files[i].name))
            bundle_add(bundle, library->files[i]);
    return 0;
}

int enclose(struct str submitted, const struct library *library, struct buf *out, struct err *err)
{
    struct arena memory = ARENA_INIT;
    struct bundle bundle;
    struct draft draft;
    int result = -1;
    if (bundle_read(submitted, &memory, &bundle, err) == 0 &&
        draft_read(bundle.text, &draft, err) == 0 && check_named(&draft, &bundle, err) == 0 &&
        check_given(&draft, &bundle, err) == 0 && add_library(&bundle, &draft, library, err) == 0) {
        bundle_write(&bundle, out);
        result = 0;
    }
    arena_release(&memory);
    return result;
}
