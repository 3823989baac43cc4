/*
 * How fast a receiver takes messages, as seen while there was something to send: how many are
 * answered a second, and for how long a message keeps a connection busy (where transactions
 * overlap, its part of that). What is older weighs less: half after 43 seconds. Pure: whoever keeps
 * one counts answers as they come, and calls tempo_tick every TEMPO_TICK_MS.
 */
#ifndef TOCSIN_DELIVERY_TEMPO_H
#define TOCSIN_DELIVERY_TEMPO_H

#include <stdbool.h>
#include <stdint.h>

enum { TEMPO_TICK_MS = 10 * 1000 };

/* All zeroes: nothing was seen. */
struct tempo {
    uint64_t answered, busy_ms;    /* since the last tick */
    double count, busy_s, seconds; /* before, weighed */
    bool at_work;                  /* at the last tick */
};

/* One more was answered. */
static inline void tempo_count(struct tempo *tempo)
{
    tempo->answered++;
}

/* A connection had something under way for so long. */
static inline void tempo_busy(struct tempo *tempo, uint64_t ms)
{
    tempo->busy_ms += ms;
}

/* TEMPO_TICK_MS have passed. What was counted says nothing, and is forgotten, unless the site is
 * `at_work`, as fast as it may, now and was at the last tick. */
void tempo_tick(struct tempo *tempo, bool at_work);

/* Messages a second; 0 while too little was seen to say. */
double tempo_pace(const struct tempo *tempo);

/* Seconds of a connection that a message takes; 0 while too little was seen to say. */
double tempo_seconds(const struct tempo *tempo);

#endif
