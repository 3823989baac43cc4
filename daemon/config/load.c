#include "config/config.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "config/build.h"
#include "config/builtin.h"
#include "config/parse.h"
#include "config/shaping.h"
#include "config/text.h"

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

/* The tree of a file, with what is wrong in `problems`; or NULL. */
static cfg_t *tree_of(struct str text, enum parse_file file, const struct value_context *context,
                      struct problems *problems)
{
    struct buf safe = BUF_INIT;
    cfg_t *root = NULL;
    if (text_prepare(text, &safe, problems) == 0)
        root = parse_text(buf_str(&safe), file, context, problems);
    buf_release(&safe);
    return root;
}

/* Reads the file that stands in the place of the one that ships. */
static int providers_read(const char *path, struct buf *out, struct problems *problems)
{
    if (file_read(path, out) == 0)
        return 0;
    problems_add(problems, 1, "The providers cannot be read (%s): check the path.",
                 strerror(errno));
    return -1;
}

/* The providers and rules of both files; `own` is the main one, which is in order so far. */
static void shaping_fill(const struct shaping_file *own, const struct value_context *context,
                         struct config *config, struct problems *problems)
{
    struct buf text = BUF_INIT;
    const char *path = config->providers_file.at;
    struct shaping_file shipped = {NULL, problems};
    if (!path)
        shipped.root = tree_of(builtin_providers(), PARSE_PROVIDERS, context, problems);
    else if (providers_read(path, &text, problems) == 0)
        shipped.root = tree_of(buf_str(&text), PARSE_PROVIDERS, context, problems);
    if (shipped.root && problems->count == 0)
        shaping_build(own, &shipped, context, config);
    if (shipped.root)
        cfg_free(shipped.root);
    buf_release(&text);
}

/* Reads and checks `text` into `config`; what was wrong is in the problems, of the main file and of
 * the file of providers. */
static void config_fill(struct config *config, struct str text, const char *base_dir,
                        struct problems *mine, struct problems *providers)
{
    struct value_context context = {str_of(base_dir), &config->memory};
    cfg_t *root = tree_of(text, PARSE_MAIN, &context, mine);
    struct shaping_file own = {root, mine};
    if (root && mine->count == 0) {
        build_config(root, &context, config, mine);
        shaping_fill(&own, &context, config, providers);
    }
    if (root)
        cfg_free(root);
}

/* Adds what is wrong to the errors. */
static void problems_tell(struct problems *problems, const char *name, struct config_errors *errors)
{
    if (problems->count)
        errors->count += problems_render(problems, name, &errors->text);
    problems_release(problems);
}

struct config *config_load_text(struct str text, const char *name, const char *base_dir,
                                struct config_errors *errors)
{
    struct problems mine, providers;
    problems_init(&mine);
    problems_init(&providers);
    struct config *config = NEW(struct config);
    atomic_init(&config->refs, 1);
    config->file = arena_str(&config->memory, str_of(name));
    config_fill(config, text, base_dir, &mine, &providers);
    bool good = mine.count == 0 && providers.count == 0;
    const char *path = config->providers_file.at;
    problems_tell(&mine, name, errors);
    problems_tell(&providers, path ? path : BUILTIN_PROVIDERS_NAME, errors);
    if (good)
        return config;
    config_unref(config);
    return NULL;
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
