#include "delivery/scout.h"

#include "base/alloc.h"
#include "base/log.h"
#include "delivery/domains.h"
#include "delivery/thread.h"
#include "store/names.h"

/* All of it, on the front loop. */
struct scout {
    struct scouted *all;
    size_t count;
    unsigned open; /* parts that are not back */
    struct loop *front;
    void (*on_scouted)(void *ctx, const struct scouted *scouted, size_t count);
    void *ctx;
};

/* One domain that a thread looks for. */
struct scout_item {
    struct scout_part *part;
    size_t place; /* in the scout's */
    uint32_t domain;
    struct destination *to;
    struct dns_question *question;
    char name[NAME_MAX_LENGTH + 1];
};

/* A thread's part, on its way there and back. */
struct scout_part {
    struct letter letter;
    struct scout_part *next, **link; /* among the thread's, while it waits for DNS */
    struct scout *scout;
    struct delivery_thread *thread;
    struct timer deadline;
    size_t count, open; /* open: questions without an answer */
    struct scout_item items[];
};

/* -- On the front loop. */

static void scout_end(struct scout *s)
{
    s->on_scouted(s->ctx, s->all, s->count);
    for (size_t i = 0; i < s->count; i++)
        destination_unref(s->all[i].to);
    free(s->all);
    free(s);
}

static void on_back(struct letter *letter)
{
    struct scout_part *part = LETTER_OF(letter, struct scout_part, letter);
    struct scout *s = part->scout;
    for (size_t i = 0; i < part->count; i++)
        s->all[part->items[i].place].to = part->items[i].to;
    free(part);
    if (--s->open == 0)
        scout_end(s);
}

/* -- On a thread. */

static void go_back(struct scout_part *part)
{
    part->letter.deliver = on_back;
    loop_post(part->scout->front, &part->letter);
}

static void leave(struct scout_part *part)
{
    timer_stop(&part->deadline);
    *part->link = part->next;
    if (part->next)
        part->next->link = part->link;
    for (size_t i = 0; i < part->count; i++)
        dns_cancel(part->items[i].question);
    go_back(part);
}

static void on_deadline(void *ctx)
{
    leave(ctx);
}

static void on_mx(void *ctx, struct dns_mx *mx)
{
    struct scout_item *item = ctx;
    struct scout_part *part = item->part;
    item->question = NULL;
    item->to = destination_by_mx(part->thread->settings->config, str_of(item->name), mx);
    dns_mx_unref(mx);
    if (--part->open == 0)
        leave(part);
}

static void read_names(struct scout_part *part)
{
    struct txn txn;
    struct err err;
    txn_begin(part->thread->store, &txn);
    for (size_t i = 0; i < part->count; i++) {
        struct scout_item *item = &part->items[i];
        struct str name = name_text(&txn, NAME_DOMAIN, item->domain);
        snprintf(item->name, sizeof(item->name), "%.*s", STR_ARG(name));
    }
    if (txn_failed(&txn, &err) != 0)
        log_say(LOG_ERROR, "store_unreadable", "%s", err.text);
    txn_end(&txn);
}

static void look_for(struct scout_item *item)
{
    struct delivery_thread *thread = item->part->thread;
    struct str name = str_of(item->name);
    item->to = domains_known(&thread->domains, item->domain);
    if (item->to || !name.len)
        return;
    item->to = destination_by_route(thread->settings->config, name);
    if (item->to)
        return;
    item->question = dns_ask_mx(thread->domains.resolver, name, on_mx, item);
    item->part->open++;
}

static void wait_for_dns(struct scout_part *part)
{
    struct delivery_thread *thread = part->thread;
    part->next = thread->scouts;
    part->link = &thread->scouts;
    if (part->next)
        part->next->link = &part->next;
    thread->scouts = part;
    timer_init(&part->deadline, &thread->loop, on_deadline, part);
    timer_start(&part->deadline, SCOUT_DEADLINE_MS);
}

static void on_asked(struct letter *letter)
{
    struct scout_part *part = LETTER_OF(letter, struct scout_part, letter);
    if (!part->thread->stopping) {
        read_names(part);
        for (size_t i = 0; i < part->count; i++)
            look_for(&part->items[i]);
    }
    if (part->open == 0)
        go_back(part);
    else
        wait_for_dns(part);
}

void scouts_stop(struct delivery_thread *thread)
{
    while (thread->scouts)
        leave(thread->scouts);
}

/* -- Asking. */

static struct scout_part *part_new(struct scout *s, struct delivery_thread *thread)
{
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        count += thread_of_domain(s->all[i].domain, thread->peer_count) == thread->index;
    struct scout_part *part = alloc_zero(1, sizeof(*part) + count * sizeof(part->items[0]));
    part->letter.deliver = on_asked;
    part->scout = s;
    part->thread = thread;
    for (size_t i = 0; i < s->count; i++)
        if (thread_of_domain(s->all[i].domain, thread->peer_count) == thread->index)
            part->items[part->count++] =
                (struct scout_item){.part = part, .place = i, .domain = s->all[i].domain};
    return part;
}

void scout_ask(struct delivery *delivery, struct loop *front, const uint32_t *domains, size_t count,
               void (*on_scouted)(void *ctx, const struct scouted *scouted, size_t count),
               void *ctx)
{
    struct delivery_thread *threads = delivery_threads(delivery);
    struct scout *s = NEW(struct scout);
    s->all = alloc_zero(count + 1, sizeof(*s->all));
    s->count = count;
    for (size_t i = 0; i < count; i++)
        s->all[i].domain = domains[i];
    s->open = threads->peer_count;
    s->front = front;
    s->on_scouted = on_scouted;
    s->ctx = ctx;
    for (unsigned i = 0; i < threads->peer_count; i++)
        loop_post(&threads[i].loop, &part_new(s, &threads[i])->letter);
}
