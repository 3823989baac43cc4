/*
 * A power cut without pulling the plug. Preloaded into the daemon, this library keeps a second
 * folder, the shadow, which holds of the data folder's files only what was synced: what a disk with
 * a volatile cache is bound to still have when the power goes. A cut is then a SIGKILL and the
 * shadow in place of the data folder (tests/torture/power.py does that, and adds unsynced sectors
 * by chance).
 *
 *     POWERCUT_DATA=/abs/data  POWERCUT_SHADOW=/abs/shadow  LD_PRELOAD=…/powercut.so  tocsind …
 *
 * What is synced, in this model:
 *   - a file's bytes and its length, with fsync or fdatasync of any of its descriptors, as they
 * were when the call was made; with msync, the pages it names; with O_DSYNC and O_SYNC, each write
 * at once;
 *   - a file's own name, with the first sync of the file (as ext4, xfs and btrfs have it); renames
 * and unlinks with a sync of the file or of its folder.
 *
 * Both folders must hold the same when the daemon starts. Files are told apart by their inode;
 * folders in the data folder are not looked at. Here are the calls of the C library that are
 * watched; what they mean for the shadow is in shadow.c.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shadow.h"

enum { FDS = 65536, MAPS = 1024 };

struct map {
    char *at;
    size_t len;
    off_t offset;
    struct file *file;
};

static bool active;
static struct map maps[MAPS];
static struct file *_Atomic fds[FDS];

/* The next definition of a function: what would have been called without this library. */
#define NEXT(name)                 \
    static __typeof__(&name) next; \
    if (!next)                     \
    *(void **)(void *)&next = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void)
{
    const char *data = getenv("POWERCUT_DATA"), *shadow = getenv("POWERCUT_SHADOW");
    if (data && shadow)
        shadow_begin(data, shadow);
    active = data && shadow;
}

static struct file *file_of(int fd)
{
    return active && fd >= 0 && fd < FDS ? atomic_load(&fds[fd]) : NULL;
}

static void opened(int fd)
{
    int saved = errno;
    if (!active || fd < 0 || fd >= FDS)
        return;
    pthread_mutex_lock(&shadow_lock);
    atomic_store(&fds[fd], shadow_find(fd));
    pthread_mutex_unlock(&shadow_lock);
    errno = saved;
}

static void note_write(int fd, off_t from, ssize_t n)
{
    struct file *f = file_of(fd);
    int saved = errno;
    if (!f || n <= 0)
        return;
    if (from < 0)
        from = lseek(fd, 0, SEEK_CUR) - n;
    pthread_mutex_lock(&shadow_lock);
    shadow_wrote(fd, f, from, from + n);
    pthread_mutex_unlock(&shadow_lock);
    errno = saved;
}

/* Before the real call: what is written from here on is not part of the promise. */
static void note_sync(int fd)
{
    if (!active || fd < 0 || fd >= FDS)
        return;
    int saved = errno;
    pthread_mutex_lock(&shadow_lock);
    struct file *f = atomic_load(&fds[fd]);
    if (!f && (f = shadow_find(fd)))
        f->opaque = true; /* opened, and so perhaps written, by ways that are not seen */
    if (f)
        shadow_sync(f);
    pthread_mutex_unlock(&shadow_lock);
    errno = saved;
}

#define OPEN(name)                                             \
    int name(const char *path, int flags, ...)                 \
    {                                                          \
        static int (*next)(const char *, int, ...);            \
        if (!next)                                             \
            *(void **)(void *)&next = dlsym(RTLD_NEXT, #name); \
        va_list args;                                          \
        va_start(args, flags);                                 \
        int fd = next(path, flags, va_arg(args, mode_t));      \
        va_end(args);                                          \
        opened(fd);                                            \
        return fd;                                             \
    }

#define OPENAT(name)                                              \
    int name(int folder, const char *path, int flags, ...)        \
    {                                                             \
        static int (*next)(int, const char *, int, ...);          \
        if (!next)                                                \
            *(void **)(void *)&next = dlsym(RTLD_NEXT, #name);    \
        va_list args;                                             \
        va_start(args, flags);                                    \
        int fd = next(folder, path, flags, va_arg(args, mode_t)); \
        va_end(args);                                             \
        opened(fd);                                               \
        return fd;                                                \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int close(int fd)
{
    NEXT(close);
    if (file_of(fd))
        atomic_store(&fds[fd], NULL);
    return next(fd);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    NEXT(write);
    ssize_t done = next(fd, bytes, n);
    note_write(fd, -1, done);
    return done;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
    NEXT(writev);
    ssize_t done = next(fd, iov, count);
    note_write(fd, -1, done);
    return done;
}

#define PWRITE(name)                                            \
    ssize_t name(int fd, const void *bytes, size_t n, off_t at) \
    {                                                           \
        NEXT(name);                                             \
        ssize_t done = next(fd, bytes, n, at);                  \
        note_write(fd, at, done);                               \
        return done;                                            \
    }

#define PWRITEV(name)                                                  \
    ssize_t name(int fd, const struct iovec *iov, int count, off_t at) \
    {                                                                  \
        NEXT(name);                                                    \
        ssize_t done = next(fd, iov, count, at);                       \
        note_write(fd, at, done);                                      \
        return done;                                                   \
    }

PWRITE(pwrite)
PWRITE(pwrite64)
PWRITEV(pwritev)
PWRITEV(pwritev64)

/* Cut off and grown again, the part between is other bytes than before. */
static int truncate_file(int fd, off_t size, int (*next)(int, off_t))
{
    struct stat st;
    struct file *f = file_of(fd);
    if (!f || fstat(fd, &st))
        return next(fd, size);
    int rc = next(fd, size);
    if (rc == 0)
        note_write(fd, size < st.st_size ? size : st.st_size, (ssize_t)llabs(st.st_size - size));
    return rc;
}

int ftruncate(int fd, off_t size)
{
    NEXT(ftruncate);
    return truncate_file(fd, size, next);
}

int ftruncate64(int fd, off_t size)
{
    NEXT(ftruncate64);
    return truncate_file(fd, size, next);
}

#define FALLOCATE(name)                             \
    int name(int fd, int mode, off_t at, off_t len) \
    {                                               \
        NEXT(name);                                 \
        int rc = next(fd, mode, at, len);           \
        if (rc == 0)                                \
            note_write(fd, at, len);                \
        return rc;                                  \
    }

FALLOCATE(fallocate)
FALLOCATE(fallocate64)

int fsync(int fd)
{
    NEXT(fsync);
    note_sync(fd);
    return next(fd);
}

int fdatasync(int fd)
{
    NEXT(fdatasync);
    note_sync(fd);
    return next(fd);
}

static void note_map(char *at, size_t len, int fd, off_t offset)
{
    struct file *f = file_of(fd);
    if (!f)
        return;
    pthread_mutex_lock(&shadow_lock);
    f->opaque = true;
    for (size_t i = 0; i < MAPS; i++) {
        if (maps[i].at && maps[i].at != at)
            continue;
        maps[i] = (struct map){at, len, offset, f};
        break;
    }
    pthread_mutex_unlock(&shadow_lock);
}

#define MMAP(name)                                                            \
    void *name(void *want, size_t len, int prot, int flags, int fd, off_t at) \
    {                                                                         \
        NEXT(name);                                                           \
        void *got = next(want, len, prot, flags, fd, at);                     \
        if (got != MAP_FAILED && (prot & PROT_WRITE) && (flags & MAP_SHARED)) \
            note_map(got, len, fd, at);                                       \
        return got;                                                           \
    }

MMAP(mmap)
MMAP(mmap64)

int munmap(void *at, size_t len)
{
    NEXT(munmap);
    pthread_mutex_lock(&shadow_lock);
    for (size_t i = 0; active && i < MAPS; i++)
        if (maps[i].at == at)
            maps[i].at = NULL;
    pthread_mutex_unlock(&shadow_lock);
    return next(at, len);
}

static void note_msync(char *at, size_t len)
{
    for (size_t i = 0; i < MAPS; i++) {
        struct map *m = &maps[i];
        if (!m->at || at < m->at || at >= m->at + m->len)
            continue;
        off_t from = at - m->at + m->offset;
        shadow_sync_pages(m->file, from, from + (off_t)len);
        return;
    }
}

int msync(void *at, size_t len, int flags)
{
    NEXT(msync);
    if (active && (flags & MS_SYNC)) {
        pthread_mutex_lock(&shadow_lock);
        note_msync(at, len);
        pthread_mutex_unlock(&shadow_lock);
    }
    return next(at, len, flags);
}

/* The name in the data folder that a call is about; NULL: it is about something else. */
static const char *watched(int folder, const char *path, char out[NAME])
{
    return active ? shadow_name(folder, path, out) : NULL;
}

static int rename_file(int from_dir, const char *from, int to_dir, const char *to)
{
    char a[NAME], b[NAME];
    NEXT(renameat);
    const char *old = watched(from_dir, from, a), *new = watched(to_dir, to, b);
    pthread_mutex_lock(&shadow_lock);
    shadow_meet(old);
    shadow_meet(new);
    int rc = next(from_dir, from, to_dir, to);
    if (rc == 0)
        shadow_renamed(old, new);
    pthread_mutex_unlock(&shadow_lock);
    return rc;
}

static int unlink_file(int folder, const char *path, int flags)
{
    char a[NAME];
    NEXT(unlinkat);
    const char *name = watched(folder, path, a);
    pthread_mutex_lock(&shadow_lock);
    shadow_meet(name);
    int rc = next(folder, path, flags);
    if (rc == 0)
        shadow_unlinked(name);
    pthread_mutex_unlock(&shadow_lock);
    return rc;
}

int rename(const char *from, const char *to)
{
    return rename_file(AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return rename_file(from_dir, from, to_dir, to);
}

int unlink(const char *path)
{
    return unlink_file(AT_FDCWD, path, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
    return unlink_file(folder, path, flags);
}
