/*
 * Counts how often this program asks the heap for something or gives it back, in its own code and
 * in the libraries', while the thread that asks has switched the count on. Defines malloc and its
 * kin, so one file of a program includes it. glibc only; nothing is counted under sanitizers, which
 * bring their own.
 */
#ifndef TOCSIN_BENCH_HEAP_CALLS_H
#define TOCSIN_BENCH_HEAP_CALLS_H

#include <stdbool.h>
#include <stddef.h>

static _Thread_local struct {
    bool on;
    unsigned long count;
} heap_calls;

#ifndef __has_feature
#define __has_feature(name) 0 /* clang has it */
#endif

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *at);

void *malloc(size_t size)
{
    heap_calls.count += heap_calls.on;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    heap_calls.count += heap_calls.on;
    return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    heap_calls.count += heap_calls.on;
    return __libc_realloc(at, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    heap_calls.count += heap_calls.on;
    return __libc_memalign(alignment, size);
}

/* NULL asks for nothing. */
void free(void *at)
{
    heap_calls.count += heap_calls.on && at;
    __libc_free(at);
}

#endif
#endif
