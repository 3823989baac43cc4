/* Socket addresses as text and back: numbers only, no names are looked up. Pure. */
#ifndef TOCSIN_LOOP_ADDRESS_H
#define TOCSIN_LOOP_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"

enum { ADDRESS_NAME_SIZE = 64 }; /* holds every name */

/* "192.0.2.1:25", "[2001:db8::1]:25", or "unix". */
void address_name(const struct sockaddr_storage *address, char *out, size_t size);

/* The reverse for IPv4 and IPv6; -1 with a sentence if the text is no such address with a port. */
int socket_address_parse(struct str text, struct sockaddr_storage *out, struct err *err);

/* An IPv4 or IPv6 address without a port, and the port apart; -1 with a sentence if it is none. */
int address_parse_host(struct str host, unsigned port, struct sockaddr_storage *out,
                       struct err *err);

/* What bind and connect want beside the pointer. */
socklen_t address_size(const struct sockaddr_storage *address);

#endif
