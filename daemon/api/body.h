/* The JSON body of a request, read by jansson, strictly. */
#ifndef TOCSIN_API_BODY_H
#define TOCSIN_API_BODY_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

/* RFC 8259 §2 without duplicate names (§4 leaves them open) and without NUL in texts. The caller
 * decrefs the value. NULL with a sentence that says where it is wrong. */
json_t *json_of_body(struct str body, struct err *err);

#endif
