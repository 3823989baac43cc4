/*
 * What a session says, gathered into one write: command lines are copied into a small room, message
 * bodies stay where they are and are only pointed at. Bounded: when either room is full, what there
 * is goes out. The bodies must stay where they are until the next flush.
 */
#ifndef TOCSIN_SMTP_OUTPUT_H
#define TOCSIN_SMTP_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define SMTP_OUTPUT_ROOM 2048
#define SMTP_OUTPUT_PARTS 48

struct smtp_output {
    void (*write)(void *owner, const struct str *parts, size_t n);
    void *owner;
    uint64_t added;   /* bytes that were ever added */
    uint64_t written; /* of them, given to `write`: always the first ones */
    struct str parts[SMTP_OUTPUT_PARTS];
    size_t count;
    size_t used; /* of room */
    char room[SMTP_OUTPUT_ROOM];
};

void smtp_output_init(struct smtp_output *o,
                      void (*write)(void *owner, const struct str *parts, size_t n), void *owner);

/* Adds a copy of s, which must not be longer than SMTP_OUTPUT_ROOM. */
void smtp_output_copy(struct smtp_output *o, struct str s);
void smtp_output_copy_u64(struct smtp_output *o, uint64_t number);

/* Adds s without copying it. */
void smtp_output_refer(struct smtp_output *o, struct str s);

void smtp_output_flush(struct smtp_output *o);

/* Forgets what was not written. */
void smtp_output_discard(struct smtp_output *o);

#endif
