#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/options.h"
#include "config/values.h"

static void every_default_is_a_value_within_its_bounds(void **state)
{
    (void)state;
    struct arena memory = ARENA_INIT;
    struct value_context context = {STR(""), &memory};
    for (size_t i = 0; i < option_count; i++) {
        struct value value;
        struct err err = {""};
        if (options[i].preset &&
            value_parse(&options[i], str_of(options[i].preset), &context, &value, &err) != 0)
            fail_msg("%s: %s %s", options[i].name, options[i].preset, err.text);
    }
    arena_release(&memory);
}

static void bounds_are_values_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        struct value value;
        const struct option *o = &options[i];
        assert_true((o->low == NULL) == (o->high == NULL));
        if (!o->low)
            continue;
        assert_int_equal(value_parse(o, str_of(o->low), NULL, &value, NULL), 0);
        assert_int_equal(value_parse(o, str_of(o->high), NULL, &value, NULL), 0);
    }
}

/* parse.c gives each option of a block a bit, by its place. */
static void options_of_a_block_stand_together(void **state)
{
    (void)state;
    unsigned runs[BLOCK_COUNT] = {0}, in_block[BLOCK_COUNT] = {0};
    for (size_t i = 0; i < option_count; i++) {
        runs[options[i].block] += i == 0 || options[i - 1].block != options[i].block;
        in_block[options[i].block]++;
    }
    for (int i = 0; i < BLOCK_COUNT; i++) {
        assert_int_equal(runs[i], 1);
        assert_in_range(in_block[i], 1, 64);
    }
}

/* config_diff_needs_restart looks at the blocks that stand in `struct config` itself. */
static void only_blocks_that_come_once_need_a_restart(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++)
        if (options[i].restart)
            assert_false(blocks[options[i].block].many);
}

static void lists_are_no_longer_than_the_parser_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &options[i];
        assert_in_range(o->list_max, 0, OPTION_LIST_LONGEST);
        assert_true(!o->list_max || !o->preset);
        assert_true(o->list_max || !o->in_place);
    }
}

/* Blocks are found by their name alone, wherever they stand. */
static void no_two_blocks_share_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < BLOCK_COUNT; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(blocks[i].name, blocks[k].name);
}

/* What a provider's block leaves out must be told from what it says. */
static void blocks_that_are_laid_over_others_have_no_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        enum block_id block = options[i].block;
        if (block == BLOCK_PROVIDER || block == BLOCK_EACH || block == BLOCK_TOTAL)
            assert_null(options[i].preset);
    }
}

static void names_are_found(void **state)
{
    (void)state;
    assert_int_equal(block_find(STR("dkim")), BLOCK_DKIM);
    assert_int_equal(block_find(STR("root")), BLOCK_TOP);
    assert_int_equal(block_find(STR("provider")), BLOCK_PROVIDER);
    assert_int_equal(block_find(STR("providers")), BLOCK_TOP);
    assert_string_equal(option_find(BLOCK_SITE, STR("rate"))->name, "rate");
    assert_null(option_find(BLOCK_TLS, STR("rate")));
}

static void a_slip_of_the_pen_is_understood(void **state)
{
    (void)state;
    assert_string_equal(option_suggest(BLOCK_SITE, STR("conections")), "connections");
    assert_string_equal(option_suggest(BLOCK_SITE, STR("inflight")), "in_flight");
    assert_string_equal(option_suggest(BLOCK_TOP, STR("indentity")), "identity");
    assert_string_equal(option_suggest(BLOCK_IDENTITY, STR("dkmi")), "dkim");
    assert_string_equal(option_suggest(BLOCK_TOP, STR("povider")), "provider");
    assert_string_equal(option_suggest(BLOCK_PROVIDER, STR("eahc")), "each");
    assert_null(option_suggest(BLOCK_TOP, STR("x")));
    assert_null(option_suggest(BLOCK_TLS, STR("connections")));
    assert_null(
        option_suggest(BLOCK_TOP, STR("a_name_that_is_longer_than_any_option_has_ever_been")));
    assert_null(option_suggest(BLOCK_TOP, STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_a_value_within_its_bounds),
        cmocka_unit_test(bounds_are_values_too),
        cmocka_unit_test(options_of_a_block_stand_together),
        cmocka_unit_test(only_blocks_that_come_once_need_a_restart),
        cmocka_unit_test(lists_are_no_longer_than_the_parser_takes),
        cmocka_unit_test(no_two_blocks_share_a_name),
        cmocka_unit_test(blocks_that_are_laid_over_others_have_no_defaults),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(a_slip_of_the_pen_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
