#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_do_not_overlap_and_are_aligned(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *pieces[200];
    for (int i = 0; i < 200; i++) {
        pieces[i] = arena_alloc(&a, (size_t)i * 13 + 1);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], i, (size_t)i * 13 + 1);
    }
    for (int i = 0; i < 200; i++)
        for (int k = 0; k <= i * 13; k++)
            assert_int_equal((unsigned char)pieces[i][k], i);
    arena_release(&a);
}

/* The first time several chunks were needed; from then on one is enough. */
static void what_was_needed_once_is_there_from_then_on(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    arena_alloc(&a, 100);
    arena_alloc(&a, 700000);
    arena_reset(&a);
    char *first = arena_alloc(&a, 100);
    char *second = arena_alloc(&a, 700000);
    assert_true(second > first && second - first < 1000);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 100), first);
    arena_release(&a);
}

static void a_huge_one_is_not_kept(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *huge = arena_alloc(&a, 64 << 20);
    memset(huge, 1, 64 << 20);
    arena_reset(&a);
    char *first = arena_alloc(&a, 100);
    char *second = arena_alloc(&a, 64 << 20); /* no room for it beside the first */
    assert_true(second < first || second - first > 1000);
    arena_release(&a);
}

static void texts_are_copied_and_terminated(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char text[] = "hello";
    struct str copy = arena_str(&a, str_of(text));
    text[0] = 'j';
    assert_string_equal(copy.at, "hello");
    assert_string_equal(arena_str(&a, (struct str){NULL, 0}).at, "");
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_overlap_and_are_aligned),
        cmocka_unit_test(what_was_needed_once_is_there_from_then_on),
        cmocka_unit_test(a_huge_one_is_not_kept),
        cmocka_unit_test(texts_are_copied_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
