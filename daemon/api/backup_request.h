/* What POST /v1/backup says in its body. Pure. */
#ifndef TOCSIN_API_BACKUP_REQUEST_H
#define TOCSIN_API_BACKUP_REQUEST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct backup_request {
    struct str dir;
    bool wait; /* for the end of it; else the answer says that it has begun */
};

/*
 *     { "dir": text [, "wait": true | false ] }      (RFC 8259; nothing else, and no name twice)
 *
 * The text is copied into the arena. -1 with a sentence. Whether the folder will do is store/'s.
 */
int backup_request_parse(struct str body, struct arena *arena, struct backup_request *out,
                         struct err *err);

#endif
