#include "config/config.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "config/build.h"
#include "config/parse.h"
#include "config/text.h"

/* Reads and checks `text` into `config`; what was wrong is in `problems`. */
static void config_fill(struct config *config, struct str text, const char *base_dir,
                        struct problems *problems)
{
    struct value_context context = {str_of(base_dir), &config->memory};
    struct buf safe = BUF_INIT;
    cfg_t *root = NULL;
    if (text_prepare(text, &safe, problems) == 0)
        root = parse_text(buf_str(&safe), &context, problems);
    if (root && problems->count == 0)
        build_config(root, &context, config, problems);
    if (root)
        cfg_free(root);
    buf_release(&safe);
}

struct config *config_load_text(struct str text, const char *name, const char *base_dir,
                                struct config_errors *errors)
{
    struct problems problems;
    problems_init(&problems);
    struct config *config = NEW(struct config);
    atomic_init(&config->refs, 1);
    config->file = arena_str(&config->memory, str_of(name));
    config_fill(config, text, base_dir, &problems);
    if (problems.count) {
        errors->count += problems_render(&problems, name, &errors->text);
        config_unref(config);
        config = NULL;
    }
    problems_release(&problems);
    return config;
}

/* One byte more than is allowed is read, so that the size is refused where the others are. */
static int file_read(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t most = CONFIG_TEXT_MAX + 1;
    out->len = fread(buf_reserve(out, most), 1, most, file);
    out->at[out->len] = '\0';
    int failed = ferror(file);
    fclose(file);
    return failed ? -1 : 0;
}

/* The folder of a path, for what is relative to it; empty for the working directory. */
static char *file_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
    return str_dup(str_from(path, len));
}

struct config *config_load(const char *path, struct config_errors *errors)
{
    struct buf text = BUF_INIT;
    struct config *config = NULL;
    if (file_read(path, &text) != 0) {
        buf_addf(&errors->text, "%s:1: The configuration cannot be read (%s): check the path.\n",
                 path, strerror(errno));
        errors->count++;
    } else {
        char *folder = file_folder(path);
        config = config_load_text(buf_str(&text), path, folder, errors);
        free(folder);
    }
    buf_release(&text);
    return config;
}

void config_errors_release(struct config_errors *errors)
{
    buf_release(&errors->text);
    errors->count = 0;
}
