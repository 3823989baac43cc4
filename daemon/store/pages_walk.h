/*
 * The walk through one tree of a data file, for pages.c: every page at its place, of the kind that
 * belongs there, with its keys in order and within what the page above allows, and used once. For
 * this room only.
 *
 * The walk goes no deeper than WALK_DEPTH_MAX and visits no page twice, so it ends, whatever the
 * file holds.
 */
#ifndef TOCSIN_STORE_PAGES_WALK_H
#define TOCSIN_STORE_PAGES_WALK_H

#include "store/findings.h"
#include "store/page.h"

enum {
    WALK_DEPTH_MAX = 32, /* LMDB's own bound */
    WALK_NAME_MAX = 56,
};

struct walk {
    int fd;
    const char *path; /* for sentences */
    size_t page_size;
    uint64_t pages;     /* as many of them as lie within the file whole */
    uint64_t last_page; /* as the meta page has it */
    uint64_t transaction;
    uint64_t *seen; /* a bit for each page of `pages` */
    uint8_t *levels[WALK_DEPTH_MAX];
    uint8_t *extra; /* a page more */
    struct findings *findings;
};

struct tree;

/* What is to be done with the record `node` of the leaf `page`. */
typedef void tree_record(struct walk *walk, struct tree *tree, uint64_t page,
                         const struct page_node *node);

struct tree {
    char name[WALK_NAME_MAX]; /* "table `queue`" */
    struct page_tree head;    /* as the file has it */
    bool leaves;              /* read them; otherwise only what is above them, and the root */
    bool integer_keys;
    unsigned node_flags; /* of enum node_flag, which its records may have */
    tree_record *record; /* may be NULL */
    void *ctx;           /* for `record` */
    uint64_t branch_pages, leaf_pages, overflow_pages, records; /* found */
};

/* Room for a walk through files whose `pages` lie in `path`, opened as `fd`. */
void walk_init(struct walk *walk, size_t page_size, uint64_t pages);
void walk_release(struct walk *walk);

/* Findings go to walk->findings. */
void tree_walk(struct walk *walk, struct tree *tree);

/* Adds a finding at a page of a tree; what follows is the end of a sentence. */
void walk_say(struct walk *walk, const struct tree *tree, uint64_t page, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Marks a page as used; false, with a finding, when it cannot be, or is already. */
bool page_claim(struct walk *walk, const struct tree *tree, uint64_t page);

/* Reads the first `size` bytes of a page; false, with a finding, when that fails. */
bool page_read(struct walk *walk, const struct tree *tree, uint64_t page, uint8_t *into,
               size_t size);

#endif
