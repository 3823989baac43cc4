#include "campaign/reach.h"

static bool holds(const void *ctx, struct txn *txn, uint32_t contact)
{
    return segment_reach_holds(ctx, txn, contact);
}

static void release(void *ctx)
{
    segment_reach_free(ctx);
}

struct mailing_audience reach_take(struct txn *txn, struct segment *segment)
{
    struct segment_reach *reach = segment_reach_new(txn, segment);
    struct mailing_audience audience = {.holds = holds, .free = release, .ctx = reach};
    audience.list_count = segment_reach_lists(reach, &audience.lists);
    return audience;
}
