/*
 * JSON as what templates compute with (template/value.h): numbers as the document has them, objects
 * whose members come in the document's order and that read as JSON themselves in {{ }}.
 *
 * A value is a view: texts stay where they are in the document, which must stay (json_decref) until
 * the value is no longer used; lists and objects live in the arena.
 */
#ifndef TOCSIN_CLI_JSON_VALUE_H
#define TOCSIN_CLI_JSON_VALUE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "template/value.h"

/*
 * Parses an object or a list. Whole numbers beyond 64 bits become real ones, as they do in
 * templates; a name that an object has twice is an error. NULL with a sentence; the caller
 * json_decrefs the result.
 */
json_t *json_value_load(struct str bytes, struct err *err);

struct value json_value(const json_t *json, struct arena *arena);

/* The members of an object (which must stay, as must the scope) as the names of the outside. */
struct template_scope json_value_scope(const struct value *object);

#endif
