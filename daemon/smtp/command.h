/*
 * The lines that carry a transaction, and the message behind them. Pure: a transaction and the
 * server's extensions in, bytes out. What cannot be written safely is refused before anything is
 * written, with the reply that a server would give.
 */
#ifndef TOCSIN_SMTP_COMMAND_H
#define TOCSIN_SMTP_COMMAND_H

#include "smtp/ehlo.h"
#include "smtp/output.h"
#include "smtp/transaction.h"

/* RFC 5321 §4.5.3.1.3 allows 256 octets for a path; some room more for what servers do accept. */
#define SMTP_ADDRESS_MAX 320

/* NULL, or why this transaction cannot be sent to this server; *phase says which line it is about.
 */
const struct smtp_reply *smtp_command_refusal(const struct smtp_transaction *tx,
                                              const struct smtp_extensions *offers,
                                              enum smtp_phase *phase);

void smtp_command_mail(const struct smtp_transaction *tx, const struct smtp_extensions *offers,
                       struct smtp_output *out);
void smtp_command_rcpt(const struct smtp_transaction *tx, struct smtp_output *out);

/* BDAT with the whole message (RFC 3030 §2). */
void smtp_command_bdat(const struct smtp_transaction *tx, struct smtp_output *out);

/* The message after a 354: dots stuffed, and the lone dot at its end (RFC 5321 §4.5.2). */
void smtp_command_body(const struct smtp_transaction *tx, struct smtp_output *out);

/* Bytes of the message as sent by BDAT: a last CRLF is added where there is none. */
uint64_t smtp_message_size(const struct smtp_transaction *tx);

#endif
