/*
 * Patterns for texts that people write into a configuration: "*" is any run of bytes, also an empty
 * one, "?" is one byte, everything else stands for itself, ASCII letters in either case. There is
 * nothing to escape with: "?" matches itself among others, and so does "*". Pure; owns nothing.
 *
 * Not here: classes, alternatives and captures. A pattern that cannot say enough is written twice.
 */
#ifndef TOCSIN_BASE_GLOB_H
#define TOCSIN_BASE_GLOB_H

#include <stdbool.h>

#include "base/str.h"

/* Whether the pattern matches the whole of the text. Takes at most some pattern.len times text.len
 * steps, whatever the two are. */
bool glob_match(struct str pattern, struct str text);

#endif
