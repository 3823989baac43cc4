/*
 * Real mails for tests: the HTML files in html/ of a folder that is no part of this repository. It
 * is the one that TOCSIN_CORPORA names, else ../shared/corpora from the source tree.
 */
#ifndef TOCSIN_TESTS_TEMPLATE_MAILS_H
#define TOCSIN_TESTS_TEMPLATE_MAILS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>

#include "base/buf.h"

static inline bool mails_read(const char *path, struct buf *out)
{
    char chunk[4096];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        buf_add(out, chunk, n);
    fclose(file);
    return true;
}

/* The folder, or NULL. */
static inline DIR *mails_open(char *path, size_t size)
{
    const char *named = getenv("TOCSIN_CORPORA");
    struct str source = str_of(__FILE__); /* tests/unit/template/ of the checkout */
    for (int up = 0; up < 4; up++)
        while (source.len && source.at[--source.len] != '/')
            ;
    if (named)
        snprintf(path, size, "%s/html", named);
    else
        snprintf(path, size, "%.*s/../shared/corpora/html", STR_ARG(source));
    return opendir(path);
}

/* Calls `each` for every mail; skips the test, and says so, where there are none. */
static inline void mails_each(void (*each)(struct str html))
{
    char path[2048], file[4096];
    size_t count = 0;
    DIR *folder = mails_open(path, sizeof(path));
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct buf html = BUF_INIT;
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        if (str_ends(str_of(entry->d_name), STR(".html")) && mails_read(file, &html)) {
            each(buf_str(&html));
            count++;
        }
        buf_release(&html);
    }
    if (folder)
        closedir(folder);
    if (count == 0) {
        print_message("SKIPPED: no html/*.html; set TOCSIN_CORPORA to its corpora folder\n");
        skip();
    }
}

#endif
