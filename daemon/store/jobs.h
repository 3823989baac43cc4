/*
 * Jobs: one send of one message to one segment. The record holds the counters too, written in the
 * same transaction as the ledger entries that they count, so they are true after any crash without
 * a walk. A recipient that is on the wire counts as queued here: "in flight" exists in memory only.
 *
 * Table `jobs`: key: job id (u32 BE)
 *               value: version (u8 = 3) · state (u8) · lane (u8) · guarantee (u8) · message id,
 *               message version, created, started, finished, fanned, recipients (u32 BE each) ·
 *               counts (u32 BE × RECIPIENT_STATES) · opened (u32 BE) · retry: states (u8), next
 *               contact (u32 BE) · weight (u16 BE) · name, segment, identity, pool (each length
 *               u16 BE · bytes)
 *
 * Of older versions stores may still have records: 2 is the same without weight and pool, 1 without
 * opened and retry too.
 */
#ifndef TOCSIN_STORE_JOBS_H
#define TOCSIN_STORE_JOBS_H

#include "base/buf.h"
#include "store/messages.h"
#include "store/store.h"

enum job_state { JOB_DRAFT, JOB_SCHEDULED, JOB_SENDING, JOB_PAUSED, JOB_CANCELLED, JOB_FINISHED };
enum job_lane { LANE_TRANSACTIONAL, LANE_BULK, LANES };

/* What happens to a copy whose last byte was sent and whose answer was never seen. */
enum job_guarantee { GUARANTEE_AT_LEAST_ONCE, GUARANTEE_AT_MOST_ONCE };

/* What a recipient of a job can be. The first three can still be sent to; the others are final. */
enum recipient_state {
    RECIPIENT_QUEUED,
    RECIPIENT_DEFERRED,
    RECIPIENT_IN_DOUBT, /* the last byte was sent and no answer seen */
    RECIPIENT_DELIVERED,
    RECIPIENT_BOUNCED,
    RECIPIENT_SKIPPED,
    RECIPIENT_EXPIRED,
    RECIPIENT_CANCELLED,
    RECIPIENT_STATES
};

struct job_record {
    uint32_t id;
    enum job_state state;
    enum job_lane lane;
    enum job_guarantee guarantee;
    struct message_ref message;
    uint32_t created, started, finished; /* seconds since 1970; 0: not yet */
    uint32_t fanned; /* fan-out has queued all recipients with ids below this; UINT32_MAX: all */
    uint32_t opened; /* submitted or last resumed: from here on, what was never tried ages */
    uint8_t retry_states; /* a retry is under way: of copies in these states (1 << state) … */
    uint32_t retry_next;  /* … it has queued those with ids below this */
    uint32_t recipients;
    uint32_t counts[RECIPIENT_STATES]; /* they always sum up to `recipients` */
    uint32_t weight; /* its share of a site beside other jobs of its lane: 1 to JOB_WEIGHT_MAX */
    struct str name, segment, identity; /* views into the transaction when read */
    struct str pool;                    /* likewise; empty: as the configuration says */
};

enum { JOB_TEXT_MAX = 4096 };   /* longest name, segment, identity or pool */
enum { JOB_WEIGHT_MAX = 1000 }; /* largest weight */

bool job_read(struct txn *txn, uint32_t id, struct job_record *out);

/* Writes the record under its id; a weight of 0 is written as 1. Writer only. */
void job_write(struct txn *txn, const struct job_record *job);

/* Copies the texts of a record into `texts` and points the record there, so that it outlives
 * its transaction, and further writes in it. */
void job_keep(struct job_record *job, struct buf *texts);

/* The id that the next new job gets (last + 1, from 1). */
uint32_t job_next_id(struct txn *txn);

/* The job with the largest id <= *id; sets *id. False at the end. For lists, newest first. */
bool job_seek_down(struct txn *txn, uint32_t *id, struct job_record *out);

const char *job_state_name(enum job_state state);             /* "sending" */
const char *job_lane_name(enum job_lane lane);                /* "bulk" */
const char *job_guarantee_name(enum job_guarantee guarantee); /* "at-least-once" */
const char *recipient_state_name(enum recipient_state state); /* "in_doubt" */
bool job_lane_parse(struct str name, enum job_lane *out);
bool recipient_state_parse(struct str name, enum recipient_state *out);

#endif
