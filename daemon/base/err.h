/*
 * One error, as a sentence for the person who reads it: what went wrong, where, and what to do.
 * Functions that can fail in more than one way take a `struct err *` and return -1 (or NULL) with
 * the sentence in it. Low layers fill it, the edge logs or prints it once.
 */
#ifndef TOCSIN_BASE_ERR_H
#define TOCSIN_BASE_ERR_H

struct err {
    char text[512];
};

/* Sets the sentence (cut at the end if it is too long) and returns -1. `err` may be NULL. */
int err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "PREFIX: " before the sentence that is there, and returns -1. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
