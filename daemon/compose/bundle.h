/*
 * A message and what goes with it, as one run of bytes: the text that staff wrote, the files that
 * it attaches or shows, the layout and the partials that it was made with. Jobs are kept so, and a
 * job that goes on after a restart, or a mail that is shown again years later, is what was sent,
 * whatever became of the template folder meanwhile.
 *
 *     bundle = %x01 entry *entry
 *     entry  = name-length (u16 BE) data-length (u32 BE) name data
 *
 * The first entry is the text, and has no name. The others are "files/logo.png",
 * "layouts/letter.html", "partials/footer.txt". A message that is kept as its text alone (it cannot
 * begin with %x01) is a bundle without files.
 *
 * Example, the text "Hi" and a file "a" of one byte "x":
 *     01 · 0000 00000002 4869 · 0007 00000001 66696c65732f61 78
 */
#ifndef TOCSIN_COMPOSE_BUNDLE_H
#define TOCSIN_COMPOSE_BUNDLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { BUNDLE_FILES_MAX = 512, BUNDLE_NAME_MAX = 255 };

struct bundle_file {
    struct str name, data;
};

struct bundle {
    struct str text;
    struct bundle_file *files;
    size_t count;
};

/* Views of `bytes`; the list of files lies in `memory`. -1 with a sentence if the bytes are no
 * bundle: cut off, a name twice, or too many files. */
int bundle_read(struct str bytes, struct arena *memory, struct bundle *out, struct err *err);

/* Adds one more, unless there is one of that name; false if there is, or no room, or if the name is
 * too long. For a bundle that bundle_read filled. */
bool bundle_add(struct bundle *bundle, struct bundle_file file);

void bundle_write(const struct bundle *bundle, struct buf *out);

/* NULL if there is none of that name: `folder` with its "/", then `name`. */
const struct bundle_file *bundle_find(const struct bundle *bundle, const char *folder,
                                      struct str name);

#endif
