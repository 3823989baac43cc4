/* Signals as events of a loop: SIGTERM and SIGINT ask to stop, SIGHUP to reload. */
#ifndef TOCSIN_LOOP_SIGNALS_H
#define TOCSIN_LOOP_SIGNALS_H

#include "loop/loop.h"

enum { SIGNALS_MAX = 4 };

struct signals {
    uv_signal_t handles[SIGNALS_MAX];
    size_t count;
    void (*on_signal)(void *ctx, int number);
    void *ctx;
};

/* Watches the numbers (at most SIGNALS_MAX). The struct must stay until the loop is released. */
int signals_watch(struct signals *signals, struct loop *loop, const int *numbers, size_t count,
                  void (*on_signal)(void *ctx, int number), void *ctx, struct err *err);

/* Before the loop ends. */
void signals_close(struct signals *signals);

#endif
