#include "base/alloc.h"

static void *certain(void *at, size_t size)
{
    if (!at) {
        fprintf(stderr, "tocsin: out of memory: %zu bytes could not be had\n", size);
        abort();
    }
    return at;
}

void *alloc(size_t size)
{
    return certain(malloc(size ? size : 1), size);
}

void *alloc_zero(size_t count, size_t size)
{
    return certain(calloc(count ? count : 1, size ? size : 1), count * size);
}

void *alloc_again(void *at, size_t size)
{
    return certain(realloc(at, size ? size : 1), size);
}
