/*
 * What POST /v1/contacts/import says in its query: the list, consent, and a map of columns. Pure.
 */
#ifndef TOCSIN_API_IMPORT_REQUEST_H
#define TOCSIN_API_IMPORT_REQUEST_H

#include "audience/import.h"
#include "base/arena.h"
#include "base/err.h"

/*
 *     query = [ "list=" name ] [ "&consent=granted" ] *( "&map=" column "=" attribute )
 *     ("=" in a map as %3D or plain)
 *
 * Fills all of `out` but the folder; its texts are in the arena. -1 with a sentence: a parameter of
 * another name, one that is badly encoded, a map without "=", or too many maps.
 */
int import_request_parse(struct str query, struct arena *arena, struct import_options *out,
                         struct err *err);

#endif
