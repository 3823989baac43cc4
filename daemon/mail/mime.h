/*
 * MIME structure (RFC 2045, 2046, 2387): the fields and the lines between the parts of one message,
 * each level only where it is needed:
 *
 *     multipart/mixed                      files are attached
 *       multipart/related                  images stand in the HTML, by cid: (RFC 2392)
 *         multipart/alternative            a plain text and HTML
 *           text/plain
 *           text/html
 *         image/png …
 *       application/pdf …
 *
 * The texts are put there by whoever has them (mail/quoted.h, verbatim.h, encode.h). Images and
 * files were written before (mail/attachment.h) and are copied. Each function appends.
 *
 *     struct mime m = {.unique = token, .texts = {{"text/plain", ENCODING_QUOTED}, …}, …};
 *     mime_begin(&m, body)
 *     mime_text(&m, 0, body)      … the encoded text …
 *     mime_text(&m, 1, body)      … the encoded text …
 *     mime_finish(&m, body)
 *     mime_fields(&m, headers)
 *
 * A text that turns out not to be fit for 7bit or 8bit is cut off again, its encoding in the struct
 * changed, and its mime_text repeated. A multipart inside another has said by then that 8bit may
 * come (RFC 2045 §6.4), if `eight_bit` was set: more than it needs, which is allowed.
 *
 * Boundaries are "=_", a letter for the level, and the unique text. They cannot occur in a part,
 * even if somebody knew them: quoted-printable and base64 have no "=_", and mail/verbatim.h refuses
 * a text with a line that begins "--=_". All have one length and none is the beginning of another.
 * That the unique text is a token nobody can guess (compose/token.h) is not needed for that; it
 * keeps boundaries apart where a mail is forwarded inside another.
 *
 * In a related the root is its first part, so there is no start= (RFC 2387 §3.2).
 */
#ifndef TOCSIN_MAIL_MIME_H
#define TOCSIN_MAIL_MIME_H

#include <stdbool.h>

#include "base/buf.h"
#include "mail/attachment.h"
#include "mail/encode.h"

enum {
    MIME_BOUNDARY_MAX = 70, /* RFC 2046 §5.1.1 */
    MIME_UNIQUE_MAX = MIME_BOUNDARY_MAX - 3,
};

struct mime_text {
    const char *type; /* "text/plain" */
    enum mail_encoding encoding;
};

/* How a message is made up. All that it points to is the caller's. */
struct mime {
    struct str unique;         /* see mime_unique_valid */
    struct mime_text texts[2]; /* the plainest first */
    size_t text_count;         /* 1 or 2 */
    bool eight_bit;            /* the server takes 8BITMIME, and a text may turn out to be 8bit */
    const struct attachment *images;
    size_t image_count;
    const struct attachment *files;
    size_t file_count;
};

/* True for 1 to MIME_UNIQUE_MAX of the characters of a boundary, here without the space. */
bool mime_unique_valid(struct str unique);

/*
 * The message's own fields: its Content-Type and, where it is not 7bit, Content-Transfer-Encoding.
 * MIME-Version is not here. Call it when the texts' encodings are known.
 */
void mime_fields(const struct mime *m, struct buf *headers);

/* What stands before the first text's own lines. */
void mime_begin(const struct mime *m, struct buf *body);

/* What stands before text number `i`; ends the text before it. */
void mime_text(const struct mime *m, size_t i, struct buf *body);

/* All that follows the last text: images, files, and the ends of the parts. */
void mime_finish(const struct mime *m, struct buf *body);

#endif
