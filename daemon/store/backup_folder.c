#include "store/backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

int backup_folder_init(struct backup_folder *folder, struct str dir, struct err *err)
{
    folder->fd = -1;
    while (dir.len > 1 && dir.at[dir.len - 1] == '/')
        dir.len--;
    if (!dir.len || dir.at[0] != '/' || memchr(dir.at, '\0', dir.len))
        return err_set(err, "The folder for a backup must be an absolute path, as /backups/may.");
    if (dir.len > BACKUP_PATH_MAX)
        return err_set(err, "The path of the backup is longer than %d bytes: choose a shorter one.",
                       BACKUP_PATH_MAX);
    snprintf(folder->dir, sizeof(folder->dir), "%.*s", STR_ARG(dir));
    snprintf(folder->part, sizeof(folder->part), "%.*s.part", STR_ARG(dir));
    return 0;
}

static bool is_empty(const char *path)
{
    DIR *list = opendir(path);
    int entries = 0;
    while (list && entries <= 2 && readdir(list))
        entries++;
    if (list)
        closedir(list);
    return list && entries == 2; /* "." and ".." */
}

static int check_target(const struct backup_folder *folder, struct err *err)
{
    struct stat stat;
    if (lstat(folder->dir, &stat) != 0)
        return 0;
    if (S_ISDIR(stat.st_mode) && is_empty(folder->dir))
        return 0;
    return err_set(err,
                   "The folder %.200s is there already and is not an empty folder: name one for "
                   "the backup that is not there yet.",
                   folder->dir);
}

/* "tocsin", for a sentence. */
static void user_name(char out[64])
{
    struct passwd entry, *found = NULL;
    char memory[4096];
    getpwuid_r(geteuid(), &entry, memory, sizeof(memory), &found);
    if (found)
        snprintf(out, 64, "%s", found->pw_name);
    else
        snprintf(out, 64, "number %ld", (long)geteuid());
}

static int cannot_make(const struct backup_folder *folder, struct err *err)
{
    char user[64];
    int why = errno;
    user_name(user);
    if (why == EEXIST)
        return err_set(err,
                       "The folder %.200s is there already, from a backup that did not end or is "
                       "still being taken: remove it if it is old, or name another folder.",
                       folder->part);
    return err_set(err,
                   "The folder %.200s cannot be made: %s. It is tocsind that writes it, as the "
                   "user %s: the folder above must exist, and that user must be allowed to write "
                   "in it (systemd: ReadWritePaths=).",
                   folder->part, strerror(why), user);
}

int backup_folder_make(struct backup_folder *folder, struct err *err)
{
    if (check_target(folder, err) != 0)
        return -1;
    if (mkdir(folder->part, 0700) != 0)
        return cannot_make(folder, err);
    folder->fd = open(folder->part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->fd >= 0)
        return 0;
    err_set(err, "The folder %.200s cannot be opened: %s.", folder->part, strerror(errno));
    rmdir(folder->part);
    return -1;
}

static int write_failed(const struct backup_folder *folder, struct err *err)
{
    int why = errno;
    bool full = why == ENOSPC || why == EDQUOT;
    return err_set(err, "The backup %.200s cannot be written: %s.%s Nothing of it was kept.",
                   folder->dir, strerror(why),
                   full ? " Make room on that disk, or name a folder on another one." : "");
}

int backup_folder_open(struct backup_folder *folder, const char *name, struct err *err)
{
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : write_failed(folder, err);
}

int backup_folder_write(struct backup_folder *folder, int fd, struct str bytes, struct err *err)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return write_failed(folder, err);
        bytes = str_skip(bytes, (size_t)n);
    }
    return 0;
}

/* What is on the disk is not needed in the page cache: the daemon's own pages are. */
int backup_folder_sync(struct backup_folder *folder, int fd, struct err *err)
{
    if (fdatasync(fd) != 0)
        return write_failed(folder, err);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return 0;
}

int backup_folder_add(struct backup_folder *folder, const char *name, struct str bytes,
                      struct err *err)
{
    int fd = backup_folder_open(folder, name, err);
    if (fd < 0)
        return -1;
    int result = backup_folder_write(folder, fd, bytes, err);
    if (result == 0)
        result = backup_folder_sync(folder, fd, err);
    close(fd);
    return result;
}

/* The name is in the folder above. */
static int sync_above(const struct backup_folder *folder, struct err *err)
{
    char above[BACKUP_PATH_MAX + 1];
    const char *slash = strrchr(folder->dir, '/');
    int len = slash > folder->dir ? (int)(slash - folder->dir) : 1;
    snprintf(above, sizeof(above), "%.*s", len, folder->dir);
    int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 || fsync(fd) != 0 ? write_failed(folder, err) : 0;
    if (fd >= 0)
        close(fd);
    return result;
}

int backup_folder_finish(struct backup_folder *folder, struct err *err)
{
    if (fsync(folder->fd) != 0)
        return write_failed(folder, err);
    if (rename(folder->part, folder->dir) != 0)
        return write_failed(folder, err);
    if (sync_above(folder, err) != 0) {
        rename(folder->dir, folder->part);
        return -1;
    }
    close(folder->fd);
    folder->fd = -1;
    return 0;
}

void backup_folder_discard(struct backup_folder *folder)
{
    if (folder->fd < 0)
        return;
    DIR *list = fdopendir(folder->fd);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(list), entry->d_name, 0);
    if (list)
        closedir(list);
    else
        close(folder->fd);
    folder->fd = -1;
    rmdir(folder->part);
}
