/* What the command line asks of the sink. Filled once at start, read-only afterwards. */
#ifndef SINK_OPTIONS_H
#define SINK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/fault.h"

struct options {
    char host[64];
    uint16_t port; /* 0: any that is free */
    unsigned threads;
    const char *certificate, *key; /* PEM files, or NULL */
    bool self_signed;
    bool no_pipelining, no_chunking, no_starttls, no_smtputf8, no_8bitmime;
    const char *log;
    bool strict, digest;
    const char *keep;
    unsigned keep_every;
    unsigned delay_ms;
    unsigned max_messages; /* a connection; 0: no limit */
    unsigned defer_times;
    struct faults faults;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* Strings stay in argv. With OPTIONS_WRONG the sentence is in err. */
enum options_result options_parse(struct options *o, int argc, char **argv, struct err *err);

void options_help(void);

#endif
