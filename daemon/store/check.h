/*
 * The whole check of a data folder, for people: the pages of the data file (store/pages.h), then
 * each record by the parser of its table, then what must agree across tables: names both ways,
 * contacts and the index of addresses, sets with their checksums, for each job its recipients,
 * ledger, queue and numbers, the queue and its counts; and the journals. It reads only, and changes
 * nothing.
 *
 * It takes the folder for itself as long as it looks, and is refused where a tocsind runs. While
 * pages are damaged, records are not looked at: LMDB would have to read them.
 */
#ifndef TOCSIN_STORE_CHECK_H
#define TOCSIN_STORE_CHECK_H

#include <stdio.h>

#include "base/err.h"

/* Writes what was looked at, and each finding as a sentence, to `out`; 0: all is well, 1: something
 * was found, -1 with a sentence: it could not look. */
int store_check(const char *dir, FILE *out, struct err *err);

#endif
