#include "shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES = 1024, PIECE = 64 * PAGE };

pthread_mutex_t shadow_lock = PTHREAD_MUTEX_INITIALIZER;
static char data_dir[PATH_MAX], shadow_dir[PATH_MAX];
static struct file files[FILES];

static _Noreturn void fail(const char *what, const char *name)
{
    fprintf(stderr, "powercut: %s %s: %s\n", what, name, strerror(errno));
    abort();
}

/* Past the hooks, to the kernel itself. */

static int real_open(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static void real_close(int fd)
{
    if (fd >= 0)
        syscall(SYS_close, fd);
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return syscall(SYS_pwrite64, fd, bytes, n, at);
}

static int real_ftruncate(int fd, off_t size)
{
    return (int)syscall(SYS_ftruncate, fd, size);
}

static int real_rename(const char *from, const char *to)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int real_unlink(const char *path)
{
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

void shadow_begin(const char *data, const char *shadow)
{
    if (!realpath(data, data_dir))
        fail("cannot find", data);
    if (!realpath(shadow, shadow_dir))
        fail("cannot find", shadow);
}

/* -- Files. */

static const char *in(const char *folder, const char *name, char *out)
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        fail("too long a path for", name);
    return out;
}

static struct file *file_by_name(const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (files[i].used && !files[i].gone && strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

static struct file *file_by_ino(ino_t ino)
{
    for (size_t i = 0; i < FILES; i++)
        if (files[i].used && !files[i].gone && files[i].ino == ino)
            return &files[i];
    return NULL;
}

/* Whether the shadow has a file of this name, and not one that was unlinked since. */
static bool is_durable(const char *name)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < FILES; i++)
        if (files[i].used && files[i].gone && strcmp(files[i].durable, name) == 0)
            return false;
    return access(in(shadow_dir, name, path), F_OK) == 0;
}

static struct file *file_new(const char *name, const struct stat *st)
{
    for (size_t i = 0; i < FILES; i++) {
        struct file *f = &files[i];
        if (f->used)
            continue;
        *f = (struct file){.used = true, .ino = st->st_ino, .folder = S_ISDIR(st->st_mode)};
        f->real = f->shadow = -1;
        strcpy(f->name, name);
        if (is_durable(name))
            strcpy(f->durable, name);
        return f;
    }
    errno = ENFILE;
    fail("too many files, at", name);
}

/* The name of what a descriptor leads to, in the data folder; NULL for what is elsewhere or has
 * none. */
static const char *name_of(int fd, char *path)
{
    char link[64];
    size_t len = strlen(data_dir);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = '\0';
    if (strncmp(path, data_dir, len) != 0 || strstr(path, " (deleted)"))
        return NULL;
    if (path[len] == '\0')
        return ".";
    const char *name = path + len + 1;
    return path[len] == '/' && !strchr(name, '/') && strlen(name) < NAME ? name : NULL;
}

struct file *shadow_find(int fd)
{
    char path[PATH_MAX];
    struct stat st;
    const char *name = name_of(fd, path);
    if (!name || fstat(fd, &st))
        return NULL;
    struct file *f = file_by_ino(st.st_ino);
    return f ? f : file_new(name, &st);
}

static void note_dirty(struct file *f, off_t from, off_t to)
{
    struct range *last = f->dirty_count ? &f->dirty[f->dirty_count - 1] : NULL;
    if (last && from <= last->to && from >= last->from) {
        last->to = to > last->to ? to : last->to;
        return;
    }
    if (f->dirty_count == f->dirty_room) {
        f->dirty_room = f->dirty_room ? 2 * f->dirty_room : 64;
        f->dirty = realloc(f->dirty, f->dirty_room * sizeof(*f->dirty));
        if (!f->dirty)
            fail("no memory for", f->name);
    }
    f->dirty[f->dirty_count++] = (struct range){from, to};
}

/* -- The shadow. */

static void forget_durable(const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (files[i].used && files[i].gone && strcmp(files[i].durable, name) == 0)
            files[i].durable[0] = '\0';
}

/* Makes the file's name in the shadow what it is in the data folder. */
static void sync_name(struct file *f)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (f->folder || strcmp(f->durable, f->name) == 0)
        return;
    in(shadow_dir, f->name, to);
    forget_durable(f->name);
    if (f->durable[0] && real_rename(in(shadow_dir, f->durable, from), to))
        fail("cannot rename", from);
    if (!f->durable[0]) {
        real_unlink(to);
        f->shadow = real_open(to, O_RDWR | O_CREAT | O_EXCL);
    }
    strcpy(f->durable, f->name);
}

static void open_both(struct file *f)
{
    char path[PATH_MAX];
    sync_name(f);
    if (f->real < 0)
        f->real = real_open(in(data_dir, f->name, path), O_RDONLY);
    if (f->shadow < 0)
        f->shadow = real_open(in(shadow_dir, f->durable, path), O_RDWR);
    if (f->real < 0 || f->shadow < 0)
        fail("cannot open", f->name);
}

static void copy_pages(struct file *f, const char *is, const char *was, size_t n, off_t at)
{
    for (size_t i = 0; i < n; i += PAGE) {
        size_t len = n - i < PAGE ? n - i : PAGE;
        if (memcmp(is + i, was + i, len) == 0)
            continue;
        if (real_pwrite(f->shadow, is + i, len, at + (off_t)i) != (ssize_t)len)
            fail("cannot write the shadow of", f->name);
    }
}

static void sync_range(struct file *f, off_t from, off_t to)
{
    static char is[PIECE], was[PIECE];
    while (from < to) {
        size_t want = to - from < PIECE ? (size_t)(to - from) : PIECE;
        ssize_t n = pread(f->real, is, want, from);
        if (n < 0)
            fail("cannot read", f->name);
        if (n == 0)
            return;
        memset(was, 0, (size_t)n);
        if (pread(f->shadow, was, (size_t)n, from) < 0)
            fail("cannot read the shadow of", f->name);
        copy_pages(f, is, was, (size_t)n, from);
        from += n;
    }
}

static void sync_size(struct file *f)
{
    struct stat is, was;
    if (fstat(f->real, &is) || fstat(f->shadow, &was))
        fail("cannot stat", f->name);
    if (is.st_size != was.st_size && real_ftruncate(f->shadow, is.st_size))
        fail("cannot set the size of", f->name);
}

static void sync_folder(void)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < FILES; i++) {
        struct file *f = &files[i];
        if (!f->used || !f->gone)
            continue;
        if (f->durable[0])
            real_unlink(in(shadow_dir, f->durable, path));
        real_close(f->real);
        real_close(f->shadow);
        free(f->dirty);
        *f = (struct file){0};
    }
    for (size_t i = 0; i < FILES; i++)
        if (files[i].used)
            sync_name(&files[i]);
}

void shadow_sync(struct file *f)
{
    if (f->folder) {
        sync_folder();
        return;
    }
    if (f->gone || !f->used)
        return;
    open_both(f);
    sync_size(f);
    if (f->opaque)
        sync_range(f, 0, INT64_MAX);
    for (size_t i = 0; i < f->dirty_count; i++)
        sync_range(f, f->dirty[i].from, f->dirty[i].to);
    f->dirty_count = 0;
}

void shadow_wrote(int fd, struct file *f, off_t from, off_t to)
{
    struct stat st;
    if (f->gone || fstat(fd, &st) || st.st_ino != f->ino)
        return; /* no name leads to it any more; or the descriptor was closed unseen, and is another
                   thing now */
    if (!(fcntl(fd, F_GETFL) & O_DSYNC)) {
        note_dirty(f, from, to);
        return;
    }
    open_both(f);
    sync_size(f);
    sync_range(f, from, to);
}

void shadow_sync_pages(struct file *f, off_t from, off_t to)
{
    if (f->gone || !f->used)
        return;
    open_both(f);
    sync_size(f);
    sync_range(f, from / PAGE * PAGE, (to + PAGE - 1) / PAGE * PAGE);
}

/* -- Names. */

/* The name of a path in the data folder, or NULL. The folder itself must be there, the file need
 * not. */
const char *shadow_name(int folder, const char *path, char out[NAME])
{
    char parent[PATH_MAX], found[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (strlen(slash ? slash + 1 : path) >= NAME)
        return NULL;
    int fd = (int)syscall(SYS_openat, folder, parent[0] ? parent : "/",
                          O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *name = fd < 0 ? NULL : name_of(fd, found);
    real_close(fd);
    return name && strcmp(name, ".") == 0 ? strcpy(out, slash ? slash + 1 : path) : NULL;
}

void shadow_unlinked(const char *name)
{
    struct file *f = name ? file_by_name(name) : NULL;
    if (f)
        f->gone = true;
}

void shadow_renamed(const char *from, const char *to)
{
    struct file *f = from ? file_by_name(from) : NULL;
    shadow_unlinked(to);
    if (f && to)
        strcpy(f->name, to);
    else if (f)
        f->gone = true;
}

void shadow_meet(const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    if (name && !file_by_name(name) && stat(in(data_dir, name, path), &st) == 0)
        file_new(name, &st);
}
