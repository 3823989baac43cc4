/*
 * The body of a request from a file or standard input, with a progress bar for it. The file is sent
 * as it is; compressed or not is for the daemon to find out.
 */
#ifndef TOCSIN_CLI_UPLOAD_H
#define TOCSIN_CLI_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/progress.h"
#include "http/client.h"

struct upload {
    int fd;
    const char *path;
    uint64_t size; /* 0: not known */
    bool broken;   /* reading failed: that is not the daemon's fault */
    struct progress *progress;
};

/* "-" is standard input. -1 with a sentence. */
int upload_open(struct upload *upload, const char *path, struct progress *progress,
                struct err *err);
void upload_close(struct upload *upload);

/* Makes the upload the body of the exchange. */
void upload_attach(struct upload *upload, struct http_exchange *exchange);

#endif
