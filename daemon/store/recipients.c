#include "store/recipients.h"

#include "store/ledger.h"
#include "store/outcomes.h"
#include "store/sets.h"

enum { BATCH = 1024 };

/* Contacts with a ledger entry that counts as `state`, or (`others`) as anything else. */
static roaring_bitmap_t *gather(struct txn *txn, const struct job_record *job,
                                enum recipient_state state, bool others)
{
    roaring_bitmap_t *set = roaring_bitmap_create();
    struct ledger_entry entry;
    uint32_t ids[BATCH], contact = 0;
    size_t count = 0;
    for (; ledger_seek(txn, job->id, &contact, &entry); contact++) {
        if ((recipient_counts_as(job->state, entry.state) == state) != others)
            ids[count++] = contact;
        if (count == BATCH) {
            roaring_bitmap_add_many(set, count, ids);
            count = 0;
        }
        if (contact == UINT32_MAX)
            break;
    }
    roaring_bitmap_add_many(set, count, ids);
    return set;
}

/* Who was never tried has no entry: those are found by leaving out all that are something else. */
roaring_bitmap_t *recipients_in_state(struct txn *txn, const struct job_record *job,
                                      enum recipient_state state)
{
    bool untried = recipient_counts_as(job->state, RECIPIENT_QUEUED) == state;
    roaring_bitmap_t *found = gather(txn, job, state, untried);
    if (!untried)
        return found;
    roaring_bitmap_t *set = set_load(txn, SET_JOB, job->id);
    roaring_bitmap_andnot_inplace(set, found);
    roaring_bitmap_free(found);
    return set;
}
