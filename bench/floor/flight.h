/*
 * What one transaction says, from MAIL to the last octet of the message, in one piece that is built
 * once. Between two messages only the digits of the recipient's address change and, with a signer,
 * the two values in the DKIM-Signature header, in place: lengths stay. One for each thread.
 */
#ifndef FLOOR_FLIGHT_H
#define FLOOR_FLIGHT_H

#include "base/buf.h"
#include "floor/options.h"
#include "floor/signer.h"

struct flight {
    struct buf bytes;
    size_t digits_at;             /* of the recipient's number */
    size_t body_at;               /* where the message's body begins */
    size_t hash_at, signature_at; /* values in the DKIM-Signature header; with a signer only */
};

/* The message as it goes over the wire: from its file, or made up. */
int flight_read_message(const struct options *o, struct buf *out, struct err *err);

/* `signer` may be NULL. `message` has a header, an empty line and CRLF. */
void flight_init(struct flight *f, struct str message, const struct signer *signer);
void flight_release(struct flight *f);

/* Makes it the transaction for this recipient. */
void flight_address(struct flight *f, unsigned number);
int flight_sign(struct flight *f, struct signer *signer, struct err *err);

#endif
