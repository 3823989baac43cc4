/*
 * The files that go along with a message, made ready for all of its copies: attachments, and images
 * that its HTML shows. An image "logo.png" is named cid:logo.png by whoever writes, and gets a
 * Content-ID of its own, which takes the place of that name in the page.
 */
#ifndef TOCSIN_COMPOSE_ENCLOSED_H
#define TOCSIN_COMPOSE_ENCLOSED_H

#include "compose/bundle.h"
#include "compose/draft.h"
#include "mail/attachment.h"

struct enclosed {
    struct attachment images[DRAFT_FILES_MAX], files[DRAFT_FILES_MAX];
    size_t image_count, file_count;
};

/* Takes the files that the draft names out of the bundle; what is made lies in `memory`. -1 with a
 * sentence: one is not there, or Inline names no image. */
int enclosed_prepare(const struct draft *draft, const struct bundle *bundle, struct arena *memory,
                     struct enclosed *out, struct err *err);

/* Appends the page with the Content-IDs in it. -1 with a sentence: an image is not shown. */
int enclosed_show(const struct enclosed *enclosed, const struct draft *draft, struct str html,
                  struct buf *out, struct err *err);

#endif
