#include "delivery/share.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "delivery/site.h"

enum { LOADED_MIN = 4, LOADED_MAX = 64 };

static struct share_lane *lane_of(const struct share *share)
{
    return &share->site->lanes[share->mailing->lane];
}

struct share *share_get(struct site *site, struct mailing *mailing)
{
    struct share *share;
    HASH_FIND(hh, site->shares, &mailing->job, sizeof(mailing->job), share);
    if (share)
        return share;
    share = NEW(struct share);
    share->job = mailing->job;
    share->site = site;
    share->mailing = mailing_ref(mailing);
    parcel_line_init(&share->returned);
    parcel_line_init(&share->loaded);
    early_init(share);
    HASH_ADD(hh, site->shares, job, sizeof(share->job), share);
    site_admit_share(site, share);
    return share;
}

/* For any source that may send the job. */
static size_t copies_of(const struct share *share)
{
    return share->returned.count + share->loaded.count;
}

static void readers_add(struct share_lane *lane, struct share *share)
{
    lane->reader_count++;
    if (!lane->reader) {
        share->next = share->previous = share;
        lane->reader = share;
        return;
    }
    share->next = lane->reader;
    share->previous = lane->reader->previous;
    share->previous->next = share;
    share->next->previous = share;
}

static void readers_remove(struct share_lane *lane, struct share *share)
{
    lane->reader_count--;
    if (share->next == share)
        lane->reader = NULL;
    else if (lane->reader == share)
        lane->reader = share->next;
    share->previous->next = share->next;
    share->next->previous = share->previous;
    share->next = share->previous = NULL;
}

void share_free_if_done(struct share *share)
{
    if (share->feeds > 0 || copies_of(share) + share->early.line.count > 0)
        return;
    struct share_lane *lane = lane_of(share);
    if (share->next)
        readers_remove(lane, share);
    heap_remove(&lane->heap, &share->turn);
    HASH_DEL(share->site->shares, share);
    early_release(share);
    mailing_unref(share->mailing);
    free(share);
}

static bool is_held(const struct share *share)
{
    return share->held_until && share->held_until > (uint32_t)clock_steady_s();
}

static struct share *share_of(const struct heap_item *item)
{
    return (struct share *)(void *)((char *)item - offsetof(struct share, turn));
}

/* Who comes new, or again, has no claim on what went before: it begins level with the one that has
 * spent least of those that it shares a source with. */
static void catch_up(const struct share_lane *lane, struct share *share)
{
    const struct share *least = NULL;
    for (size_t i = 0; i < lane->heap.count; i++) {
        const struct share *other = share_of(lane->heap.at[i]);
        if ((other->sources & share->sources) && (!least || other->spent < least->spent))
            least = other;
        if (least && i == 0)
            break; /* the first in the heap has spent least of all */
    }
    if (least && least->spent > share->spent)
        share->spent = least->spent;
}

void share_turn(struct share *share)
{
    struct share_lane *lane = lane_of(share);
    bool may = !is_held(share) && (share->sources & share->site->able);
    bool reads = share->ring.head && share->loaded.count < LOADED_MAX / 2 && may;
    bool has = copies_of(share) + share->early.line.count > 0 && !is_held(share);
    if (reads && !share->next)
        readers_add(lane, share);
    else if (!reads && share->next)
        readers_remove(lane, share);
    if (has && !share->turn.place) {
        catch_up(lane, share);
        heap_put(&lane->heap, &share->turn, share->spent);
    } else if (!has) {
        heap_remove(&lane->heap, &share->turn);
    }
}

void share_add(struct share *share, struct parcel *parcel)
{
    parcel_line_add(&share->loaded, parcel);
    lane_of(share)->copies++;
    share_turn(share);
}

void share_add_early(struct share *share, struct parcel *parcel)
{
    parcel_line_add(&share->early.line, parcel);
    lane_of(share)->early++;
    share_turn(share);
}

void share_let_in(struct share *share)
{
    struct share_lane *lane = lane_of(share);
    for (struct parcel *p; (p = parcel_line_take(&share->early.line));) {
        parcel_line_add(&share->returned, p);
        lane->early--;
        lane->copies++;
    }
    share_turn(share);
}

/* A favourite that comes back unharmed keeps its place. */
static bool stays_early(const struct share *share, const struct parcel *parcel)
{
    return share->early.keeps && parcel->early && parcel->losses == 0;
}

void share_return(struct share *share, struct parcel *parcel)
{
    if (stays_early(share, parcel)) {
        parcel_line_put_first(&share->early.line, parcel);
        lane_of(share)->early++;
        share_turn(share);
        return;
    }
    parcel_line_add(&share->returned, parcel);
    lane_of(share)->copies++;
    share_turn(share);
}

/* As much as its weight allows of what the lane may have loaded. */
static size_t portion_of(const struct share_lane *lane, const struct share *share, size_t target)
{
    size_t portion = target * share->mailing->weight / (lane->reader_count + lane->heap.count);
    portion = portion < LOADED_MIN ? LOADED_MIN : portion > LOADED_MAX ? LOADED_MAX : portion;
    return portion > share->loaded.count ? portion - share->loaded.count : 0;
}

/* Each reads at most a portion and goes to the end of the ring. A portion may hold nothing new (all
 * under way), so the turns are counted, not the copies; and it may hold one copy only, where each
 * of many domains has one. */
void share_lane_read(struct share_lane *lane, struct txn *txn, size_t target)
{
    for (size_t turns = lane->reader_count + target; turns > 0 && lane->copies < target; turns--) {
        struct share *share = lane->reader;
        if (!share)
            return;
        lane->reader = share->next;
        size_t portion = portion_of(lane, share, target);
        if (portion)
            feed_read(share->ring.head, txn, portion);
    }
}

static bool is_fresh(const struct share *share, unsigned source)
{
    return share->early.fresh >> source & 1;
}

/* A new source takes favourites, as long as there are some here to load, and nothing else. */
static bool gives_others(const struct share *share, unsigned source)
{
    bool only_early = is_fresh(share, source) && share->early.keeps && share->early.feeds.count > 0;
    return copies_of(share) > 0 && !only_early;
}

static bool gives(const struct share *share, unsigned source)
{
    if (!(share->sources >> source & 1))
        return false;
    return (is_fresh(share, source) && share->early.line.count > 0) || gives_others(share, source);
}

/* The first in the heap may be another source's to send: then the best of all the rest. */
static struct share *next_for(const struct share_lane *lane, unsigned source)
{
    struct share *best = NULL;
    for (size_t i = 0; i < lane->heap.count; i++) {
        struct share *share = share_of(lane->heap.at[i]);
        if (gives(share, source) && (!best || share->spent < best->spent))
            best = share;
        if (best && i == 0)
            return best;
    }
    return best;
}

static struct parcel *take_from(struct share *share, unsigned source)
{
    struct share_lane *lane = lane_of(share);
    struct parcel *p = is_fresh(share, source) ? parcel_line_take(&share->early.line) : NULL;
    if (p) {
        lane->early--;
        return p;
    }
    lane->copies--;
    p = parcel_line_take(&share->returned);
    return p ? p : parcel_line_take(&share->loaded);
}

struct parcel *share_lane_take(struct share_lane *lane, unsigned source)
{
    struct share *share = next_for(lane, source);
    if (!share)
        return NULL;
    struct parcel *p = take_from(share, source);
    share->spent += COPY_COSTS / (int64_t)share->mailing->weight;
    heap_put(&lane->heap, &share->turn, share->spent);
    share_turn(share);
    return p;
}

bool share_lane_starves(const struct share_lane *lane, uint64_t able)
{
    const struct share *share = lane->reader;
    uint64_t fed = 0;
    for (size_t i = 0; i < lane->heap.count; i++)
        fed |= share_of(lane->heap.at[i])->sources;
    for (size_t i = 0; i < lane->reader_count; i++, share = share->next)
        if (share->sources & able & ~fed)
            return true;
    return false;
}

bool share_lane_has(const struct share_lane *lane, unsigned source)
{
    return next_for(lane, source) != NULL;
}

static size_t line_take_out(struct parcel_line *line,
                            bool (*wanted)(void *ctx, const struct parcel *parcel), void *ctx,
                            struct parcel_line *out)
{
    size_t before = out->count;
    for (size_t n = line->count; n > 0; n--) {
        struct parcel *p = parcel_line_take(line);
        parcel_line_add(wanted(ctx, p) ? out : line, p);
    }
    return out->count - before;
}

void share_take_returned(struct share *share, struct parcel_line *out)
{
    for (struct parcel *p; (p = parcel_line_take(&share->returned));) {
        parcel_line_add(out, p);
        lane_of(share)->copies--;
    }
    share_turn(share);
}

void share_take_out(struct share *share, bool (*wanted)(void *ctx, const struct parcel *parcel),
                    void *ctx, struct parcel_line *out)
{
    size_t taken = line_take_out(&share->returned, wanted, ctx, out);
    taken += line_take_out(&share->loaded, wanted, ctx, out);
    lane_of(share)->copies -= taken;
    lane_of(share)->early -= line_take_out(&share->early.line, wanted, ctx, out);
    share_turn(share);
}

void share_lane_init(struct share_lane *lane)
{
    *lane = (struct share_lane){.reader = NULL};
    heap_init(&lane->heap);
}

void share_lane_release(struct share_lane *lane)
{
    heap_release(&lane->heap);
}
