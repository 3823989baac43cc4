/*
 * One daemon holds a data folder: a flock on the file `lock` in it, which the kernel gives back
 * however the process ends. The file holds the pid, for the sentence that the second one prints.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/private.h"

static int held_by_another(const struct store *store, struct err *err)
{
    char text[24] = "";
    ssize_t len = pread(store->lock_fd, text, sizeof(text) - 1, 0);
    struct str pid = str_trim(str_from(text, len > 0 ? (size_t)len : 0));
    return err_set(err,
                   "The data folder %s is held by another tocsind (process %.*s): stop it first, "
                   "or choose another data_dir.",
                   store->dir, STR_ARG(pid));
}

const char *room_advice(int code)
{
    return code == ENOSPC || code == EDQUOT ? " Make room on the disk." : "";
}

static int write_pid(const struct store *store, struct err *err)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    /* In this order: a full disk leaves us the block that it has. */
    if (pwrite(store->lock_fd, text, (size_t)len, 0) != len || ftruncate(store->lock_fd, len))
        return err_set(err, "The file %s/lock cannot be written: %s.%s", store->dir,
                       strerror(errno), room_advice(errno));
    return 0;
}

int folder_take_room(const struct store *store, unsigned readers, struct err *err)
{
    enum { READER = 64, REST = 4096 }; /* LMDB's own structs, and more than it has beside them */
    char path[4096];
    snprintf(path, sizeof(path), "%s/lock.mdb", store->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, "The file %s cannot be opened: %s.%s", path, strerror(errno),
                       room_advice(errno));
    int code = posix_fallocate(fd, 0, (off_t)readers * READER + REST);
    close(fd);
    if (code)
        return err_set(err, "The file %s cannot be made as large as it must be: %s.%s", path,
                       strerror(code), room_advice(code));
    return 0;
}

int folder_lock(struct store *store, struct err *err)
{
    if (mkdir(store->dir, 0700) && errno != EEXIST)
        return err_set(err,
                       "The data folder %s cannot be made: %s. Make the folder above it, or choose "
                       "another data_dir.",
                       store->dir, strerror(errno));
    char path[4096];
    snprintf(path, sizeof(path), "%s/lock", store->dir);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return err_set(err,
                       "The file %s cannot be opened: %s. The data folder must belong to the user "
                       "who runs tocsind.",
                       path, strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return write_pid(store, err);
    if (errno == EWOULDBLOCK)
        return held_by_another(store, err);
    return err_set(err, "The file %s cannot be locked: %s.", path, strerror(errno));
}

static int hold_refused(const struct store *store, struct err *err)
{
    int code = errno;
    if (code != EWOULDBLOCK)
        return err_set(err, "The file %s/lock cannot be locked: %s.", store->dir, strerror(code));
    return err_set(
        err,
        "The data folder %s is in use by a running tocsind: stop it first. Its files can "
        "be looked at only while they rest.",
        store->dir);
}

int folder_hold(struct store *store, struct err *err)
{
    char path[4096];
    if (access(store->dir, F_OK))
        return err_set(err, "The data folder %s cannot be found: %s.", store->dir, strerror(errno));
    snprintf(path, sizeof(path), "%s/lock", store->dir);
    store->lock_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (store->lock_fd < 0 && errno == ENOENT)
        return 0; /* a copy of the folder, which nobody has started on */
    if (store->lock_fd < 0)
        return err_set(err,
                       "The file %s cannot be opened: %s. Run this as the user who runs tocsind.",
                       path, strerror(errno));
    return flock(store->lock_fd, LOCK_SH | LOCK_NB) ? hold_refused(store, err) : 0;
}

void folder_unlock(struct store *store)
{
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    store->lock_fd = -1;
}
