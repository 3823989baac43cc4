/* A line of a file with a caret below the character that something is said about. */
#ifndef TOCSIN_CLI_EXCERPT_H
#define TOCSIN_CLI_EXCERPT_H

#include "base/buf.h"

/*
 * Adds the line (from 1) of the text, clean for a terminal, and under it a caret at the column
 * (characters, from 1; 0: none, and no second line). Tabs stay, wide characters count as wide. Of a
 * long line only what is around the column. Adds nothing if there is no such line.
 */
void excerpt_add(struct buf *out, struct str text, unsigned line, unsigned column);

#endif
