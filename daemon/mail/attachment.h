/*
 * Files that go with a message: attachments, and images that stand in its HTML. Each is a whole
 * MIME part that is the same in every copy, so it is written once a job, base64 and all, and copied
 * from then on. Nothing here reads files.
 *
 *     attachment_id(&id, bytes, domain)                              images only: src="cid:…"
 *     attachment_prepare(&a, "plan.pdf", id or nothing, bytes, &memory)
 *
 *     Content-Type: application/pdf;
 *      name="Resume.pdf"
 *     Content-Transfer-Encoding: base64
 *     Content-Disposition: attachment;
 *      filename*=utf-8''R%C3%A9sum%C3%A9.pdf
 *
 * Programs that do not know RFC 2231 find a plain name in Content-Type, and never two forms of one
 * parameter (mail/param.h). All of it is ASCII in lines of at most 998 octets, 78 where it can be.
 */
#ifndef TOCSIN_MAIL_ATTACHMENT_H
#define TOCSIN_MAIL_ATTACHMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { ATTACHMENT_ID_MAX = 250 };

struct attachment {
    struct str name; /* clean UTF-8 (mail/filename.h), never empty */
    struct str type; /* without parameters; static */
    struct str id;   /* without brackets; empty unless it stands in the text */
    struct str part; /* header fields, empty line and content, in CRLF lines */
};

/*
 * Writes the part. With an id it is an inline part, which HTML shows with src="cid:ID" (RFC 2392);
 * without (an empty `id`) it is an attachment. All that *a points to is in `memory`, the type
 * apart.
 */
void attachment_prepare(struct attachment *a, struct str file_name, struct str id, struct str bytes,
                        struct arena *memory);

/* True for what can be an id: "left@right" of letters, digits, and - . _ which need no escape in a
   cid: URL, at most ATTACHMENT_ID_MAX octets. */
bool attachment_id_valid(struct str id);

/* Appends an id for this content, the same whenever it is made. `domain` is in ASCII. */
void attachment_id(struct buf *out, struct str bytes, struct str domain);

#endif
