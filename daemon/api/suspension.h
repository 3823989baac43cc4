/* What POST /v1/sites/NAME/suspend says in its body. Pure. */
#ifndef TOCSIN_API_SUSPENSION_H
#define TOCSIN_API_SUSPENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { SUSPENSION_DAYS_MAX = 365 };

struct suspension {
    int64_t for_s;     /* 0: until somebody resumes it */
    struct str reason; /* may be empty */
    bool force;        /* also a place that nobody knows yet */
};

/*
 *     [ { ["for": duration] [, "reason": text] [, "force": true | false] } ]
 *
 * (RFC 8259; nothing else, and no name twice; a duration as in the configuration, of a second at
 * least.) An empty body is an empty object. The text is copied into the arena. -1 with a sentence.
 */
int suspension_parse(struct str body, struct arena *arena, struct suspension *out, struct err *err);

#endif
