/*
 * What a value in the configuration may look like: durations, sizes, rates, addresses. Pure
 * functions from text to numbers, each with its grammar above it in units.c. They know nothing of
 * options or files; the error is the second half of a sentence ("is not a duration: write 20s, 5m
 * or 3d"), which the loader completes with file, line and option. Output is untouched when they
 * fail.
 */
#ifndef TOCSIN_CONFIG_UNITS_H
#define TOCSIN_CONFIG_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* `count` things in every `period_ms`; count 0 stands for "no limit" and is never parsed. */
struct rate {
    uint64_t count;
    int64_t period_ms;
};

/* Where to listen: a literal address without brackets, and a port. Port 0 stands for "not at all".
 */
struct listen_address {
    char host[46]; /* INET6_ADDRSTRLEN */
    uint16_t port;
};

int units_duration(struct str text, int64_t *ms, struct err *err); /* 250ms 20s 5m 4h 3d */
int units_size(struct str text, uint64_t *bytes, struct err *err); /* 100B 512KiB 4MiB 2GiB 1TiB */
int units_rate(struct str text, struct rate *rate,
               struct err *err); /* 100/s 200/min 1000/h 5000/day */
int units_listen(struct str text, struct listen_address *at, struct err *err);

/* As units_listen, or an address alone, which gets the port. */
int units_server(struct str text, uint16_t port, struct listen_address *at, struct err *err);

int units_integer(struct str text, uint64_t *number, struct err *err);
int units_number(struct str text, double *number, struct err *err); /* 2 or 1.5 */
int units_bool(struct str text, bool *value, struct err *err);      /* true or false */
int units_mode(struct str text, unsigned *mode, struct err *err);   /* 0660: octal, at most 0777 */

/* 2026-12-01: the midnight UTC with which that day begins, seconds since 1970; from 1970 to 9999.
 */
int units_date(struct str text, int64_t *midnight, struct err *err);

/* A literal IPv4 or IPv6 address, without brackets and without a port. */
int units_address(struct str text, struct err *err);

/* A host name (RFC 1123 §2.1, letters, digits, hyphens and dots, at most 253 octets). */
int units_domain(struct str text, struct err *err);

/* "*", "*.suffix" or a host name: what routes and sites are matched with. */
int units_pattern(struct str text, struct err *err);

/* A pattern of replies, for base/glob.h, that a reply ("CODE TEXT", with single spaces) can match.
 */
int units_reply(struct str text, struct err *err);

#endif
