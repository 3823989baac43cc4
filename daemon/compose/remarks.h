/*
 * What somebody who looked a message over has to say about it, for the person who wrote it: errors,
 * with which nothing can be sent, and warnings. A plain list with a bound; the texts are its own.
 */
#ifndef TOCSIN_COMPOSE_REMARKS_H
#define TOCSIN_COMPOSE_REMARKS_H

#include <stdbool.h>

#include "base/arena.h"

enum { REMARKS_MAX = 100 };

/* Where in which file; 0: no line, or no column, is known. Both count from 1, columns characters.
 */
struct place {
    struct str file; /* "layouts/letter.html"; empty: the message itself */
    unsigned line, column;
};

struct remark {
    bool is_error;
    struct place place;
    struct str text; /* a sentence, or more */
};

struct remarks {
    struct remark all[REMARKS_MAX];
    size_t count;
    size_t errors, warnings; /* with those for which there was no room */
    struct arena memory;
};

void remarks_init(struct remarks *remarks);
void remarks_release(struct remarks *remarks);

/* Each copies the text, which begins with a capital letter then; what is there already at the same
 * place is not added again. */
void remark_error(struct remarks *remarks, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void remark_warning(struct remarks *remarks, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* In the order of the message: first what has no place, then line by line, then other files. */
void remarks_sort(struct remarks *remarks);

#endif
