/*
 * The message that staff write, compiled: a file that looks like a mail (compose/draft.h: header
 * fields, an empty line, then Markdown, or HTML if it begins with "<"), with Liquid in the subject,
 * the preheader and the body, within a layout, with the files that go along. Compiled once,
 * immutable, read by every composer at once. What belongs to one recipient is not here:
 * compose/compose.h puts that in.
 *
 *     Subject: {{ contact.first_name | default: "Friend" }}, will you share it?
 *     From: Amnesty <agir@example.org>
 *     Topic: freedom-of-expression
 *
 *     Bonjour {{ contact.first_name | default: "vous" }},
 */
#ifndef TOCSIN_COMPOSE_MESSAGE_H
#define TOCSIN_COMPOSE_MESSAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "compose/enclosed.h"
#include "compose/part.h"
#include "mail/mailbox.h"
#include "mail/mime.h"

enum {
    MESSAGE_MAX_SIZE = 1024 * 1024, /* of the text, in bytes */
    MESSAGE_UNIQUE_SIZE = 17,
};

struct message {
    struct template *subject;
    struct part html, text;
    struct str *links; /* where the tracked ones lead, number 1 first: Liquid */
    size_t link_count;
    struct enclosed enclosed;
    char unique[MESSAGE_UNIQUE_SIZE]; /* of what it holds, for the boundaries of its parts */
    struct str tail;                  /* of every copy: the files, and the ends of the parts */
    struct mailbox from;
    struct mailbox reply_to;
    bool has_from, has_reply_to;
    struct str topic;                      /* "" when there is none */
    struct str list_id;                    /* a label such as "newsletter"; "" when there is none */
    struct str language;                   /* "fr"; "" when there is none */
    struct str preheader;                  /* as it was written; "" when there is none */
    const struct template_language *words; /* of that language; NULL: English */
    struct arena memory;
};

/*
 * Compiles a bundle, or the text of a message alone, with the layouts that ship. NULL and a
 * sentence with line (and column) if it is not one. Line ends may be LF or CRLF; the text must be
 * UTF-8 and at most MESSAGE_MAX_SIZE bytes.
 */
struct message *message_compile(struct str bytes, struct err *err);
void message_free(struct message *message);

/* How a copy of it is made up, before its texts are there. */
struct mime message_mime(const struct message *message);

/* Topic, List-Id and Language are labels: at most 60 letters (a-z), digits, "-", "_" and ".". -1
 * with a sentence that begins with `field`. */
int message_label_check(const char *field, struct str label, struct err *err);

#endif
