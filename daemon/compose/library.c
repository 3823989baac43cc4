#include "compose/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "compose/shipped.h"

const struct bundle_file *library_find(const struct library *library, struct str name)
{
    for (size_t i = 0; i < library->count; i++)
        if (str_eq(library->files[i].name, name))
            return &library->files[i];
    return NULL;
}

/* What was added before under the name stays: the administrator's own come first. */
static int add(struct library *library, struct str name, struct str data, struct err *err)
{
    if (library_find(library, name))
        return 0;
    if (library->count == LIBRARY_FILES_MAX)
        return err_set(err, "there are more than %d layouts and partials.", LIBRARY_FILES_MAX);
    library->files[library->count++] = (struct bundle_file){name, data};
    return 0;
}

static bool is_name(struct str s)
{
    if (!str_ends(s, STR(".html")) && !str_ends(s, STR(".txt")))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_' || (c == '.' && i > 0);
        if (!fine)
            return false;
    }
    return true;
}

static int read_file(int folder, const char *name, struct buf *out, struct err *err)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 ? -1 : buf_read(out, fd, LIBRARY_FILE_MAX);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (result != 0)
        return err_set(err, "it cannot be read: %s.", strerror(error));
    if (out->len > LIBRARY_FILE_MAX)
        return err_set(err, "it has more than %d KiB.", LIBRARY_FILE_MAX / 1024);
    return str_is_utf8(buf_str(out)) ? 0 : err_set(err, "it is not UTF-8: save it as UTF-8.");
}

static int take_file(struct library *library, int fd, const char *folder, const char *name,
                     struct err *err)
{
    struct buf data = BUF_INIT, full = BUF_INIT;
    buf_addf(&full, "%s/%s", folder, name);
    int result = full.len > BUNDLE_NAME_MAX
                     ? err_set(err, "its name is longer than %d bytes.", BUNDLE_NAME_MAX)
                     : read_file(fd, name, &data, err);
    struct str text = buf_str(&data);
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_skip(text, 3);
    if (result == 0)
        result = add(library, arena_str(&library->memory, buf_str(&full)),
                     arena_str(&library->memory, text), err);
    buf_release(&data);
    buf_release(&full);
    return result == 0 ? 0 : err_prefix(err, "The template %s/%s cannot be used", folder, name);
}

/* A folder that is not there has nothing in it. Of other files (an editor's, say) nothing is
 * taken. */
static int take_folder(struct library *library, const char *path, const char *folder,
                       struct err *err)
{
    int result = 0;
    DIR *dir = opendir(path);
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return err_set(err, "The folder %s cannot be read: %s.", path, strerror(errno));
    for (struct dirent *e; result == 0 && (e = readdir(dir));)
        if (is_name(str_of(e->d_name)))
            result = take_file(library, dirfd(dir), folder, e->d_name, err);
    closedir(dir);
    return result;
}

static int take_own(struct library *library, struct str top, struct err *err)
{
    static const char *const folders[] = {"layouts", "partials"};
    int result = access(top.at, R_OK | X_OK);
    if (result != 0)
        return err_set(err, "The folder of templates %s cannot be read: %s.", top.at,
                       strerror(errno));
    for (size_t i = 0; i < 2 && result == 0; i++) {
        struct buf path = BUF_INIT;
        buf_addf(&path, "%s/%s", top.at, folders[i]);
        result = take_folder(library, path.at, folders[i], err);
        buf_release(&path);
    }
    return result;
}

struct library *library_load(struct str folder, struct err *err)
{
    struct library *library = NEW(struct library);
    int result = folder.len ? take_own(library, folder, err) : 0;
    for (size_t i = 0; i < shipped_count() && result == 0; i++) {
        struct bundle_file file = shipped_file(i);
        result = add(library, file.name, file.data, err);
    }
    if (result == 0)
        return library;
    library_free(library);
    return NULL;
}

void library_free(struct library *library)
{
    if (!library)
        return;
    arena_release(&library->memory);
    free(library);
}
