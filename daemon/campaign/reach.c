#include "campaign/reach.h"

#include "base/alloc.h"

static bool holds(const void *ctx, struct txn *txn, uint32_t contact)
{
    return segment_holds(txn, ctx, contact);
}

static void release(void *ctx)
{
    segment_release(ctx);
    free(ctx);
}

struct mailing_audience reach_take(struct txn *txn, struct segment *segment)
{
    struct segment *kept = NEW(struct segment);
    struct mailing_audience audience = {.holds = holds, .free = release, .ctx = kept};
    *kept = *segment;
    *segment = (struct segment){.root = NULL};
    audience.list_count = segment_lists(txn, kept, &audience.lists);
    return audience;
}
