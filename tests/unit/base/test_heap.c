#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/random.h"

enum { ITEMS = 500 };

static int64_t smallest(const struct heap_item *items)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < ITEMS; i++)
        if (items[i].place && items[i].key < least)
            least = items[i].key;
    return least;
}

static void the_first_is_always_the_smallest(void **state)
{
    (void)state;
    static struct heap_item items[ITEMS];
    struct heap heap;
    heap_init(&heap);
    for (int i = 0; i < 20000; i++) {
        struct heap_item *item = &items[random_below(ITEMS)];
        if (random_below(3))
            heap_put(&heap, item, (int64_t)random_below(1000));
        else
            heap_remove(&heap, item);
        if (heap_first(&heap))
            assert_int_equal(heap_first(&heap)->key, smallest(items));
        else
            assert_int_equal(smallest(items), INT64_MAX);
    }
    heap_release(&heap);
}

static void an_item_can_be_moved_and_taken_out_twice(void **state)
{
    (void)state;
    struct heap heap;
    struct heap_item a = {0}, b = {0};
    heap_init(&heap);
    heap_put(&heap, &a, 5);
    heap_put(&heap, &b, 3);
    heap_put(&heap, &a, 1);
    assert_ptr_equal(heap_first(&heap), &a);
    heap_remove(&heap, &a);
    heap_remove(&heap, &a);
    assert_ptr_equal(heap_first(&heap), &b);
    assert_int_equal(heap.count, 1);
    heap_release(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_always_the_smallest),
        cmocka_unit_test(an_item_can_be_moved_and_taken_out_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
