/*
 * Memory that is always there. A daemon that runs out of memory in a small allocation cannot go on
 * honestly, so these write one line to stderr and abort; systemd starts it again and the store has
 * the truth. Sizes that strangers choose are bounded before they come here.
 */
#ifndef TOCSIN_BASE_ALLOC_H
#define TOCSIN_BASE_ALLOC_H

#include <stddef.h>

void *alloc(size_t size);                    /* uninitialised; free() it */
void *alloc_zero(size_t count, size_t size); /* zeroed; free() it */
void *alloc_again(void *at, size_t size);    /* realloc */

/* One zeroed object of a type. */
#define NEW(type) ((type *)alloc_zero(1, sizeof(type)))

#endif
