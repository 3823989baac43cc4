/* The keys that clients choose to make a request safe to repeat. Pure. */
#ifndef TOCSIN_API_CLIENT_KEY_H
#define TOCSIN_API_CLIENT_KEY_H

#include "base/err.h"
#include "base/str.h"
#include "store/job_keys.h"

enum { CLIENT_KEY_MAX = JOB_KEY_MAX };

/* -1 with the end of a sentence, "must have …", if it is not 1 to CLIENT_KEY_MAX bytes of UTF-8
 * without control characters. */
int client_key_check(struct str key, struct err *err);

#endif
