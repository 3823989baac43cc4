/* One row of a file: a contact, nothing, or a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audience/row.h"

/* Columns: email, first_name, one left out, country. */
static void columns_make(struct columns *c)
{
    static const struct str header[] = {{"email", 5}, {"First name", 10}, {"", 0}, {"country", 7}};
    struct csv_row row = {.fields = header, .count = 4, .line = 1};
    assert_int_equal(columns_read(c, &row, NULL, 0, NULL), 0);
}

/* Reads a row given as "a|b|c"; the answer as text. */
static void assert_read(const char *text, const char *expect)
{
    struct columns columns;
    struct row_space space;
    struct contact_row contact;
    struct buf reason = BUF_INIT, got = BUF_INIT;
    struct str fields[10], rest = str_of(text);
    struct csv_row row = {.fields = fields, .line = 7};
    columns_make(&columns);
    while (rest.at)
        fields[row.count++] = str_cut(&rest, '|');
    switch (row_read(&row, &columns, &space, &contact, &reason)) {
    case ROW_GOOD:
        buf_addf(&got, "%.*s %.*s %.*s", STR_ARG(contact.key), STR_ARG(contact.address),
                 STR_ARG(contact.domain));
        for (size_t i = 0; i < contact.attribute_count; i++)
            buf_addf(&got, " %u=%.*s", contact.attributes[i].id,
                     STR_ARG(contact.attributes[i].value));
        break;
    case ROW_EMPTY:
        buf_add_text(&got, "empty");
        break;
    case ROW_BAD:
        buf_add_str(&got, buf_str(&reason));
        break;
    }
    assert_string_equal(got.at, expect);
    columns_release(&columns);
    buf_release(&reason);
    buf_release(&got);
}

static void good_rows(void **state)
{
    (void)state;
    assert_read("Anna@Example.ORG|Anna|ignored|BE",
                "anna@example.org Anna@example.org example.org 0=Anna 1=BE");
    assert_read("a@b.example|\xC2\xA0 Anna \xE2\x80\x8B||BE",
                "a@b.example a@b.example b.example 0=Anna 1=BE");
    assert_read("\xC2\xA0"
                "a@b.example \xC2\xA0|x||\xC3\xA9",
                "a@b.example a@b.example b.example 0=x 1=\xC3\xA9");
}

static void an_empty_cell_says_nothing(void **state)
{
    (void)state;
    assert_read("a@b.example|||BE", "a@b.example a@b.example b.example 1=BE");
    assert_read("a@b.example| ||", "a@b.example a@b.example b.example");
}

static void shape(void **state)
{
    (void)state;
    assert_read("|||", "empty");
    assert_read("||||||", "empty");
    assert_read("a@b.example", "The row has 1 field, the header has 4.");
    assert_read("a@b.example|x|y", "The row has 3 fields, the header has 4.");
    assert_read("a@b.example|x|y|z|!", "The row has 5 fields, the header has 4.");
    assert_read("a@b.example|x|y|z||", "a@b.example a@b.example b.example 0=x 1=z");
}

static void bad_addresses(void **state)
{
    (void)state;
    assert_read("|Anna||BE", "The address is empty.");
    assert_read("a@[192.0.2.1]|Anna||BE", "The address has a number in place of its domain.");
    struct columns columns;
    struct row_space space;
    struct contact_row contact;
    struct buf reason = BUF_INIT;
    struct str fields[] = {{"anna", 4}, {"x", 1}, {"", 0}, {"", 0}};
    struct csv_row row = {.fields = fields, .count = 4};
    columns_make(&columns);
    assert_int_equal(row_read(&row, &columns, &space, &contact, &reason), ROW_BAD);
    assert_true(str_starts(buf_str(&reason), STR("The address \"anna\" ")));
    assert_int_equal(reason.at[reason.len - 1], '.');
    buf_reset(&reason);
    row.fault = CSV_HAS_NUL;
    assert_int_equal(row_read(&row, &columns, &space, &contact, &reason), ROW_BAD);
    assert_string_equal(reason.at, "The row has a NUL byte.");
    columns_release(&columns);
    buf_release(&reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows),
        cmocka_unit_test(an_empty_cell_says_nothing),
        cmocka_unit_test(shape),
        cmocka_unit_test(bad_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
