#include "dns/lookups.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"

static void waits_init(struct wait_list *list)
{
    *list = (struct wait_list){.end = &list->first};
}

static void waits_add(struct wait_list *list, struct wait *wait)
{
    wait->list = list;
    wait->next = NULL;
    wait->link = list->end;
    *list->end = wait;
    list->end = &wait->next;
    list->count++;
}

static void waits_remove(struct wait *wait)
{
    struct wait_list *list = wait->list;
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    else
        list->end = wait->link;
    wait->link = NULL;
    list->count--;
}

static void list_remove(struct lookup_list *list, struct lookup *lookup)
{
    *(lookup->previous ? &lookup->previous->next : &list->first) = lookup->next;
    *(lookup->next ? &lookup->next->previous : &list->last) = lookup->previous;
    list->count--;
}

static void list_append(struct lookup_list *list, struct lookup *lookup)
{
    lookup->next = NULL;
    lookup->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = lookup;
    list->last = lookup;
    list->count++;
}

static void list_prepend(struct lookup_list *list, struct lookup *lookup)
{
    lookup->previous = NULL;
    lookup->next = list->first;
    *(list->first ? &list->first->previous : &list->last) = lookup;
    list->first = lookup;
    list->count++;
}

/* To the end of a place, which for a known one means "just used". */
static void move(struct lookups *l, struct lookup *lookup, enum lookup_place place)
{
    list_remove(&l->places[lookup->place], lookup);
    lookup->place = place;
    list_append(&l->places[place], lookup);
}

static void drop(struct lookups *l, struct lookup *lookup)
{
    assert(l->all); /* the lookup is among them */
    HASH_DEL(l->all, lookup);
    list_remove(&l->places[lookup->place], lookup);
    records_unref(lookup->known);
    free(lookup);
}

static void make_room(struct lookups *l)
{
    while (HASH_COUNT(l->all) > l->most && l->places[LOOKUP_KNOWN].first)
        drop(l, l->places[LOOKUP_KNOWN].first);
}

static struct lookup *find_or_add(struct lookups *l, struct str host, enum dns_type type)
{
    char key[DNS_HOST_MAX + 2];
    struct lookup *lookup;
    size_t size = host.len + 2;
    key[0] = (char)type;
    memcpy(key + 1, host.at, host.len);
    key[size - 1] = '\0';
    HASH_FIND(hh, l->all, key, size, lookup);
    if (lookup)
        return lookup;
    lookup = alloc_zero(1, sizeof(struct lookup) + size);
    memcpy(lookup->key, key, size);
    lookup->owner = l;
    lookup->type = type;
    lookup->place = LOOKUP_IN_LINE;
    waits_init(&lookup->waits);
    list_append(&l->places[LOOKUP_IN_LINE], lookup);
    HASH_ADD_KEYPTR(hh, l->all, lookup->key, size, lookup);
    make_room(l);
    return lookup;
}

static bool is_fresh(const struct lookup *lookup)
{
    return lookup->place == LOOKUP_KNOWN && lookup->known->until_ms > clock_mono_ms();
}

void lookups_give(struct lookups *l, struct wait *wait, struct records *records)
{
    wait->lookup = NULL;
    wait->records = records;
    waits_add(&l->ready, wait);
    chore_ask(&l->chore);
}

bool lookups_ask(struct lookups *l, struct str host, enum dns_type type, struct wait *wait)
{
    struct lookup *lookup = find_or_add(l, host, type);
    if (is_fresh(lookup)) {
        move(l, lookup, LOOKUP_KNOWN);
        lookups_give(l, wait, records_ref(lookup->known));
        return true;
    }
    if (lookup->place == LOOKUP_KNOWN)
        move(l, lookup, LOOKUP_IN_LINE);
    wait->lookup = lookup;
    waits_add(&lookup->waits, wait);
    chore_ask(&l->chore);
    return false;
}

void lookups_cancel(struct lookups *l, struct wait *wait)
{
    struct lookup *lookup = wait->lookup;
    if (wait->link)
        waits_remove(wait);
    records_unref(wait->records);
    wait->records = NULL;
    wait->lookup = NULL;
    if (lookup && lookup->waits.count == 0 && lookup->place == LOOKUP_IN_LINE)
        drop(l, lookup);
}

void lookups_answered(struct lookups *l, struct lookup *lookup, const struct dns_message *message)
{
    records_unref(lookup->known);
    lookup->known = records_new(message, lookup->type, clock_mono_ms());
    move(l, lookup, LOOKUP_KNOWN);
    for (struct wait *wait; (wait = lookup->waits.first);) {
        waits_remove(wait);
        lookups_give(l, wait, records_ref(lookup->known));
    }
    make_room(l);
    chore_ask(&l->chore);
}

void lookups_ask_again(struct lookups *l)
{
    for (struct lookup *lookup; (lookup = l->places[LOOKUP_ON_WIRE].last);) {
        list_remove(&l->places[LOOKUP_ON_WIRE], lookup);
        lookup->place = LOOKUP_IN_LINE;
        list_prepend(&l->places[LOOKUP_IN_LINE], lookup);
    }
    chore_ask(&l->chore);
}

void lookups_forget(struct lookups *l)
{
    while (l->places[LOOKUP_KNOWN].first)
        drop(l, l->places[LOOKUP_KNOWN].first);
}

/* Those that are ready now, and perhaps some who join while others leave. */
static void tell(struct lookups *l)
{
    for (size_t left = l->ready.count; left > 0 && l->ready.first; left--) {
        struct wait *wait = l->ready.first;
        waits_remove(wait);
        wait->on_ready(wait);
    }
}

void lookups_work(struct lookups *l)
{
    tell(l);
    while (l->places[LOOKUP_ON_WIRE].count < l->wire_most && l->places[LOOKUP_IN_LINE].first) {
        struct lookup *lookup = l->places[LOOKUP_IN_LINE].first;
        move(l, lookup, LOOKUP_ON_WIRE);
        l->send(l->ctx, lookup);
    }
    if (l->ready.first)
        chore_ask(&l->chore);
}

static void on_chore(void *ctx)
{
    lookups_work(ctx);
}

void lookups_init(struct lookups *lookups, struct loop *loop,
                  void (*send)(void *ctx, struct lookup *lookup), void *ctx)
{
    *lookups = (struct lookups){
        .most = LOOKUPS_MOST, .wire_most = LOOKUPS_WIRE_MOST, .send = send, .ctx = ctx};
    waits_init(&lookups->ready);
    chore_init(&lookups->chore, loop, on_chore, lookups);
}

void lookups_release(struct lookups *lookups)
{
    chore_cancel(&lookups->chore);
    for (int place = 0; place < LOOKUP_PLACES; place++)
        while (lookups->places[place].first)
            drop(lookups, lookups->places[place].first);
}
