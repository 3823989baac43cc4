#include "delivery/wishes.h"

#include "base/alloc.h"

static void grow(struct wishes *w, enum job_lane lane)
{
    size_t size = w->size[lane] ? 2 * w->size[lane] : 256;
    struct wish *bigger = alloc(size * sizeof(*bigger));
    for (size_t i = 0; i < w->count[lane]; i++)
        bigger[i] = w->at[lane][(w->first[lane] + i) % w->size[lane]];
    free(w->at[lane]);
    w->at[lane] = bigger;
    w->first[lane] = 0;
    w->size[lane] = size;
}

bool wishes_full(const struct wishes *w, enum job_lane lane)
{
    return w->count[lane] >= WISHES_MAX;
}

bool wishes_add(struct wishes *w, struct mailing *mailing, uint32_t number)
{
    enum job_lane lane = mailing->lane;
    if (wishes_full(w, lane))
        return false;
    if (w->count[lane] == w->size[lane])
        grow(w, lane);
    size_t end = (w->first[lane] + w->count[lane]++) % w->size[lane];
    w->at[lane][end] = (struct wish){mailing_ref(mailing), number};
    return true;
}

struct wish wishes_take(struct wishes *w, enum job_lane lane)
{
    struct wish wish = w->at[lane][w->first[lane]];
    w->first[lane] = (w->first[lane] + 1) % w->size[lane];
    w->count[lane]--;
    return wish;
}

void wishes_release(struct wishes *w)
{
    for (int lane = 0; lane < LANES; lane++) {
        while (w->count[lane] > 0)
            mailing_unref(wishes_take(w, (enum job_lane)lane).mailing);
        free(w->at[lane]);
        w->at[lane] = NULL;
    }
}
