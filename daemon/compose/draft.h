/*
 * A message file as it stands, cut into its header fields and its text, before anything of it is
 * compiled; pure. Everything is a view of the file.
 *
 *     file   = *field CRLF-or-LF body          field = name ":" value (on one line)
 *
 * Fields: Subject (required), From, Reply-To, Topic, List-Id, Preheader, Language, Layout, Track,
 * UTM, and any number of Attach and Inline. Others are refused with their line, so that a misspelt
 * one is not lost in silence.
 */
#ifndef TOCSIN_COMPOSE_DRAFT_H
#define TOCSIN_COMPOSE_DRAFT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum { DRAFT_FILES_MAX = 32 };

struct draft_field {
    struct str value; /* trimmed; at == NULL: it is not there */
    unsigned line;
};

/* A file that goes along: "img/logo.png". */
struct draft_file {
    struct str path; /* as written */
    unsigned line;
    bool shown; /* by Inline: the text shows it as cid:logo.png */
};

struct draft {
    struct draft_field subject, from, reply_to, topic, list_id, preheader, language, layout, track,
        utm;
    struct draft_file files[DRAFT_FILES_MAX];
    size_t file_count;
    struct str body;
    unsigned body_line;
    bool is_html;        /* else it is Markdown */
    unsigned fault_line; /* after an error: where it is; 0: nowhere in particular */
};

/* Line ends may be LF or CRLF. -1 with a sentence that names the line. */
int draft_read(struct str text, struct draft *out, struct err *err);

/* Which layout is to be put around it: "letter" where it names none; "" for "none" and for HTML
 * that names none. */
struct str draft_layout(const struct draft *draft);

/* "img/logo.png" is "logo.png" to the recipient. */
struct str draft_file_name(const struct draft_file *file);

#endif
