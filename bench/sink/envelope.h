/*
 * The arguments of MAIL, RCPT and BDAT (RFC 5321 §4.1.2, RFC 3030 §2), read strictly: no space
 * after the colon, angle brackets required, nothing guessed. Pure: bytes in, struct out. Views
 * point into the line.
 */
#ifndef SINK_ENVELOPE_H
#define SINK_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct mail_params {
    struct str address; /* without brackets; empty for <> */
    uint64_t size;      /* 0 where none was given */
    bool eight_bit, utf8;
};

enum envelope_result { ENVELOPE_OK, ENVELOPE_SYNTAX, ENVELOPE_ADDRESS, ENVELOPE_PARAMETER };

/* `args` is what follows `MAIL ` or `RCPT `. */
enum envelope_result envelope_mail(struct str args, struct mail_params *out);
enum envelope_result envelope_rcpt(struct str args, bool utf8, struct str *address);

/* `args` is what follows `BDAT `. */
bool envelope_bdat(struct str args, uint64_t *size, bool *last);

#endif
