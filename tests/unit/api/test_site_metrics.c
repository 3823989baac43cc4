/* Sites in numbers for Prometheus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/site_metrics.h"

static struct buf render(const struct survey *survey)
{
    struct buf out = BUF_INIT;
    site_metrics_render(survey, 5000, &out);
    return out;
}

static void assert_line(const struct buf *text, const char *line)
{
    struct buf whole = BUF_INIT;
    buf_addf(&whole, "\n%s\n", line);
    if (!strstr(text->at, whole.at))
        fail_msg("\"%s\" is not in:\n%s", line, text->at);
    buf_release(&whole);
}

static void every_state_is_counted_also_when_nobody_is_in_it(void **state)
{
    (void)state;
    struct site_view all[8] = {{.next = NULL}};
    for (size_t i = 0; i < 8; i++)
        all[i] = (struct site_view){
            .next = i ? &all[i - 1] : NULL, .key = STR("mx.test"), .state = (enum site_state)i};
    struct survey survey = {.sites = &all[7], .away = 3, .waiting = 4};
    struct buf out = render(&survey);
    for (size_t i = 0; i < 8; i++) {
        char line[80];
        snprintf(line, sizeof(line), "tocsin_sites{state=\"%s\"} 1", site_state_name(all[i].state));
        assert_line(&out, line);
    }
    assert_line(&out, "tocsin_sites{state=\"slowed\"} 0");
    assert_line(&out, "# TYPE tocsin_sites gauge");
    assert_line(&out, "tocsin_domains_away 3");
    assert_line(&out, "tocsin_domains_waiting 4");
    buf_release(&out);
}

static void the_queues_of_a_provider_are_added_up(void **state)
{
    (void)state;
    struct site_view one = {.key = STR("a"), .provider = STR("big"), .queued = 5};
    struct site_view two = {.next = &one, .key = STR("b"), .queued = 100};
    struct site_view three = {
        .next = &two, .key = STR("c"), .provider = STR("o\"d\\d"), .queued = 1};
    struct site_view four = {.next = &three, .key = STR("d"), .provider = STR("big"), .queued = 7};
    struct survey survey = {.sites = &four};
    struct buf out = render(&survey);
    assert_line(&out, "tocsin_provider_queued{provider=\"big\"} 12");
    assert_line(&out, "tocsin_provider_queued{provider=\"o\\\"d\\\\d\"} 1");
    assert_null(strstr(out.at, "100"));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_counted_also_when_nobody_is_in_it),
        cmocka_unit_test(the_queues_of_a_provider_are_added_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
