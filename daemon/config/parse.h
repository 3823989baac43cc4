/*
 * libconfuse, tamed: the table of options becomes its arrays, and the callbacks check each value,
 * each block and each title while the line is known. libconfuse calls back without a context, and
 * its lexer is global, so one file is read at a time: main thread only. The text comes from text.h.
 */
#ifndef TOCSIN_CONFIG_PARSE_H
#define TOCSIN_CONFIG_PARSE_H

#include <confuse.h>

#include "config/problems.h"
#include "config/values.h"

/* A file of providers has blocks `provider` and `rule` only, and nothing is required in it. */
enum parse_file { PARSE_MAIN, PARSE_PROVIDERS };

/*
 * The tree of what the text says; the caller gives it to cfg_free. Every option is a string that
 * has been checked, or `problems` has grown. NULL when reading had to end early: then what comes
 * after the last problem was not looked at.
 */
cfg_t *parse_text(struct str safe_text, enum parse_file file, const struct value_context *context,
                  struct problems *problems);

/* The line on which a block of that tree begins; 1 for the file itself and for NULL. */
int parse_block_line(cfg_t *block);

#endif
