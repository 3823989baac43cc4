/*
 * What is said before the blast (greeting, EHLO, STARTTLS, EHLO: one command at a time on a socket
 * that blocks, because none of it is measured) and after it.
 */
#ifndef FLOOR_DIALOGUE_H
#define FLOOR_DIALOGUE_H

#include "floor/wire.h"

/* Connects and goes on until MAIL may be said; `tls` is NULL in clear text. */
int dialogue_open(struct wire *w, const struct options *o, SSL_CTX *tls, struct err *err);

/* QUIT, without waiting for what the receiver says to that. */
void dialogue_close(struct wire *w);

#endif
