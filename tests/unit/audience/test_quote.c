#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audience/quote.h"

static void quotes_short_and_clean(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    quote_add(&out, STR("a\nb\x7F"));
    assert_string_equal(out.at, "\"a b \"");
    buf_reset(&out);
    /* 59 letters and an é: the cut must not split it. */
    quote_add(&out, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9zz"));
    assert_true(str_is_utf8(buf_str(&out)));
    assert_true(str_ends(buf_str(&out), STR("a…\"")));
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quotes_short_and_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
