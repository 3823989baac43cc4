/*
 * The text of a configuration made safe for libconfuse, whose lexer counts a comment as three
 * lines, expands ${…} from the environment, takes "//" in an address for a comment, drops what it
 * does not know without a word, and cannot find the start of a block that is not closed. Here every
 * byte is looked at first: comments are taken out, what has no meaning is refused with its line,
 * and each "{" is followed by the option CONFIG_LINE_OPTION that holds the line of the brace, so
 * that what is wrong with a block can be said where the block begins. A "{" after "=" begins a
 * list; its first value is CONFIG_LIST_MARK, for libconfuse does not tell its callbacks where one
 * begins. Pure: text in, text out.
 *
 * What is left to write: names, values of letters, digits and - . _ : / @ % [ ] ~, strings in " or
 * ' on one line with \\ and the quote as escapes, "=", "{", "}", "," in lists, and comments from #
 * to the line's end.
 */
#ifndef TOCSIN_CONFIG_TEXT_H
#define TOCSIN_CONFIG_TEXT_H

#include "base/buf.h"
#include "config/problems.h"

#define CONFIG_LINE_OPTION "_line"
#define CONFIG_LIST_MARK "\x01" /* a string of the file cannot hold it */

enum { CONFIG_TEXT_MAX = 1024 * 1024 };

/* Adds the safe text to `out`, lines in their places, and returns 0; or -1 and at least one
 * problem. */
int text_prepare(struct str text, struct buf *out, struct problems *problems);

#endif
