/*
 * The layouts and partials that messages may use: those that ship, built into the program, and the
 * administrator's own in `templates/layouts` and `templates/partials` of the configured folder,
 * which come before shipped ones of the same name. Names are "layouts/letter.html": a layout's
 * .html is put around the HTML part and its .txt around the text part (without one, the text stands
 * alone); a partial's .html serves HTML parts, its .txt text parts.
 *
 * Read whole when the configuration is loaded, then immutable. What a job uses is copied into its
 * bundle (compose/bundle.h) when it is submitted.
 */
#ifndef TOCSIN_COMPOSE_LIBRARY_H
#define TOCSIN_COMPOSE_LIBRARY_H

#include "base/arena.h"
#include "compose/bundle.h"

enum {
    LIBRARY_FILES_MAX = 256,
    LIBRARY_FILE_MAX = 256 * 1024, /* bytes */
};

struct library {
    struct bundle_file files[LIBRARY_FILES_MAX];
    size_t count;
    struct arena memory;
};

/* `folder` may be empty: then there is what ships. NULL with a sentence that names the file: it
 * cannot be read, is too long, or is no UTF-8. */
struct library *library_load(struct str folder, struct err *err);
void library_free(struct library *library); /* NULL is fine */

const struct bundle_file *library_find(const struct library *library, struct str name);

#endif
