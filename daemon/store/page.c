#include "store/page.h"

static const uint32_t META_MAGIC = 0xBEEFC0DE;

enum {
    META_VERSION = 1,
    NODE_HEADER = 8,
    CHILD_SIZE = 8,
    LOWER_AT = 12,
    UPPER_AT = 14,
    FLAGS_AT = 10,
    META_VERSION_AT = PAGE_HEADER + 4,
    META_FREE_AT = PAGE_HEADER + 24,
    META_TABLES_AT = META_FREE_AT + PAGE_TREE_SIZE,
    META_LAST_AT = META_TABLES_AT + PAGE_TREE_SIZE,
    META_TRANSACTION_AT = META_LAST_AT + 8,
};

_Static_assert(META_TRANSACTION_AT + 8 == PAGE_META_SIZE, "the layout adds up");
_Static_assert(sizeof(size_t) == 8, "LMDB's file depends on the machine's word: 64 bits here");

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t n;
    memcpy(&n, at, sizeof(n));
    return n;
}

static uint32_t get_u32(const uint8_t *at)
{
    uint32_t n;
    memcpy(&n, at, sizeof(n));
    return n;
}

static uint16_t get_u16(const uint8_t *at)
{
    uint16_t n;
    memcpy(&n, at, sizeof(n));
    return n;
}

static size_t even(size_t n)
{
    return (n + 1) & ~(size_t)1;
}

bool page_tree_parse(struct str bytes, struct page_tree *out)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    if (bytes.len != PAGE_TREE_SIZE)
        return false;
    *out = (struct page_tree){.page_size = get_u32(at),
                              .flags = get_u16(at + 4),
                              .depth = get_u16(at + 6),
                              .branch_pages = get_u64(at + 8),
                              .leaf_pages = get_u64(at + 16),
                              .overflow_pages = get_u64(at + 24),
                              .records = get_u64(at + 32),
                              .root = get_u64(at + 40)};
    return true;
}

static int number_check(const uint8_t *at, uint64_t number, struct err *err)
{
    uint64_t says = get_u64(at);
    if (says == number)
        return 0;
    return err_set(err, "it says that it is page %llu.", (unsigned long long)says);
}

static bool page_size_is_possible(uint32_t size)
{
    return size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX && (size & (size - 1)) == 0;
}

static int meta_form_check(const uint8_t *at, uint64_t number, struct err *err)
{
    if (!(get_u16(at + FLAGS_AT) & PAGE_META) || get_u32(at + PAGE_HEADER) != META_MAGIC)
        return err_set(err, "it is no meta page of LMDB.");
    if (get_u32(at + META_VERSION_AT) != META_VERSION)
        return err_set(err, "its format is version %u; tocsind knows version %d.",
                       get_u32(at + META_VERSION_AT), META_VERSION);
    return number_check(at, number, err);
}

int page_meta_parse(struct str bytes, uint64_t number, struct page_meta *out, struct err *err)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    if (bytes.len < PAGE_META_SIZE)
        return err_set(err, "the file ends within it.");
    if (meta_form_check(at, number, err))
        return -1;
    page_tree_parse(str_from(at + META_FREE_AT, PAGE_TREE_SIZE), &out->free);
    page_tree_parse(str_from(at + META_TABLES_AT, PAGE_TREE_SIZE), &out->tables);
    out->page_size = out->free.page_size;
    out->last_page = get_u64(at + META_LAST_AT);
    out->transaction = get_u64(at + META_TRANSACTION_AT);
    if (!page_size_is_possible(out->free.page_size))
        return err_set(err, "it gives %u bytes as the size of a page.", out->free.page_size);
    return 0;
}

/* --- Branches and leaves --- */

static size_t node_at(const struct page *page, size_t i)
{
    return get_u16(page->at + PAGE_HEADER + 2 * i);
}

/* The bytes of the node at `at`, whose header lies within the page. Of a leaf, at most 4 GiB. */
static size_t node_size(const struct page *page, size_t at)
{
    const uint8_t *node = page->at + at;
    size_t size = NODE_HEADER + (size_t)get_u16(node + 6);
    if (page->flags == PAGE_LEAF)
        size += get_u16(node + 4) & NODE_BIG ? CHILD_SIZE : (size_t)get_u32(node);
    return even(size);
}

/* One bit for each place where a node may begin, to see that no two are the same. */
struct places {
    uint64_t bits[PAGE_SIZE_MAX / 2 / 64];
};

static int node_check(const struct page *page, size_t i, size_t upper, struct places *places,
                      struct err *err)
{
    size_t at = node_at(page, i);
    if (at % 2 || at < upper || at + NODE_HEADER > page->size)
        return err_set(err, "its entry %zu lies at byte %zu, where none can be.", i, at);
    if (node_size(page, at) > page->size - at)
        return err_set(err, "its entry %zu reaches beyond the page.", i);
    uint64_t bit = (uint64_t)1 << (at / 2 % 64), *word = &places->bits[at / 2 / 64];
    if (*word & bit)
        return err_set(err, "two of its entries lie at byte %zu.", at);
    *word |= bit;
    return 0;
}

/* LMDB leaves no holes: from `upper` on, each node is followed by another or by the page's end. So
 * nodes that lie one after the other, as many as there are, cannot overlap. */
static int nodes_tile(const struct page *page, size_t upper, const struct places *places,
                      struct err *err)
{
    size_t at = upper, count = 0;
    for (; at < page->size && places->bits[at / 2 / 64] >> (at / 2 % 64) & 1; count++)
        at += node_size(page, at);
    if (at == page->size && count == page->nodes)
        return 0;
    return err_set(err, "its entries overlap, or leave a hole at byte %zu.", at);
}

static int nodes_check(const struct page *page, size_t upper, struct err *err)
{
    struct places places;
    memset(&places, 0, page->size / 16);
    for (size_t i = 0; i < page->nodes; i++)
        if (node_check(page, i, upper, &places, err))
            return -1;
    return nodes_tile(page, upper, &places, err);
}

int page_parse(struct str bytes, uint64_t number, struct page *out, struct err *err)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    if (number_check(at, number, err))
        return -1;
    size_t lower = get_u16(at + LOWER_AT), upper = get_u16(at + UPPER_AT);
    *out = (struct page){.at = at, .size = bytes.len, .flags = get_u16(at + FLAGS_AT)};
    if (out->flags != PAGE_BRANCH && out->flags != PAGE_LEAF)
        return err_set(err, "its kind is %u, which is neither a branch nor a leaf.", out->flags);
    if (lower < PAGE_HEADER || lower % 2 || lower > upper || upper % 2 || upper > bytes.len)
        return err_set(err, "its free space from byte %zu to byte %zu cannot be.", lower, upper);
    out->nodes = (lower - PAGE_HEADER) / 2;
    return nodes_check(out, upper, err);
}

struct page_node page_node(const struct page *page, size_t i)
{
    const uint8_t *node = page->at + node_at(page, i), *key = node + NODE_HEADER;
    size_t key_size = get_u16(node + 6);
    struct page_node out = {.key = str_from(key, key_size)};
    const uint8_t *value = key + key_size;
    if (page->flags == PAGE_BRANCH) {
        out.page = get_u32(node) | (uint64_t)get_u16(node + 4) << 32;
        return out;
    }
    out.flags = get_u16(node + 4);
    out.value_size = get_u32(node);
    if (out.flags & NODE_BIG)
        out.page = get_u64(value);
    else
        out.value = str_from(value, out.value_size);
    return out;
}

/* --- Overflow pages --- */

int page_run_parse(struct str bytes, uint64_t number, uint64_t *pages, struct err *err)
{
    const uint8_t *at = (const uint8_t *)bytes.at;
    if (number_check(at, number, err))
        return -1;
    unsigned flags = get_u16(at + FLAGS_AT);
    if (flags != PAGE_OVERFLOW)
        return err_set(err, "its kind is %u; it should hold a large value.", flags);
    *pages = get_u32(at + LOWER_AT);
    return 0;
}

uint64_t page_run_length(uint64_t value_size, size_t page_size)
{
    return (PAGE_HEADER - 1 + value_size) / page_size + 1;
}
