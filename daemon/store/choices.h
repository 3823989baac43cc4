/*
 * What contacts chose: the lists that they left, and the topics that they want nothing more about.
 * Who leaves a list is taken off it and remembered, so that the next import of an old file does not
 * put them back. What they chose about all mail at once is in their flags (store/contacts.h).
 *
 * Kept in sets (store/sets.h): SET_LIST, SET_LEFT_LIST, SET_LEFT_TOPIC. Topics are the labels of
 * messages, at most TOPIC_MAX bytes of ASCII; capitals and small letters make no difference.
 */
#ifndef TOCSIN_STORE_CHOICES_H
#define TOCSIN_STORE_CHOICES_H

#include "store/store.h"

enum { TOPIC_MAX = 60 };

/* The name of a topic as the store has it: in lower case, and cut to TOPIC_MAX bytes. */
struct str topic_key(struct str topic, char out[static TOPIC_MAX]);

/* Writer only; `list` is a NAME_LIST. Leaving counts also for who was not on the list. Each is true
 * if it changed something. */
bool list_leave(struct txn *txn, uint32_t list, uint32_t contact);
bool list_join(struct txn *txn, uint32_t list, uint32_t contact);
bool topic_leave(struct txn *txn, struct str topic, uint32_t contact);
bool topic_return(struct txn *txn, struct str topic, uint32_t contact);

#endif
