/*
 * What is wrong with a configuration, gathered while it is read: a list of sentences with their
 * lines, rendered once at the end in the order of the lines. Embedded; owns its sentences.
 */
#ifndef TOCSIN_CONFIG_PROBLEMS_H
#define TOCSIN_CONFIG_PROBLEMS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

struct problem {
    int line;
    struct str sentence;
};

struct problems {
    struct problem *at;
    size_t count;
    size_t size;
    struct arena memory;
};

void problems_init(struct problems *problems);
void problems_release(struct problems *problems);

/* A whole sentence. After 100 of them the rest is dropped: nobody reads so many. */
void problems_add(struct problems *problems, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds "NAME:LINE: sentence\n" for each, sorted by line, to `out`; gives their number. */
int problems_render(struct problems *problems, const char *name, struct buf *out);

#endif
