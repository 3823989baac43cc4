/*
 * Backups over the control socket: one at a time, and what became of the last one. store/backup.h
 * takes them, on a thread of its own; its end comes as a letter to the front loop.
 *
 *   POST ──► copying ──► over: the answer, if somebody waits, and what GET shows from then on
 */
#ifndef TOCSIN_API_BACKUPS_H
#define TOCSIN_API_BACKUPS_H

#include "http/server.h"
#include "loop/loop.h"
#include "store/store.h"

struct backup_record;

struct backups {
    struct loop *front;
    struct store *store;
    struct backup_record *last; /* under way, or over; NULL: none since the start */
    uint32_t count;
};

void backups_init(struct backups *backups, struct loop *front, struct store *store);

/* Gives up the one that is under way; who waits for it is told. */
void backups_stop(struct backups *backups);

/* When no request waits any more. Waits for the end of what was given up: a moment. */
void backups_release(struct backups *backups);

/* POST /v1/backup and GET /v1/backup */
void backup_take(struct http_request *request);
void backup_show(struct http_request *request);

#endif
