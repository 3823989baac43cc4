/*
 * The keys that clients gave to their submissions, so that one which is repeated, because its
 * answer was lost, is known again and makes no second job. Beside the job stands a hash of each
 * part of the submission: a key that comes back with other content is a mistake of the client's.
 *
 * Table `job_keys`: key: 1 (u8) · the client's key
 *                   value: version (u8 = 2) · job id (u32 BE) · made (u32 BE, seconds of
 * clock_steady_s) · XXH3-128 of each part (16 bytes, canonical, × JOB_KEY_PARTS)
 *                   key: 2 (u8) · made (u32 BE) · the client's key
 *                   value: empty; the same keys in the order of their age
 *
 * Version 1, of which stores may still have entries, is the same with its 7 parts: those that came
 * later count as empty.
 *
 * A key is kept for JOB_KEY_KEPT_S at least. Each new one drops a few that are older, so that there
 * are never many more than were made within that time.
 */
#ifndef TOCSIN_STORE_JOB_KEYS_H
#define TOCSIN_STORE_JOB_KEYS_H

#include "store/store.h"

enum {
    JOB_KEY_MAX = 200, /* bytes */
    JOB_KEY_PARTS = 9,
    JOB_KEY_HASH = 16,
    JOB_KEY_KEPT_S = 30 * 24 * 3600,
};

struct job_key {
    uint32_t job;
    uint32_t made; /* clock_steady_s */
    uint8_t parts[JOB_KEY_PARTS][JOB_KEY_HASH];
};

/* The hash of a part: the same in every run of the program, on every machine. */
void job_key_hash(struct str part, uint8_t out[JOB_KEY_HASH]);

/* False when nobody has used the key, or when it is empty or longer than JOB_KEY_MAX. */
bool job_key_read(struct txn *txn, struct str key, struct job_key *out);

/* Replaces what there is; drops some keys that are too old by the new one's clock. Nothing is
 * written for a key that job_key_read would not look for. Writer only. */
void job_key_write(struct txn *txn, struct str key, const struct job_key *entry);

#endif
