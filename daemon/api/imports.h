/*
 * Imports of contacts over the control socket, and what became of the last ones. The body of the
 * request is the file; it is parsed while it comes, and applied when it has come whole:
 *
 *   POST ──► receiving ──the body ended well──► 202, applying ──► over: the summary is kept
 *               └─ bad file, or the peer is gone: nothing changes
 */
#ifndef TOCSIN_API_IMPORTS_H
#define TOCSIN_API_IMPORTS_H

#include "base/str.h"
#include "http/server.h"
#include "loop/loop.h"
#include "store/store.h"

enum { IMPORTS_KEPT = 32 };

struct import_record;

struct imports {
    struct loop *front;
    struct store *store;
    char *folder;                                /* data_dir/imports */
    struct import_record *records[IMPORTS_KEPT]; /* being applied, or over; NULL: free */
    unsigned receiving;
};

void imports_init(struct imports *imports, struct loop *front, struct store *store,
                  struct str data_dir);

/* When nothing is received any more. What is being applied goes on by itself. */
void imports_release(struct imports *imports);

/* POST /v1/contacts/import */
void import_begin(struct http_request *request);
void import_body(struct http_request *request, struct str bytes);
void import_end(struct http_request *request);
void import_gone(struct http_request *request);

/* GET /v1/imports/:id and …/rejects */
void import_show(struct http_request *request);
void import_rejects(struct http_request *request);

#endif
