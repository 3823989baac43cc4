/*
 * The body of POST /v1/jobs as a submission, and those of POST /v1/messages/check and …/preview,
 * which are parts of it. Pure: bytes in, struct out.
 */
#ifndef TOCSIN_API_SUBMISSION_H
#define TOCSIN_API_SUBMISSION_H

#include "base/arena.h"
#include "base/err.h"
#include "campaign/campaign.h"
#include "store/job_keys.h"

/* Longest accepted body: MESSAGE_MAX_SIZE of text, each byte of which may have come as \u00XX, and
 * ENCLOSE_FILES_MAX of files in base64. */
enum { SUBMISSION_MAX_SIZE = 21 * 1024 * 1024 };

/*
 * A JSON object with the fields of the table in submission.c, no others and none twice; `message`
 * and `to` are needed. With files, the source is a bundle. Texts are copied into the arena. -1 with
 * a sentence.
 */
int submission_parse(struct str body, struct arena *arena, struct submission *out, struct err *err);

/* A message that is no job, or not yet. */
struct message_request {
    struct submission what; /* without an audience, and what only a job has */
    struct str contact;     /* whose copy is to be shown */
    bool eml;               /* and as a whole message too */
};

/* The same for those; a preview needs `message` and `contact`, a check `message`. */
int message_request_parse(struct str body, bool is_preview, struct arena *arena,
                          struct message_request *out, struct err *err);

/* The key that came in the request's head, as the submission's own: a view, not copied. -1 with a
 * sentence when it is none, or when the body has another one. */
int submission_take_key(struct submission *submission, struct str key, struct err *err);

#endif
