#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/metrics.h"

static struct metric first = {"a_total", "kind=\"x\"", "Things.", METRIC_COUNTER, 0, NULL};
static struct metric other = {"b", NULL, "A size.", METRIC_GAUGE, 0, NULL};
static struct metric second = {"a_total", "kind=\"y\"", "Things.", METRIC_COUNTER, 0, NULL};

static void one_name_stays_together_with_one_help(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    metric_register(&first);
    metric_register(&other);
    metric_register(&second);
    metric_register(&first);
    metric_add(&first, 3);
    metric_set(&other, -1);
    metrics_render(&out);
    assert_string_equal(out.at, "# HELP a_total Things.\n# TYPE a_total counter\n"
                                "a_total{kind=\"x\"} 3\na_total{kind=\"y\"} 0\n"
                                "# HELP b A size.\n# TYPE b gauge\nb -1\n");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_name_stays_together_with_one_help)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
