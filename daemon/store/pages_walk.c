#include "store/pages_walk.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"

enum { KEY_SIZE_MAX = 511 };

/* A page to visit, and the keys that may stand below it: `low` and all up to `high`, that one not
 * included; at == NULL: no bound. */
struct span {
    uint64_t page;
    unsigned level;
    struct str low, high;
};

void walk_init(struct walk *walk, size_t page_size, uint64_t pages)
{
    walk->page_size = page_size;
    walk->pages = pages;
    walk->seen = alloc_zero((size_t)(pages / 64 + 1), sizeof(*walk->seen));
    walk->extra = alloc(page_size);
    memset(walk->levels, 0, sizeof(walk->levels));
}

void walk_release(struct walk *walk)
{
    for (size_t i = 0; i < WALK_DEPTH_MAX; i++)
        free(walk->levels[i]);
    free(walk->extra);
    free(walk->seen);
}

void walk_say(struct walk *walk, const struct tree *tree, uint64_t page, const char *format, ...)
{
    struct err why;
    va_list args;
    va_start(args, format);
    vsnprintf(why.text, sizeof(why.text), format, args);
    va_end(args);
    finding_add(walk->findings, "The file %s is damaged at page %llu (%s): %s", walk->path,
                (unsigned long long)page, tree->name, why.text);
}

static uint8_t *level_buffer(struct walk *walk, unsigned level)
{
    if (!walk->levels[level])
        walk->levels[level] = alloc(walk->page_size);
    return walk->levels[level];
}

bool page_claim(struct walk *walk, const struct tree *tree, uint64_t page)
{
    unsigned long long last = walk->last_page;
    if (page < PAGE_FIRST || page > walk->last_page) {
        walk_say(walk, tree, page, "something leads there, but pages go from 2 to %llu.", last);
        return false;
    }
    if (page >= walk->pages) {
        walk_say(walk, tree, page, "the file is cut off before it; its last page was %llu.", last);
        return false;
    }
    uint64_t *word = &walk->seen[page / 64], bit = (uint64_t)1 << page % 64;
    if (*word & bit) {
        walk_say(walk, tree, page, "it is used twice, or used and listed as free.");
        return false;
    }
    *word |= bit;
    return true;
}

bool page_read(struct walk *walk, const struct tree *tree, uint64_t page, uint8_t *into,
               size_t size)
{
    ssize_t got;
    do
        got = pread(walk->fd, into, size, (off_t)(page * walk->page_size));
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)size)
        return true;
    walk_say(walk, tree, page, "it cannot be read: %s.",
             got < 0 ? strerror(errno) : "the file ends");
    return false;
}

/* --- Keys --- */

static uint64_t key_number(struct str key)
{
    uint64_t n;
    memcpy(&n, key.at, sizeof(n));
    return n;
}

static int keys_compare(const struct tree *tree, struct str a, struct str b)
{
    if (!tree->integer_keys)
        return str_compare(a, b);
    uint64_t x = key_number(a), y = key_number(b);
    return (x > y) - (x < y);
}

static bool key_is_possible(const struct tree *tree, struct str key)
{
    if (tree->integer_keys)
        return key.len == sizeof(uint64_t);
    return key.len > 0 && key.len <= KEY_SIZE_MAX;
}

/* Whether entry i comes after the one before it, and within the span. */
static const char *key_fault(const struct tree *tree, const struct span *span, struct str before,
                             struct str key)
{
    if (!key_is_possible(tree, key))
        return "has a key of a length that cannot be";
    if (before.at ? keys_compare(tree, before, key) >= 0
                  : span->low.at && keys_compare(tree, span->low, key) > 0)
        return "is not after the one before it";
    if (span->high.at && keys_compare(tree, key, span->high) >= 0)
        return "belongs on a later page";
    return NULL;
}

/* The first key of a branch is not looked at, by LMDB neither: it stands for the span's low end. */
static bool keys_check(struct walk *walk, const struct tree *tree, const struct span *span,
                       const struct page *page)
{
    struct str before = {NULL, 0};
    for (size_t i = page->flags == PAGE_BRANCH; i < page->nodes; i++) {
        struct str key = page_node(page, i).key;
        const char *fault = key_fault(tree, span, before, key);
        if (fault) {
            walk_say(walk, tree, span->page, "its entry %zu %s.", i, fault);
            return false;
        }
        before = key;
    }
    return true;
}

/* --- Pages --- */

static bool is_leaf_level(const struct tree *tree, const struct span *span)
{
    return span->level + 1U == tree->head.depth;
}

/* LMDB may leave a branch with a single child in the list of free pages, and nowhere else. */
static size_t nodes_min(const struct tree *tree, const struct page *page)
{
    return page->flags == PAGE_BRANCH && !tree->integer_keys ? 2 : 1;
}

static bool span_read(struct walk *walk, const struct tree *tree, const struct span *span,
                      struct page *page)
{
    struct err why;
    uint8_t *bytes = level_buffer(walk, span->level);
    unsigned wanted = is_leaf_level(tree, span) ? PAGE_LEAF : PAGE_BRANCH;
    if (!page_read(walk, tree, span->page, bytes, walk->page_size))
        return false;
    if (page_parse(str_from(bytes, walk->page_size), span->page, page, &why))
        walk_say(walk, tree, span->page, "%s", why.text);
    else if (page->flags != wanted)
        walk_say(walk, tree, span->page, "it is a %s in the place of a %s.",
                 wanted == PAGE_LEAF ? "branch" : "leaf", wanted == PAGE_LEAF ? "leaf" : "branch");
    else if (page->nodes < nodes_min(tree, page))
        walk_say(walk, tree, span->page, "it has only %zu entries.", page->nodes);
    else
        return keys_check(walk, tree, span, page);
    return false;
}

/* Takes the overflow pages of a value. */
static bool run_walk(struct walk *walk, struct tree *tree, const struct page_node *node)
{
    struct err why;
    uint64_t pages;
    if (!page_claim(walk, tree, node->page) ||
        !page_read(walk, tree, node->page, walk->extra, PAGE_HEADER))
        return false;
    if (page_run_parse(str_from(walk->extra, PAGE_HEADER), node->page, &pages, &why)) {
        walk_say(walk, tree, node->page, "%s", why.text);
        return false;
    }
    if (pages < page_run_length(node->value_size, walk->page_size)) {
        walk_say(walk, tree, node->page, "a value of %llu bytes does not fit into %llu pages.",
                 (unsigned long long)node->value_size, (unsigned long long)pages);
        return false;
    }
    for (uint64_t i = 1; i < pages; i++)
        if (!page_claim(walk, tree, node->page + i))
            return false;
    tree->overflow_pages += pages;
    return true;
}

static void record_walk(struct walk *walk, struct tree *tree, uint64_t page,
                        const struct page_node *node)
{
    if (node->flags & ~tree->node_flags) {
        walk_say(walk, tree, page, "it holds a record of a form that tocsind never writes.");
        return;
    }
    if (node->flags & NODE_BIG && !run_walk(walk, tree, node))
        return;
    if (tree->record)
        tree->record(walk, tree, page, node);
}

static void leaf_walk(struct walk *walk, struct tree *tree, const struct span *span,
                      const struct page *page)
{
    tree->records += page->nodes;
    for (size_t i = 0; i < page->nodes && !findings_enough(walk->findings); i++) {
        struct page_node node = page_node(page, i);
        if (node.flags || tree->record)
            record_walk(walk, tree, span->page, &node);
    }
}

static void span_walk(struct walk *walk, struct tree *tree, const struct span *span);

/* The keys of this page stay in the buffer of its level while what is below is read. */
static void branch_walk(struct walk *walk, struct tree *tree, const struct span *span,
                        const struct page *page)
{
    for (size_t i = 0; i < page->nodes && !findings_enough(walk->findings); i++) {
        struct page_node node = page_node(page, i);
        struct span below = {node.page, span->level + 1, i ? node.key : span->low,
                             i + 1 < page->nodes ? page_node(page, i + 1).key : span->high};
        span_walk(walk, tree, &below);
    }
}

static void span_walk(struct walk *walk, struct tree *tree, const struct span *span)
{
    struct page page;
    bool leaf = is_leaf_level(tree, span);
    if (!page_claim(walk, tree, span->page))
        return;
    tree->leaf_pages += leaf;
    tree->branch_pages += !leaf;
    if (leaf && !tree->leaves && span->level > 0)
        return;
    if (!span_read(walk, tree, span, &page))
        return;
    if (leaf)
        leaf_walk(walk, tree, span, &page);
    else
        branch_walk(walk, tree, span, &page);
}

/* --- Trees --- */

static void tree_say(struct walk *walk, const struct tree *tree, const char *what, uint64_t says,
                     uint64_t found)
{
    if (says != found)
        finding_add(
            walk->findings, "The file %s is damaged (%s): it should have %llu %s, and has %llu.",
            walk->path, tree->name, (unsigned long long)says, what, (unsigned long long)found);
}

static void tree_sums_check(struct walk *walk, const struct tree *tree)
{
    tree_say(walk, tree, "branch pages", tree->head.branch_pages, tree->branch_pages);
    tree_say(walk, tree, "leaf pages", tree->head.leaf_pages, tree->leaf_pages);
    if (!tree->leaves && tree->head.depth > 1)
        return;
    tree_say(walk, tree, "overflow pages", tree->head.overflow_pages, tree->overflow_pages);
    tree_say(walk, tree, "records", tree->head.records, tree->records);
}

static bool tree_head_check(struct walk *walk, const struct tree *tree)
{
    const struct page_tree *head = &tree->head;
    unsigned flags = head->flags;
    bool has_root = head->root != UINT64_MAX;
    if (flags == (tree->integer_keys ? TREE_INTEGER_KEYS : 0) && head->depth <= WALK_DEPTH_MAX &&
        has_root == (head->depth > 0))
        return true;
    finding_add(walk->findings,
                "The file %s is damaged (%s): its tree begins at page %lld with depth %u and flags "
                "%u, which cannot be.",
                walk->path, tree->name, (long long)head->root, head->depth, flags);
    return false;
}

void tree_walk(struct walk *walk, struct tree *tree)
{
    uint64_t before = walk->findings->count;
    struct span root = {.page = tree->head.root};
    if (!tree_head_check(walk, tree))
        return;
    if (tree->head.depth > 0)
        span_walk(walk, tree, &root);
    if (walk->findings->count == before)
        tree_sums_check(walk, tree);
}
