/*
 * Recovery: what the last process wrote into its journals and not yet into the store, taken over at
 * the start, before anything is sent.
 *
 *   began, ended, not in the ledger        its outcome is applied
 *   began, nothing more                    in doubt: we may have sent its last byte
 *   in the ledger already                  nothing: attempts are counted there
 */
#ifndef TOCSIN_DELIVERY_RECOVERY_H
#define TOCSIN_DELIVERY_RECOVERY_H

#include "config/config.h"
#include "store/store.h"

/* Returns when all of it is durable; a disk that is full is waited for. -1 with a sentence: a
 * journal is damaged, or the store cannot be read. */
int recovery_run(struct store *store, const struct config *config, struct err *err);

#endif
