/*
 * Whether the pages of the data file (LMDB 0.9) make up what LMDB takes for granted: LMDB believes
 * every byte that it maps, and a damaged page ends in a crash, or in wrong answers. This check
 * reads the file itself, without LMDB, before LMDB is let near it. It never changes anything, never
 * crashes and always ends, whatever the file holds.
 *
 * Looked at are both meta pages (of which the one with the later transaction counts, as for LMDB),
 * the length of the file, and from the roots down the list of free pages, the list of tables and
 * each table: that every page is where and what it should be, holds entries that lie within it in
 * the order of their keys and between the keys of the page above, is used exactly once, and that
 * pages and records are as many as the file says. A file that ends early is taken when only pages
 * are missing that are listed as free: LMDB never writes some of those.
 *
 * LMDB has no checksums: a byte changed inside a value cannot be seen here. See store/check.h.
 */
#ifndef TOCSIN_STORE_PAGES_H
#define TOCSIN_STORE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "store/findings.h"

enum pages_depth {
    PAGES_ROUGH,   /* all but the tables' leaves and their overflow pages */
    PAGES_ALL,     /* each page */
    PAGES_BY_SIZE, /* ALL up to PAGES_ALL_MAX pages in use, ROUGH above */
};

enum {
    PAGES_ALL_MAX = 262144, /* 1 GiB of 4 KiB */
    PAGES_TABLES_MAX = 64,
    PAGES_NAME_MAX = 40,
};

struct pages_report {
    bool all;      /* each page was read */
    uint64_t used; /* pages in use, the meta pages not counted */
    uint64_t free; /* pages listed as free */
    size_t tables;
    struct {
        char name[PAGES_NAME_MAX + 1];
        uint64_t records, pages;
    } table[PAGES_TABLES_MAX];
};

/*
 * Checks the file. `report` is filled as far as the check came; NULL is fine. Findings name the
 * file, the table and the page. Nothing is found in a file that does not exist or is empty: there
 * LMDB will make a new one. Nobody may write to the file meanwhile.
 */
void pages_check(const char *path, enum pages_depth depth, struct pages_report *report,
                 struct findings *findings);

#endif
