/*
 * One part of a message, ready for the wire as far as it is the same for everybody: its template,
 * and the template's constant texts encoded once. Rendering a copy then encodes the values only.
 * Immutable once compiled.
 *
 * A part that may stand as it is (7bit, or 8bit where that may be sent) is tried so first; if a
 * value of this copy does not allow it, the part is rendered again in its other encoding. Texts
 * that base64 makes smaller (Arabic, say) are rendered whole and encoded then.
 */
#ifndef TOCSIN_COMPOSE_PART_H
#define TOCSIN_COMPOSE_PART_H

#include "base/err.h"
#include "mail/encode.h"
#include "mail/quoted.h"
#include "mail/verbatim.h"
#include "template/liquid.h"

struct part {
    struct template *template;
    enum mail_encoding encoding; /* how it is encoded where it must be: one of two */
    enum mail_encoding bare; /* what its constants are as they stand; ENCODING_QUOTED: not fit */
    struct quoted_piece *constants; /* by the template's number; none with base64 */
    struct verbatim_piece *bares;   /* by the template's number; none where they are not fit */
};

/* Compiles a part's text; what is encoded once lies in `memory`. -1 with a sentence that has lines
 * and columns. */
int part_compile(struct part *part, struct str text, const struct template_partials *partials,
                 struct arena *memory, struct err *err);
void part_release(struct part *part);

/* The encoding to try first. */
enum mail_encoding part_encoding(const struct part *part, bool eight_bit);

/*
 * Appends the part, rendered and in that encoding, to `out`. `plain` is only worked in. -1 and
 * *error filled on failure, or TEMPLATE_ABORTED. PART_UNFIT: what stands in `out` now cannot be
 * sent in this encoding; cut it off, and take part->encoding.
 */
enum { PART_UNFIT = 2 };
int part_render(const struct part *part, enum mail_encoding encoding,
                const struct template_scope *scope, const struct render_options *options,
                struct arena *scratch, struct buf *plain, struct buf *out,
                struct template_error *error);

/* Compiles a template; `first_line` is the line of its first byte in the file, partials may be
 * NULL. NULL with a sentence. */
struct template *part_template(struct str text, unsigned first_line,
                               const struct template_partials *partials, struct err *err);

#endif
