/*
 * A job's favourites: the recipients who are to be written to first by a source that is being
 * warmed up, because they clicked last. At each domain as many as such a source could use, in the
 * order in which it is to take them: the latest click first, then by contact.
 *
 * They are gathered domain by domain, each once. When there are too many, every domain keeps fewer,
 * so that no large one takes the room of the others. What was gathered never changes again, and
 * any thread may read it.
 */
#ifndef TOCSIN_COMPOSE_FAVOURITES_H
#define TOCSIN_COMPOSE_FAVOURITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAVOURITES_MAX = 100000 };

struct favourite {
    uint32_t domain, contact;
    uint32_t clicked; /* seconds since 1970; 0: never, as far as is known */
};

struct favourites {
    size_t count, room;
    struct favourite *at; /* by domain, and there by rank */
    uint32_t *ranks;      /* of each domain's, by contact */
    size_t first;         /* while gathering: where the last domain's begin */
    size_t each;          /* and how many a domain keeps, at most */
};

/* Keeps up to `each` of a domain, from 1. */
struct favourites *favourites_new(uint64_t each);
void favourites_free(struct favourites *f); /* NULL is fine */

/* Domains in ascending order, their recipients in any. */
void favourites_add(struct favourites *f, const struct favourite *favourite);

/* All were added: only now they may be asked. */
void favourites_finish(struct favourites *f);

/* A domain's part: how many, and in *first where they begin in `at`. */
size_t favourites_of(const struct favourites *f, uint32_t domain, size_t *first);

/* The rank of a contact within a domain's part, from 0; `count` if it is not in it. */
size_t favourites_rank(const struct favourites *f, size_t first, size_t count, uint32_t contact);

#endif
