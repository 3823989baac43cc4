/*
 * One part of a message, ready for the wire as far as it is the same for everybody: its template,
 * and the template's constant texts encoded once. Rendering a copy then encodes the values only.
 * Immutable once compiled.
 *
 * Texts that base64 makes smaller (Arabic, say) are rendered whole and encoded then.
 */
#ifndef TOCSIN_COMPOSE_PART_H
#define TOCSIN_COMPOSE_PART_H

#include "base/err.h"
#include "mail/encode.h"
#include "mail/quoted.h"
#include "template/liquid.h"

struct part {
    struct template *template;
    enum mail_encoding encoding;
    struct quoted_piece *constants; /* by the template's number; none with base64 */
};

/* Compiles a part's text; what is encoded once lies in `memory`. -1 with a sentence that has lines
 * and columns. */
int part_compile(struct part *part, struct str text, const struct template_partials *partials,
                 struct arena *memory, struct err *err);
void part_release(struct part *part);

/* Appends the part, rendered and encoded, to `out`. `plain` is only worked in. -1 and *error filled
 * on failure. */
int part_render(const struct part *part, const struct template_scope *scope,
                const struct render_options *options, struct arena *scratch, struct buf *plain,
                struct buf *out, struct template_error *error);

/* Compiles a template; `first_line` is the line of its first byte in the file, partials may be
 * NULL. NULL with a sentence. */
struct template *part_template(struct str text, unsigned first_line,
                               const struct template_partials *partials, struct err *err);

#endif
