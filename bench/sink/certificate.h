/* The TLS side of the sink: a context for all threads, from files or with a certificate made here.
 */
#ifndef SINK_CERTIFICATE_H
#define SINK_CERTIFICATE_H

#include <openssl/ssl.h>

#include "sink/options.h"

/*
 * Sets *out to a server context, or NULL where the options want none. The self-signed certificate
 * is for `localhost`, ECDSA on P-256, valid for a day, and lives in memory only. SSL_CTX_free it.
 */
int certificate_context(const struct options *o, SSL_CTX **out, struct err *err);

#endif
