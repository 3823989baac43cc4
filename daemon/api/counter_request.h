/* What PUT and POST /v1/counters/NAME say in their bodies. Pure. */
#ifndef TOCSIN_API_COUNTER_REQUEST_H
#define TOCSIN_API_COUNTER_REQUEST_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct counter_request {
    int64_t number; /* to set it to, or to add */
    struct str key; /* of an addition; empty: none */
};

/*
 *     { "value": integer }                                    to set it
 *     { "add": integer [, "key": text] }                      to add to it
 *
 * (RFC 8259; nothing else, and no name twice. An integer has no fraction and no exponent, and fits
 * into 64 bits; a key is one of api/client_key.h, and is copied into the arena.) -1 with a
 * sentence.
 */
int counter_set_parse(struct str body, struct counter_request *out, struct err *err);
int counter_add_parse(struct str body, struct arena *arena, struct counter_request *out,
                      struct err *err);

#endif
