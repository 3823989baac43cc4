/*
 * What new sources have sent, or may have, of a day's warm-up budget, so that no crash and no
 * restart lets them send more. Budgets are taken in parts, each durable before a message of it is
 * sent; what a crash finds unsent of a part is lost for that day.
 *
 * Table `warm_up`: key: source (text) · 0 · provider (text; empty: all sites without a provider)
 *                  value: version (u8 = 1) · day (u32 BE, days since 1970-01-01 UTC) · taken (u32
 * BE): messages of that day's budget, those given back not among them; from 1
 *
 * A record counts for its day only. Days never go back: while the clock shows an earlier one than
 * the record has, what was taken still counts. Nothing is ever given for names that take more than
 * WARM_UP_NAMES_MAX bytes together, that have a NUL, or without a source.
 */
#ifndef TOCSIN_STORE_WARM_UP_H
#define TOCSIN_STORE_WARM_UP_H

#include "store/store.h"

enum { WARM_UP_NAMES_MAX = 240 };

struct warm_up_place {
    struct str source, provider;
};

struct warm_up_record {
    uint32_t day, taken;
};

/* Takes up to `want` of a day's `budget`; returns how many there were, and in `taken` what is taken
 * of it now. Writer only. */
uint32_t warm_up_take(struct txn *txn, const struct warm_up_place *place, uint32_t day,
                      uint32_t budget, uint32_t want, uint32_t *taken);

/* Some of what was taken on a day was not sent. Writer only. */
void warm_up_give_back(struct txn *txn, const struct warm_up_place *place, uint32_t day,
                       uint32_t count);

/* False if there is none. */
bool warm_up_read(struct txn *txn, const struct warm_up_place *place, struct warm_up_record *out);

/* Erases the records of days before `day`. Writer only. */
void warm_up_forget(struct txn *txn, uint32_t day);

#endif
