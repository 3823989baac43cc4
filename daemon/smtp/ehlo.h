/*
 * What a server offers, read from its answer to EHLO (RFC 5321 §4.1.1.1). Pure: a reply in, a
 * struct out. Unknown keywords are left out; a HELO session has the empty struct.
 */
#ifndef TOCSIN_SMTP_EHLO_H
#define TOCSIN_SMTP_EHLO_H

#include <stdbool.h>
#include <stdint.h>

#include "smtp/reply.h"

struct smtp_extensions {
    bool starttls;       /* RFC 3207 */
    bool pipelining;     /* RFC 2920 */
    bool chunking;       /* RFC 3030 */
    bool eightbitmime;   /* RFC 6152 */
    bool smtputf8;       /* RFC 6531 */
    bool dsn;            /* RFC 3461 */
    bool enhanced_codes; /* RFC 2034 */
    bool auth;           /* RFC 4954 */
    bool size;           /* RFC 1870 */
    uint64_t size_limit; /* bytes; 0: offered without a fixed limit */
    bool limits;         /* RFC 9422 */
    uint64_t mail_limit; /* MAILMAX: transactions a connection; 0: not said */
};

void smtp_ehlo_parse(const struct smtp_reply *reply, struct smtp_extensions *out);

#endif
