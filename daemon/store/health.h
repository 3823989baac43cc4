/*
 * Whether the store takes new work, and if not, why, for people. Two things can stand in the way:
 * commits fail (a full or broken disk), or the file system of the data folder has less room than
 * `min_free`. The second comes before the first: while there is still room, what is known already
 * (answers, outcomes, what staff decide) is written into it, and only what would bring more waits.
 *
 *            room below min_free              a commit fails
 *   FINE ───────────────────────► LOW ROOM ──────────────────► FAILING (tried every second)
 *     ▲                             │ ▲                            │
 *     └── an eighth above min_free ─┘ └────── a commit works ──────┘
 *
 * The writer's thread looks after each commit and once a second, and logs each change once; any
 * thread may ask.
 */
#ifndef TOCSIN_STORE_HEALTH_H
#define TOCSIN_STORE_HEALTH_H

#include "store/store.h"

struct store_health {
    bool writable;       /* commits work */
    bool roomy;          /* there is more room than min_free asks for */
    uint64_t free_bytes; /* of the data folder's file system, for us; as of the last look */
    uint64_t min_free;   /* bytes; 0: the room does not matter */
    char why[600];       /* the sentence when one of the two is false; else empty */
};

/* All of it; store_healthy and store_writable (store/store.h) are the short questions. */
void store_health(struct store *store, struct store_health *out);

/* How often it has become healthy again: by this, who was held back sees that he may go on. */
unsigned store_recoveries(const struct store *store);

/* Takes effect with the next look, within a second. From any thread. */
void store_set_min_free(struct store *store, uint64_t bytes);

#endif
