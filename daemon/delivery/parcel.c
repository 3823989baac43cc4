#include "delivery/parcel.h"

#include "base/alloc.h"
#include "delivery/feed.h"

enum { SPARE_MAX = 256, SPARE_TEXT_MAX = 256 * 1024 };

void parcel_line_init(struct parcel_line *line)
{
    line->first = NULL;
    line->end = &line->first;
    line->count = 0;
}

void parcel_line_add(struct parcel_line *line, struct parcel *parcel)
{
    parcel->next = NULL;
    *line->end = parcel;
    line->end = &parcel->next;
    line->count++;
}

struct parcel *parcel_line_take(struct parcel_line *line)
{
    struct parcel *parcel = line->first;
    if (!parcel)
        return NULL;
    line->first = parcel->next;
    if (!line->first)
        line->end = &line->first;
    line->count--;
    return parcel;
}

struct parcel *parcel_take(struct delivery_thread *thread, struct feed *feed, uint32_t contact,
                           uint32_t due)
{
    struct parcel *parcel = thread->spare;
    if (parcel) {
        thread->spare = parcel->next;
        thread->spare_count--;
    } else {
        parcel = NEW(struct parcel);
    }
    parcel->copy.mailing = feed->mailing;
    parcel->copy.contact = contact;
    parcel->copy.domain = feed->domain;
    parcel->copy.due = due;
    parcel->copy.first = 0;
    parcel->copy.attempts = 0;
    parcel->copy.was = RECIPIENT_QUEUED;
    parcel->copy.asker = &thread->loop;
    parcel->feed = feed;
    parcel->losses = 0;
    parcel->begun = false;
    feed->pending++;
    thread->parcels++;
    u64set_add(&thread->taken, taken_key(feed->mailing->job, contact));
    return parcel;
}

static void destroy(struct parcel *parcel)
{
    buf_release(&parcel->copy.sender);
    buf_release(&parcel->copy.recipient);
    buf_release(&parcel->copy.head);
    buf_release(&parcel->copy.body);
    free(parcel);
}

void parcel_free(struct delivery_thread *thread, struct parcel *parcel)
{
    thread->parcels--;
    if (thread->spare_count >= SPARE_MAX || parcel->copy.body.size > SPARE_TEXT_MAX) {
        destroy(parcel);
        return;
    }
    parcel->next = thread->spare;
    thread->spare = parcel;
    thread->spare_count++;
}

void parcel_put_back(struct delivery_thread *thread, struct parcel *parcel)
{
    struct feed *feed = parcel->feed;
    u64set_remove(&thread->taken, taken_key(feed->mailing->job, parcel->copy.contact));
    feed_rewind(feed);
    parcel_free(thread, parcel);
    feed_settle(feed, 0);
}

void parcel_line_put_back(struct delivery_thread *thread, struct parcel_line *line)
{
    for (struct parcel *p; (p = parcel_line_take(line));)
        parcel_put_back(thread, p);
}

void parcels_release(struct delivery_thread *thread)
{
    for (struct parcel *p = thread->spare, *next; p; p = next) {
        next = p->next;
        destroy(p);
    }
    thread->spare = NULL;
    thread->spare_count = 0;
}
