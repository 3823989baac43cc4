/*
 * Misbehaviour on request. A rule says at which stage of a session what goes wrong and how often;
 * whether it does is drawn from the seed, the connection's number and the number of the draw, so a
 * client that does the same twice meets the same faults twice. Some local parts are rules of their
 * own (`bounce17@…`): fault_for_recipient. Nothing here touches a session; session.c obeys.
 */
#ifndef SINK_FAULT_H
#define SINK_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum stage {
    STAGE_BANNER,
    STAGE_EHLO,
    STAGE_STARTTLS,
    STAGE_MAIL,
    STAGE_OVERLAP, /* MAIL, when the answers before it have not left yet */
    STAGE_RCPT,
    STAGE_PIPELINE, /* RCPT, when the answer to MAIL has not left yet */
    STAGE_BDAT,     /* the command; a reply means that it is not known */
    STAGE_GO_AHEAD, /* the answer to DATA, instead of 354 */
    STAGE_BODY,     /* after the first bytes of the message */
    STAGE_DATA,     /* the answer to the whole message, by DATA or BDAT LAST */
    STAGES
};

enum act {
    ACT_REPLY,         /* a 4xx or 5xx */
    ACT_CLOSE,         /* no answer, the connection ends */
    ACT_LOG_AND_CLOSE, /* the message counts as accepted, and its answer never leaves */
    ACT_STALL,         /* no answer any more, the connection stays */
    ACT_GARBAGE,       /* bytes that are no reply */
    ACT_BREAK_TLS      /* 220 to STARTTLS, then no handshake */
};

struct fault_rule {
    enum stage stage;
    enum act act;
    unsigned code;    /* for ACT_REPLY */
    const char *text; /* enhanced status and words, or the garbage */
    uint32_t share;   /* of 10,000 */
};

enum { FAULT_RULES_MAX = 32 };

struct faults {
    struct fault_rule rules[FAULT_RULES_MAX];
    size_t count;
    uint64_t seed;
};

/*
 * Adds `KIND[:PERCENT[:DETAIL]]`. KIND is STAGE-CODE, STAGE-close, STAGE-stall or STAGE-garbage, or
 * one of the short names of the table in fault.c; DETAIL is the text of the reply. `text` must
 * stay.
 */
int faults_add(struct faults *f, const char *text, struct err *err);

/* True if there is a rule for this stage at all. */
bool faults_have(const struct faults *f, enum stage stage);

/* The rule that strikes at this stage, or NULL. `draw` differs for each draw of a connection. */
const struct fault_rule *fault_draw(const struct faults *f, enum stage stage, uint64_t connection,
                                    uint64_t draw);

/*
 * The rule that an address carries in its local part (a word, then its end or no letter), or NULL.
 * Limited rules hold for the first `times` calls with the same address. Thread-safe.
 */
const struct fault_rule *fault_for_recipient(struct str address, unsigned times);

/* Forgets the addresses that were counted. */
void fault_release(void);

#endif
