/*
 * The folder that a backup makes: DIR.part (0700) while it is written, DIR when every file of it,
 * and the folder itself, is on the disk. For store/backup.c. Sentences name the folder and say that
 * tocsind writes as its own user, which is what people stumble over.
 */
#ifndef TOCSIN_STORE_BACKUP_FOLDER_H
#define TOCSIN_STORE_BACKUP_FOLDER_H

#include "base/err.h"
#include "base/str.h"

enum { BACKUP_PATH_MAX = 3900 };

struct backup_folder {
    char dir[BACKUP_PATH_MAX + 1];
    char part[BACKUP_PATH_MAX + 8];
    int fd; /* of DIR.part; -1: there is none */
};

/* Keeps the names; nothing is made yet. -1 with a sentence. */
int backup_folder_init(struct backup_folder *folder, struct str dir, struct err *err);

/* Makes DIR.part. -1 with a sentence: DIR is there and not an empty folder, or it cannot be. */
int backup_folder_make(struct backup_folder *folder, struct err *err);

/* A new file to write to, empty: the caller closes it. -1 with a sentence. */
int backup_folder_open(struct backup_folder *folder, const char *name, struct err *err);

/* Writes to a file of the folder, and brings what was written to the disk. */
int backup_folder_write(struct backup_folder *folder, int fd, struct str bytes, struct err *err);
int backup_folder_sync(struct backup_folder *folder, int fd, struct err *err);

/* A whole file at once. */
int backup_folder_add(struct backup_folder *folder, const char *name, struct str bytes,
                      struct err *err);

/* Gives it its name. On -1 nothing of it is left under that name. */
int backup_folder_finish(struct backup_folder *folder, struct err *err);

/* Removes what there is of DIR.part. Fine after anything. */
void backup_folder_discard(struct backup_folder *folder);

#endif
