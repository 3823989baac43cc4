/*
 * One page of an LMDB 0.9 data file, read without LMDB: its parsers take the bytes of a page and
 * say what is on it, or what cannot be. They are pure, and nothing that they accept leads outside
 * the page; whether the pages make up a tree is the business of store/pages.h.
 *
 * A page is `page_size` bytes in the byte order of the machine that wrote it:
 *
 *   0  page number u64 · 8  (unused) u16 · 10  flags u16 · 12  lower u16 · 14  upper u16 ·
 *   16  offset of each node u16 … up to `lower`; nodes from `upper` to the end, in any order
 *
 * A node begins at an even offset:
 *
 *   leaf:    size of the value u32 · flags u16 · size of the key u16 · key · value
 *   branch:  number of the child u48 · size of the key u16 · key
 *
 * A value that is too large for its page has F_BIGDATA, and the number (u64) of the first of its
 * overflow pages stands in its place. These have one header between them, with the number of pages
 * (u32) in place of lower and upper.
 *
 * The first two pages are meta pages; after the header stand
 *
 *   magic u32 · version u32 · address u64 · size of the map u64 · the tree of free pages · the tree
 *   of tables · last page u64 · transaction u64
 *
 * and a tree is
 *
 *   page size (of the free pages' only) u32 · flags u16 · depth u16 · branch pages u64 ·
 *   leaf pages u64 · overflow pages u64 · records u64 · root u64
 */
#ifndef TOCSIN_STORE_PAGE_H
#define TOCSIN_STORE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum page_flag { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };
enum node_flag { NODE_BIG = 1, NODE_TREE = 2 };
enum tree_flag { TREE_INTEGER_KEYS = 8 };

enum {
    PAGE_HEADER = 16,
    PAGE_META_SIZE = 152, /* with the header */
    PAGE_TREE_SIZE = 48,
    PAGE_SIZE_MIN = 512,
    PAGE_SIZE_MAX = 32768,
    PAGE_FIRST = 2, /* the first that is no meta page */
};

struct page_tree {
    uint32_t page_size;
    uint16_t flags; /* enum tree_flag and others */
    uint16_t depth; /* 0: empty; 1: the root is a leaf */
    uint64_t branch_pages, leaf_pages, overflow_pages;
    uint64_t records;
    uint64_t root;
};

struct page_meta {
    size_t page_size;
    struct page_tree free, tables;
    uint64_t last_page;
    uint64_t transaction;
};

/* A branch or a leaf. */
struct page {
    const uint8_t *at;
    size_t size;
    unsigned flags; /* PAGE_BRANCH or PAGE_LEAF */
    size_t nodes;
};

struct page_node {
    struct str key;
    unsigned flags;      /* enum node_flag; of a leaf only */
    uint64_t page;       /* the child, or the first overflow page */
    uint64_t value_size; /* of a leaf only */
    struct str value;    /* a leaf's, unless it is NODE_BIG */
};

/*
 * The parsers return -1 with the end of a sentence ("it says that it is page 7.") in `err`. Those
 * of pages take the page's number, which must be the one that it says.
 *
 * page_meta_parse takes the first PAGE_META_SIZE bytes or more of a meta page.
 */
int page_meta_parse(struct str bytes, uint64_t number, struct page_meta *out, struct err *err);
int page_parse(struct str bytes, uint64_t number, struct page *out, struct err *err);
int page_run_parse(struct str bytes, uint64_t number, uint64_t *pages, struct err *err);

/* The tree that a table's record or a meta page holds; false when it is not PAGE_TREE_SIZE bytes.
 */
bool page_tree_parse(struct str bytes, struct page_tree *out);

/* Node `i` < page->nodes of a page that was parsed: views into it. */
struct page_node page_node(const struct page *page, size_t i);

/* How many overflow pages a value of so many bytes takes at least. */
uint64_t page_run_length(uint64_t value_size, size_t page_size);

#endif
