#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/u64set.h"

enum { RANGE = 3000 };

/* The same random steps on the set and on an array of truths. */
static void behaves_like_an_array_of_truths(void **state)
{
    (void)state;
    static bool model[RANGE];
    size_t count = 0;
    struct u64set set;
    u64set_init(&set);
    for (int i = 0; i < 100000; i++) {
        uint64_t member = random_below(RANGE);
        if (random_below(2)) {
            assert_int_equal(u64set_add(&set, member), !model[member]);
            count += !model[member];
            model[member] = true;
        } else {
            assert_int_equal(u64set_remove(&set, member), model[member]);
            count -= model[member];
            model[member] = false;
        }
        assert_int_equal(set.count, count);
    }
    for (uint64_t m = 0; m < RANGE; m++)
        assert_int_equal(u64set_has(&set, m), model[m]);
    u64set_release(&set);
}

static void the_ends_of_the_range_are_members_too(void **state)
{
    (void)state;
    struct u64set set;
    u64set_init(&set);
    assert_false(u64set_has(&set, 0));
    assert_true(u64set_add(&set, 0));
    assert_true(u64set_add(&set, UINT64_MAX));
    assert_false(u64set_add(&set, UINT64_MAX));
    assert_true(u64set_has(&set, 0));
    assert_true(u64set_remove(&set, UINT64_MAX));
    assert_false(u64set_remove(&set, UINT64_MAX));
    assert_int_equal(set.count, 1);
    u64set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves_like_an_array_of_truths),
        cmocka_unit_test(the_ends_of_the_range_are_members_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
