/*
 * Whom an audience still reaches when people leave lists while its job runs: the expression, with
 * those of the earlier jobs that it names, asked about one contact at a time. A job stands for the
 * audience that it was submitted for, so that who left a list is left alone by a job for the
 * recipients of an earlier one too; `job:12:bounced` is besides what the ledger has of that one
 * recipient. Under `not` a job is only what it was: whoever was its recipient is left out, whatever
 * lists they left since.
 *
 * The earlier jobs are read once, when the reach is made: each is looked at one time, however often
 * it is named, and there is room for SEGMENT_REACH_MAX terms in all, wherever they stand. That is
 * more than one expression can have, so only what is said by way of many jobs can be too long.
 * Submission refuses that (segment_reach_check); of a reach that is cut all the same nobody is held
 * who left one of its lists. A question therefore costs a bounded number of looks at the store.
 *
 * The set of recipients was fixed when the job was submitted and is not looked at here.
 */
#ifndef TOCSIN_AUDIENCE_SEGMENT_REACH_H
#define TOCSIN_AUDIENCE_SEGMENT_REACH_H

#include "audience/segment.h"

/* Terms (`all` and list:, email: and job: with what follows) of the expression, and of the
 * audiences of the jobs that it rests on. */
enum { SEGMENT_REACH_MAX = 600 };

struct segment_reach;

/* Takes over the parsed expression, and leaves an empty one. Never NULL; from malloc. */
struct segment_reach *segment_reach_new(struct txn *txn, struct segment *segment);
void segment_reach_free(struct segment_reach *reach);

/* -1 with a sentence if it has too many terms. */
int segment_reach_check(struct txn *txn, const struct segment *segment, struct err *err);

/*
 * The lists that are named where being on them helps (so not under `not`), each once, those of
 * earlier audiences among them. They live as long as the reach.
 */
size_t segment_reach_lists(const struct segment_reach *reach, const struct str **lists);

/* Whether one contact is in the audience as things are now. What does not exist has nobody in it.
 * Any thread. */
bool segment_reach_holds(const struct segment_reach *reach, struct txn *txn, uint32_t contact);

#endif
