/* What the command line asks of the floor. Filled once at start, read-only afterwards. */
#ifndef FLOOR_OPTIONS_H
#define FLOOR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct options {
    char host[64];
    uint16_t port;
    unsigned count;       /* messages */
    unsigned size;        /* octets of a message that is made up */
    const char *message;  /* a file to send instead, or NULL */
    unsigned connections; /* in all */
    unsigned in_flight;   /* transactions without an answer, on each connection */
    unsigned threads;
    bool clear;      /* no STARTTLS */
    const char *key; /* PEM file of the key to sign with, or NULL */
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* Strings stay in argv. With OPTIONS_WRONG the sentence is in err. */
enum options_result options_parse(struct options *o, int argc, char **argv, struct err *err);

void options_help(void);

#endif
