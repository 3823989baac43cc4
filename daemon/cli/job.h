/*
 * A job as the daemon tells it, and how people see it: as a report, and as the frame of a live
 * view. The strings belong to the JSON object that it was read from.
 */
#ifndef TOCSIN_CLI_JOB_H
#define TOCSIN_CLI_JOB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/pace.h"

struct job {
    uint64_t id;
    const char *name, *state, *lane, *guarantee, *to, *identity, *pool;
    const char *created, *started, *finished; /* ISO 8601, or "" */
    uint64_t message, message_version, weight;
    uint64_t recipients, queued, in_flight, in_doubt, delivered, deferred, bounced, skipped,
        expired, cancelled;
    uint64_t spread; /* recipients that fan-out has reached */
    int64_t left_s;  /* until it is finished, as the daemon expects; 0: it did not say */
};

enum { JOB_FRAME_LINES = 4 };

void job_read(struct job *job, const json_t *object);

/* Finished or cancelled, with nothing on the wire. */
bool job_is_over(const struct job *job);

/* Recipients of whom nothing more will become. */
uint64_t job_done(const struct job *job);

/* JOB_FRAME_LINES lines, each cut to `columns` and ended by a newline. */
void job_frame(struct buf *out, const struct job *job, const struct pace *pace, unsigned columns,
               bool utf8);

/* Prints the report: all that is known of it. */
void job_report(const struct job *job);

#endif
