#include "base/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIMIT = 40 };

static int limit_them(void **state)
{
    static struct rlimit before;
    struct rlimit low;
    *state = &before;
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = LIMIT;
    return setrlimit(RLIMIT_NOFILE, &low);
}

static int lift_limit(void **state)
{
    for (int fd = 3; fd < LIMIT; fd++)
        close(fd);
    return setrlimit(RLIMIT_NOFILE, *state);
}

/* Takes all below `until`. */
static void take_descriptors(int until)
{
    int fd;
    while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0 && fd < until - 1)
        ;
}

static void some_are_kept_for_the_daemon(void **state)
{
    (void)state;
    assert_int_equal(descriptors_limit(), LIMIT);
    assert_int_equal(descriptors_kept(LIMIT), 10);
    assert_int_equal(descriptors_kept(65536), 64);
    assert_true(descriptors_left(10));
    take_descriptors(29);
    assert_true(descriptors_left(10));
    take_descriptors(30);
    assert_false(descriptors_left(10));
    assert_true(descriptors_left(0));
}

static void without_any_there_is_none(void **state)
{
    (void)state;
    take_descriptors(LIMIT + 1);
    assert_false(descriptors_left(0));
    close(20);
    assert_true(descriptors_left(0));
}

static void the_limit_is_raised_as_far_as_it_may(void **state)
{
    const struct rlimit *before = *state;
    descriptors_raise();
    assert_int_equal(descriptors_limit(), before->rlim_max);
}

static void what_is_ours_and_what_is_the_peers(void **state)
{
    (void)state;
    assert_true(error_is_shortage(EMFILE) && error_is_shortage(ENFILE));
    assert_true(error_is_shortage(EADDRNOTAVAIL) && error_is_shortage(ENOBUFS));
    assert_false(error_is_shortage(ECONNREFUSED) || error_is_shortage(ETIMEDOUT));
    assert_false(error_is_shortage(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(some_are_kept_for_the_daemon, limit_them, lift_limit),
        cmocka_unit_test_setup_teardown(without_any_there_is_none, limit_them, lift_limit),
        cmocka_unit_test_setup_teardown(the_limit_is_raised_as_far_as_it_may, limit_them,
                                        lift_limit),
        cmocka_unit_test(what_is_ours_and_what_is_the_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
