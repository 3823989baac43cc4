#include "store/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/pages_walk.h"

enum { FREE_NUMBER = 8 };

struct pages {
    struct walk walk;
    enum pages_depth depth;
    struct page_meta meta; /* of the two, the one that counts */
    struct pages_report *report;
    struct page_tree heads[PAGES_TABLES_MAX]; /* as many as report->tables */
    uint64_t unwritten;                       /* free pages behind the end of the file */
};

/* --- Meta pages --- */

static void meta_say(struct pages *p, uint64_t page, const char *why)
{
    finding_add(p->walk.findings, "The file %s is damaged at page %llu (meta page): %s",
                p->walk.path, (unsigned long long)page, why);
}

static bool meta_read(struct pages *p, uint64_t page, off_t at, struct page_meta *out)
{
    uint8_t bytes[PAGE_META_SIZE];
    struct err why;
    ssize_t got = pread(p->walk.fd, bytes, sizeof(bytes), at);
    if (got < 0)
        err_set(&why, "it cannot be read: %s.", strerror(errno));
    else if (page_meta_parse(str_from(bytes, (size_t)got), page, out, &why) == 0)
        return true;
    meta_say(p, page, why.text);
    return false;
}

/* Each transaction writes the meta page that the one before it left alone, even ones the first; a
 * new file has transaction 0 on both. */
static bool metas_agree(const struct page_meta metas[2])
{
    uint64_t even = metas[0].transaction, odd = metas[1].transaction;
    if (metas[0].page_size != metas[1].page_size)
        return false;
    return (even == 0 && odd == 0) || (even % 2 == 0 && (even + 1 == odd || odd + 1 == even));
}

static bool metas_read(struct pages *p)
{
    struct page_meta metas[2];
    if (!meta_read(p, 0, 0, &metas[0]) || !meta_read(p, 1, (off_t)metas[0].page_size, &metas[1]))
        return false;
    if (!metas_agree(metas)) {
        meta_say(p, 1, "it does not go together with page 0.");
        return false;
    }
    p->meta = metas[metas[0].transaction < metas[1].transaction];
    return true;
}

/* --- The list of tables --- */

/* Names are for sentences: what is not plain ASCII becomes "?". */
static void name_copy(char out[PAGES_NAME_MAX + 1], struct str name)
{
    size_t len = name.len < PAGES_NAME_MAX ? name.len : PAGES_NAME_MAX;
    for (size_t i = 0; i < len; i++)
        out[i] = name.at[i] > ' ' && name.at[i] < 0x7f ? name.at[i] : '?';
    out[len] = '\0';
}

static void take_table(struct walk *walk, struct tree *tree, uint64_t page,
                       const struct page_node *node)
{
    struct pages *p = tree->ctx;
    struct pages_report *report = p->report;
    struct page_tree *head = &p->heads[report->tables];
    if (report->tables == PAGES_TABLES_MAX || !(node->flags & NODE_TREE) ||
        !page_tree_parse(node->value, head)) {
        walk_say(walk, tree, page, "it holds a record that tocsind never writes.");
        return;
    }
    name_copy(report->table[report->tables].name, node->key);
    report->table[report->tables++].records = head->records;
}

static void walk_list_of_tables(struct pages *p)
{
    struct tree tree = {.name = "the list of tables",
                        .head = p->meta.tables,
                        .leaves = true,
                        .node_flags = NODE_TREE,
                        .record = take_table,
                        .ctx = p};
    tree_walk(&p->walk, &tree);
}

/* False, with a finding, when a count cannot be true. */
static bool count_used(struct pages *p, const struct page_tree *head, const char *name,
                       uint64_t *pages)
{
    uint64_t bound = p->walk.pages;
    if (head->branch_pages > bound || head->leaf_pages > bound || head->overflow_pages > bound) {
        finding_add(p->walk.findings,
                    "The file %s is damaged (%s): it should have more pages than the file.",
                    p->walk.path, name);
        return false;
    }
    *pages = head->branch_pages + head->leaf_pages + head->overflow_pages;
    p->report->used += *pages;
    return true;
}

static bool count_all_used(struct pages *p)
{
    uint64_t pages;
    if (!count_used(p, &p->meta.free, "the list of free pages", &pages) ||
        !count_used(p, &p->meta.tables, "the list of tables", &pages))
        return false;
    for (size_t i = 0; i < p->report->tables; i++)
        if (!count_used(p, &p->heads[i], p->report->table[i].name, &p->report->table[i].pages))
            return false;
    return true;
}

/* --- The list of free pages --- */

/*
 * Its records: key: transaction (u64) that no longer needs them; value: how many (u64) · numbers of
 * pages (u64), the largest first · room that was not needed.
 */
struct free_record {
    struct pages *pages;
    struct tree *tree;
    uint64_t leaf;
    uint64_t left;   /* numbers still to come */
    uint64_t before; /* the last one */
};

static uint64_t number_at(const char *at)
{
    uint64_t n;
    memcpy(&n, at, sizeof(n));
    return n;
}

/* LMDB never writes a page that is taken from the end of the file and freed in one transaction: it
 * may lie behind the file's end. */
static bool free_number(struct free_record *r, uint64_t number)
{
    struct walk *walk = &r->pages->walk;
    if (number >= r->before) {
        walk_say(walk, r->tree, r->leaf, "its numbers are not in order.");
        return false;
    }
    r->before = number;
    r->pages->report->free++;
    if (number < walk->pages || number > walk->last_page)
        return page_claim(walk, r->tree, number);
    r->pages->unwritten++;
    return true;
}

/* Takes numbers from a part of the record. */
static bool free_numbers(struct free_record *r, struct str part)
{
    for (; r->left && part.len >= FREE_NUMBER; part = str_skip(part, FREE_NUMBER), r->left--)
        if (!free_number(r, number_at(part.at)))
            return false;
    return true;
}

/* A large record, page by page; numbers never stand across two. */
static void free_run(struct free_record *r, const struct page_node *node)
{
    struct walk *walk = &r->pages->walk;
    uint64_t page = node->page;
    for (size_t skip = PAGE_HEADER; r->left; page++, skip = 0) {
        if (!page_read(walk, r->tree, page, walk->extra, walk->page_size))
            return;
        struct str part = str_from(walk->extra + skip, walk->page_size - skip);
        if (skip)
            part = str_skip(part, FREE_NUMBER); /* how many there are */
        if (!free_numbers(r, part))
            return;
    }
}

/* How many numbers a record holds; UINT64_MAX when that cannot be read. */
static uint64_t free_count(struct walk *walk, const struct tree *tree, const struct page_node *node)
{
    if (!(node->flags & NODE_BIG))
        return node->value_size < FREE_NUMBER ? UINT64_MAX : number_at(node->value.at);
    if (!page_read(walk, tree, node->page, walk->extra, PAGE_HEADER + FREE_NUMBER))
        return UINT64_MAX;
    return number_at((const char *)walk->extra + PAGE_HEADER);
}

static void take_free(struct walk *walk, struct tree *tree, uint64_t page,
                      const struct page_node *node)
{
    struct free_record r = {.pages = tree->ctx, .tree = tree, .leaf = page, .before = UINT64_MAX};
    r.left = free_count(walk, tree, node);
    if (r.left > node->value_size / FREE_NUMBER - 1)
        walk_say(walk, tree, page, "it has a record that is too short for its numbers.");
    else if (number_at(node->key.at) > walk->transaction)
        walk_say(walk, tree, page, "it has a record of a transaction that is still to come.");
    else if (node->flags & NODE_BIG)
        free_run(&r, node);
    else
        free_numbers(&r, str_skip(node->value, FREE_NUMBER));
}

static void walk_list_of_free_pages(struct pages *p)
{
    struct tree tree = {.name = "the list of free pages",
                        .head = p->meta.free,
                        .leaves = true,
                        .integer_keys = true,
                        .node_flags = NODE_BIG,
                        .record = take_free,
                        .ctx = p};
    /* Flags of the environment stand in the same word: MDB_NOSUBDIR, from a copy made with it. */
    tree.head.flags &= (uint16_t)~0x4000U;
    tree_walk(&p->walk, &tree);
}

/* What is behind the end of the file must be free. */
static void check_length(struct pages *p)
{
    const struct walk *walk = &p->walk;
    if (walk->findings->count == 0 && walk->last_page - (walk->pages - 1) > p->unwritten)
        finding_add(walk->findings,
                    "The file %s is damaged: it has %llu pages, and should have %llu. It was cut "
                    "off, or its meta page is wrong.",
                    walk->path, (unsigned long long)walk->pages,
                    (unsigned long long)walk->last_page + 1);
}

/* --- The tables --- */

static void walk_table(struct pages *p, size_t i)
{
    struct tree tree = {.head = p->heads[i], .leaves = p->report->all, .node_flags = NODE_BIG};
    snprintf(tree.name, sizeof(tree.name), "table `%s`", p->report->table[i].name);
    tree_walk(&p->walk, &tree);
}

/* --- The file --- */

/* Reading in the order of the trees is slow on a disk that turns: the kernel is told to read ahead
 * in the order of the file. */
static void walk_file(struct pages *p)
{
    walk_list_of_tables(p);
    if (p->walk.findings->count || !count_all_used(p))
        return;
    p->report->all =
        p->depth == PAGES_ALL || (p->depth == PAGES_BY_SIZE && p->report->used <= PAGES_ALL_MAX);
    if (p->report->all)
        posix_fadvise(p->walk.fd, 0, 0, POSIX_FADV_WILLNEED);
    walk_list_of_free_pages(p);
    for (size_t i = 0; i < p->report->tables && !findings_enough(p->walk.findings); i++)
        walk_table(p, i);
    check_length(p);
}

static void check_file(struct pages *p, uint64_t file_size)
{
    if (!metas_read(p))
        return;
    uint64_t pages = file_size / p->meta.page_size;
    if (p->meta.last_page < pages)
        pages = p->meta.last_page + 1;
    p->walk.last_page = p->meta.last_page;
    p->walk.transaction = p->meta.transaction;
    walk_init(&p->walk, p->meta.page_size, pages);
    walk_file(p);
    walk_release(&p->walk);
}

static void check_open(struct pages *p)
{
    struct stat file;
    if (fstat(p->walk.fd, &file))
        finding_add(p->walk.findings, "The file %s cannot be looked at: %s.", p->walk.path,
                    strerror(errno));
    else if (!S_ISREG(file.st_mode))
        finding_add(p->walk.findings, "%s is no file.", p->walk.path);
    else if (file.st_size > 0)
        check_file(p, (uint64_t)file.st_size);
}

void pages_check(const char *path, enum pages_depth depth, struct pages_report *report,
                 struct findings *findings)
{
    struct pages_report own;
    struct pages p = {.walk = {.path = path, .findings = findings},
                      .depth = depth,
                      .report = report ? report : &own};
    memset(p.report, 0, sizeof(*p.report));
    p.walk.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (p.walk.fd < 0 && errno == ENOENT)
        return;
    if (p.walk.fd < 0) {
        finding_add(findings, "The file %s cannot be opened: %s.", path, strerror(errno));
        return;
    }
    check_open(&p);
    close(p.walk.fd);
}
