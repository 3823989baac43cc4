/*
 * Submissions that come again. A client that does not know whether its submission arrived sends it
 * once more under the same key; this finds the job that it made. Only this room includes it.
 */
#ifndef TOCSIN_CAMPAIGN_REPEAT_H
#define TOCSIN_CAMPAIGN_REPEAT_H

#include "campaign/campaign.h"
#include "store/job_keys.h"

/* What a submission is, as its client sent it: what the daemon fills in (the first identity, say)
 * may be another the next time. */
void repeat_describe(const struct submission *what, struct job_key *out);

/*
 * True if the key was used: then the answer is the job that it made, or, if that was made from
 * other content, a conflict that says what differs. False for a submission without a key.
 */
bool repeat_find(struct txn *txn, struct str key, const struct job_key *description,
                 struct campaign_answer *answer);

#endif
