/*
 * A mailbox as a From or Reply-To line has it: a display name, which may be empty, and an address
 * (RFC 5322 §3.4). The name is plain UTF-8 without its quotes and belongs to the caller's memory;
 * `header_add_mailbox` in mail/header.h quotes or encodes it again.
 */
#ifndef TOCSIN_MAIL_MAILBOX_H
#define TOCSIN_MAIL_MAILBOX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "mail/address.h"

enum { MAILBOX_TEXT_MAX = 1000 }; /* octets that mailbox_parse accepts */

struct mailbox {
    struct str name;
    struct address address;
};

/*
 * Reads `Display Name <addr>`, `"Quoted, Name" <addr>`, `<addr>` or a bare address, as people type
 * them: the name may hold UTF-8 and unquoted dots and brackets, but an unquoted comma is refused,
 * for it looks like two mailboxes. The name lives in `arena`. Returns 0, or -1 with a sentence.
 */
int mailbox_parse(struct str text, struct arena *arena, struct mailbox *out, struct err *err);

#endif
