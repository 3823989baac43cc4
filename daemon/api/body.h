/* The JSON body of a request, read by jansson, strictly. */
#ifndef TOCSIN_API_BODY_H
#define TOCSIN_API_BODY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* RFC 8259 §2 without duplicate names (§4 leaves them open) and without NUL in texts. The caller
 * decrefs the value. NULL with a sentence that says where it is wrong. */
json_t *json_of_body(struct str body, struct err *err);

/* -1 with a sentence if the value is no object, or has a field that is not among `names`, which end
 * with NULL; `has` says in words which there are: "a backup has dir and wait". */
int body_check_fields(json_t *value, const char *const *names, const char *has, struct err *err);

/* The field `name`, true or false; `preset` where it is left out. */
int body_take_bool(json_t *object, const char *name, bool preset, bool *out, struct err *err);

#endif
