#include "delivery/throttle.h"

enum {
    TOGETHER_MS = 5,
    SLOT_LOOK_MS = 250, /* a slot that is freed calls earlier */
};

static void set_limits(struct throttle *t, const struct throttle_limits *limits)
{
    t->connections_max = limits->connections;
    t->message_paces = limits->rates.count;
}

void throttle_init(struct throttle *t, struct loop *loop, const struct throttle_limits *limits,
                   int64_t now_us)
{
    t->connections = 0;
    set_limits(t, limits);
    pace_init(&t->connects, limits->connection_rate, now_us);
    for (size_t i = 0; i < limits->rates.count; i++)
        pace_init(&t->messages[i], limits->rates.at[i], now_us);
    turns_init(&t->slots, loop);
    turns_init(&t->sends, loop);
}

void throttle_release(struct throttle *t)
{
    turns_release(&t->slots);
    turns_release(&t->sends);
}

/* The pace that holds for the same period now, if there is one. */
static const struct pace *pace_of(const struct pace *paces, size_t count, const struct rate *rate)
{
    for (size_t i = 0; i < count; i++)
        if (paces[i].rate.period_ms == rate->period_ms)
            return &paces[i];
    return NULL;
}

void throttle_change(struct throttle *t, const struct throttle_limits *limits, int64_t now_us)
{
    struct pace old[RATES_MAX];
    size_t old_count = t->message_paces;
    for (size_t i = 0; i < old_count; i++)
        old[i] = t->messages[i];
    set_limits(t, limits);
    pace_change(&t->connects, limits->connection_rate, now_us);
    for (size_t i = 0; i < limits->rates.count; i++) {
        const struct pace *known = pace_of(old, old_count, &limits->rates.at[i]);
        t->messages[i] = known ? *known : (struct pace){{0, 0}, 0};
        pace_change(&t->messages[i], limits->rates.at[i], now_us);
    }
    turns_call(&t->slots);
    turns_call(&t->sends);
}

bool throttle_is_idle(const struct throttle *t, int64_t now_us)
{
    bool idle = t->connections == 0 && pace_is_idle(&t->connects, now_us);
    for (size_t i = 0; i < t->message_paces; i++)
        idle &= pace_is_idle(&t->messages[i], now_us);
    return idle;
}

static bool is_full(const struct throttle *t)
{
    return t->connections_max && t->connections >= t->connections_max;
}

static uint64_t ms_of(int64_t us)
{
    return (uint64_t)us / 1000 + 1;
}

/* Messages go some at a time where the rate is high: a turn of the loop for each one would cost
 * more than the message. What is late by that is made up for: pace.h. */
static uint64_t together_ms(int64_t us)
{
    uint64_t ms = ms_of(us);
    return ms > TOGETHER_MS ? ms : TOGETHER_MS;
}

enum throttle_answer throttle_ask_connection(const struct throttle_path *path, struct turn *turn,
                                             bool urgent, int64_t now_us)
{
    for (size_t i = 0; i < path->count; i++) {
        struct throttle *t = path->at[i];
        int64_t wait_us = pace_wait_us(&t->connects, now_us);
        if (!is_full(t) && wait_us == 0 && turns_is_free(&t->slots, turn))
            continue;
        turns_wait(&t->slots, turn, is_full(t) ? SLOT_LOOK_MS : ms_of(wait_us), urgent);
        return THROTTLE_WAIT;
    }
    return THROTTLE_FREE;
}

void throttle_connected(const struct throttle_path *path, int64_t now_us)
{
    for (size_t i = 0; i < path->count; i++) {
        path->at[i]->connections++;
        pace_count(&path->at[i]->connects, now_us);
        turns_take(&path->at[i]->slots);
    }
}

void throttle_disconnected(const struct throttle_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        path->at[i]->connections--;
        turns_call(&path->at[i]->slots);
    }
}

static int64_t message_wait_us(const struct throttle *t, int64_t now_us)
{
    int64_t longest = 0;
    for (size_t i = 0; i < t->message_paces; i++) {
        int64_t wait = pace_wait_us(&t->messages[i], now_us);
        longest = wait > longest ? wait : longest;
    }
    return longest;
}

enum throttle_answer throttle_ask_message(const struct throttle_path *path, struct turn *turn,
                                          bool urgent, int64_t now_us)
{
    for (size_t i = 0; i < path->count; i++) {
        struct throttle *t = path->at[i];
        int64_t wait_us = message_wait_us(t, now_us);
        if (wait_us == 0 && turns_is_free(&t->sends, turn))
            continue;
        turns_wait(&t->sends, turn, urgent ? ms_of(wait_us) : together_ms(wait_us), urgent);
        return THROTTLE_WAIT;
    }
    return THROTTLE_FREE;
}

void throttle_sent(const struct throttle_path *path, int64_t now_us)
{
    for (size_t i = 0; i < path->count; i++) {
        for (size_t k = 0; k < path->at[i]->message_paces; k++)
            pace_count(&path->at[i]->messages[k], now_us);
        turns_take(&path->at[i]->sends);
    }
}

unsigned throttle_room(const struct throttle_path *path)
{
    unsigned room = UINT32_MAX;
    for (size_t i = 0; i < path->count; i++) {
        const struct throttle *t = path->at[i];
        unsigned left = is_full(t) ? 0 : t->connections_max - t->connections;
        if (t->connections_max && left < room)
            room = left;
    }
    return room;
}

uint64_t throttle_allows(const struct throttle_path *path, int64_t us, int64_t now_us)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < path->count; i++)
        for (size_t k = 0; k < path->at[i]->message_paces; k++) {
            uint64_t n = pace_allows(&path->at[i]->messages[k], now_us + us, now_us);
            least = n < least ? n : least;
        }
    return least;
}
