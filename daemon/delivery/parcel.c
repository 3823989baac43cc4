#include "delivery/parcel.h"

#include "base/alloc.h"
#include "delivery/feed.h"
#include "delivery/tenancy.h"
#include "delivery/warmth.h"

enum { SPARE_MAX = 256, SPARE_BODY_MAX = 256 * 1024 };

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

void parcel_line_put_first(struct parcel_line *line, struct parcel *parcel)
{
    parcel->next = line->first;
    if (!line->first)
        line->end = &parcel->next;
    line->first = parcel;
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
    parcel->copy.since = 0;
    parcel->copy.attempts = 0;
    parcel->copy.was = RECIPIENT_QUEUED;
    parcel->copy.asker = &thread->loop;
    parcel->feed = feed;
    parcel->losses = 0;
    parcel->begun = false;
    parcel->source = STR("");
    parcel->unit = NULL;
    parcel->early = false;
    feed->pending++;
    thread->parcels++;
    u64set_add(&thread->taken, taken_key(feed->mailing->job, contact));
    return parcel;
}

static void destroy(struct parcel *parcel)
{
    buf_release(&parcel->copy.sender);
    buf_release(&parcel->copy.recipient);
    free(parcel);
}

void parcel_give_sheet(struct delivery_thread *thread, struct parcel *parcel)
{
    struct sheet *sheet = thread->sheets;
    if (sheet) {
        thread->sheets = sheet->next;
        thread->sheet_count--;
    }
    parcel->copy.sheet = sheet ? sheet : NEW(struct sheet);
}

void parcel_take_sheet(struct delivery_thread *thread, struct parcel *parcel)
{
    struct sheet *sheet = parcel->copy.sheet;
    parcel->copy.sheet = NULL;
    if (!sheet)
        return;
    if (thread->sheet_count >= SPARE_MAX || sheet->body.size > SPARE_BODY_MAX) {
        sheet_free(sheet);
        return;
    }
    sheet->next = thread->sheets;
    thread->sheets = sheet;
    thread->sheet_count++;
}

void parcel_free(struct delivery_thread *thread, struct parcel *parcel)
{
    thread->parcels--;
    warmth_give_back(parcel);
    parcel_take_sheet(thread, parcel);
    if (thread->spare_count >= SPARE_MAX) {
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
    if (parcel->early && !feed->tenancy->leaving)
        early_rewind(feed);
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
    for (struct sheet *sheet = thread->sheets, *next; sheet; sheet = next) {
        next = sheet->next;
        sheet_free(sheet);
    }
    thread->spare = NULL;
    thread->sheets = NULL;
    thread->spare_count = thread->sheet_count = 0;
}
