/*
 * A throttle: what may go on at the same time and how fast, for a source at a site, a source at a
 * provider, or a whole provider. A connection and a message pass all the throttles that they are
 * under, from the narrowest to the widest; whoever is refused waits in line at the one that refused
 * it (delivery/turns.h). A throttle lives in one thread.
 *
 *                                      ┌─► total of the provider
 *   outlet: its own ─► source at its provider
 */
#ifndef TOCSIN_DELIVERY_THROTTLE_H
#define TOCSIN_DELIVERY_THROTTLE_H

#include "delivery/pace.h"
#include "delivery/turns.h"

enum { THROTTLES_MAX = 3 };

struct throttle {
    unsigned connections_max; /* 0: no limit */
    unsigned connections;     /* open, or being opened */
    struct pace connects;
    struct pace messages[RATES_MAX];
    size_t message_paces;
    struct turns slots, sends; /* who waits to connect, and to send */
};

/* As if as much as is allowed had gone before: a daemon that starts does not know. */
void throttle_init(struct throttle *t, struct loop *loop, const struct throttle_limits *limits,
                   int64_t now_us);
void throttle_release(struct throttle *t);

/* Other limits hold from now on. Connections above a lower limit are the caller's to close. */
void throttle_change(struct throttle *t, const struct throttle_limits *limits, int64_t now_us);

/* Nothing goes on and nothing that went counts: it could as well be made anew. */
bool throttle_is_idle(const struct throttle *t, int64_t now_us);

/* The throttles that somebody is under. */
struct throttle_path {
    struct throttle *at[THROTTLES_MAX];
    size_t count;
};

enum throttle_answer { THROTTLE_FREE, THROTTLE_WAIT };

/* Whether one more connection may be opened; if not, `turn` waits for it in line. */
enum throttle_answer throttle_ask_connection(const struct throttle_path *path, struct turn *turn,
                                             bool urgent, int64_t now_us);
void throttle_connected(const struct throttle_path *path, int64_t now_us);
void throttle_disconnected(const struct throttle_path *path);

/* Whether one more message may go; if not, `turn` waits for it in line. */
enum throttle_answer throttle_ask_message(const struct throttle_path *path, struct turn *turn,
                                          bool urgent, int64_t now_us);
void throttle_sent(const struct throttle_path *path, int64_t now_us);

/* How many connections more there is room for now, whoever waits for them. */
unsigned throttle_room(const struct throttle_path *path);

/* How many messages may go within the next `us`, at most. */
uint64_t throttle_allows(const struct throttle_path *path, int64_t us, int64_t now_us);

#endif
