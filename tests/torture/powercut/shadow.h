/*
 * The shadow folder of powercut/hooks.c: which files the data folder has, what of them was written
 * and not yet synced, and the copies of what was. It knows nothing of descriptors' lives or of the
 * calls that it is told about.
 *
 * Every function is to be called with `shadow_lock` held. Whatever fails in them ends the process:
 * a wrong shadow would accuse or acquit wrongly.
 */
#ifndef POWERCUT_SHADOW_H
#define POWERCUT_SHADOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { NAME = 256, PAGE = 4096 };

struct range {
    off_t from, to;
};

/* A file of the data folder, or that folder. It lives as long as the process, or until its
 * unlinking was synced. */
struct file {
    bool used, gone, folder;
    bool opaque; /* written through a mapping, or by ways not seen: all of it is compared */
    ino_t ino;
    char name[NAME];    /* now */
    char durable[NAME]; /* in the shadow; "" when it is not there */
    int real, shadow; /* to read the one and to write the other; -1 until needed. Never closed while
                         the file is there: that would let the process's locks on it go */
    struct range *dirty;
    size_t dirty_count, dirty_room;
};

extern pthread_mutex_t shadow_lock;

void shadow_begin(const char *data, const char *shadow);

/* What a descriptor leads to; NULL when that is nothing of the data folder. */
struct file *shadow_find(int fd);

/* The name in `out` of what a path leads to, or would; NULL when that is not in the data folder. */
const char *shadow_name(int folder, const char *path, char out[NAME]);

/* The descriptor's file has other bytes in this range now; they are synced at once when it was
 * opened so. */
void shadow_wrote(int fd, struct file *file, off_t from, off_t to);

/* All of a file, or the names of a folder; and the pages of a range of a file, which it takes
 * whole. */
void shadow_sync(struct file *file);
void shadow_sync_pages(struct file *file, off_t from, off_t to);

/* Before a rename or an unlinking: the name may be of a file that nobody has opened. NULL is fine
 * here and below. */
void shadow_meet(const char *name);
void shadow_unlinked(const char *name);
void shadow_renamed(const char *from, const char *to);

#endif
