/* Headers of real files, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audience/columns.h"

enum { MOST = 300 };

/* Reads headers given as "a|b|c" and maps given as "x=y|…". */
static int read_header(const char *headers, const char *maps, struct columns *c, struct err *err)
{
    struct str fields[MOST], rest = str_of(headers);
    struct column_map map[10];
    size_t count = 0, map_count = 0;
    while (rest.at)
        fields[count++] = str_cut(&rest, '|');
    rest = str_of(maps);
    while (rest.at && rest.len) {
        map[map_count].attribute = str_cut(&rest, '|');
        map[map_count].column = str_cut(&map[map_count].attribute, '=');
        map_count++;
    }
    struct csv_row row = {.fields = fields, .count = count, .line = 1};
    return columns_read(c, &row, map, map_count, err);
}

/* What each column means: "*" the address, "-" left out, or the attribute. */
static void assert_means(const char *headers, const char *maps, const char *expect)
{
    struct columns c;
    struct err err = {""};
    struct buf got = BUF_INIT;
    int rc = read_header(headers, maps, &c, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    for (size_t i = 0; i < c.count; i++) {
        buf_add_text(&got, i ? "|" : "");
        if (c.means[i] == COLUMN_EMAIL)
            buf_add_byte(&got, '*');
        else if (c.means[i] == COLUMN_LEFT_OUT)
            buf_add_byte(&got, '-');
        else
            buf_add_str(&got, c.attributes[c.means[i]]);
    }
    assert_string_equal(got.at, expect);
    buf_release(&got);
    columns_release(&c);
}

static void assert_refused(const char *headers, const char *maps, const char *sentence)
{
    struct columns c;
    struct err err = {""};
    assert_int_equal(read_header(headers, maps, &c, &err), -1);
    assert_string_equal(err.text, sentence);
    columns_release(&c);
}

static void names_become_attributes(void **state)
{
    (void)state;
    assert_means("email|First name|NOM", "", "*|first_name|nom");
    assert_means("Email|Pr\xC3\xA9nom|\xC3\x89TAT", "", "*|pr\xC3\xA9nom|\xC3\xA9tat");
    assert_means("email|a - b (c)!|__x__", "", "*|a_b_c|x");
    /* e and a combining accent are the same name as é. */
    assert_means("email|Pre\xCC\x81nom", "", "*|pr\xC3\xA9nom");
}

static void addresses_have_many_names(void **state)
{
    (void)state;
    static const char *const names[] = {"E-Mail",        "mail",
                                        "Courriel",      "Adresse e-mail",
                                        "EMAIL ADDRESS", "Adresse \xC3\xA9lectronique",
                                        " e mail "};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_means(names[i], "", "*");
    /* The plain name wins, the other is an attribute like any. */
    assert_means("mail|email", "", "mail|*");
}

static void maps_rename(void **state)
{
    (void)state;
    assert_means("Contact|Prénom|x", "contact=email|Prénom=First Name|X=", "*|first_name|-");
    assert_means("email|mail", "email=old address|mail=email", "old_address|*");
    /* The exact header comes first. */
    assert_means("email|name|Name", "Name=second", "*|name|second");
    assert_refused("email|name", "nom=x",
                   "There is no column \"nom\" to map. The columns are \"email\", \"name\".");
    assert_refused("email|name", "name=x|name=y", "Column 2 (\"name\") is mapped twice.");
    assert_refused("email|name", "name=!",
                   "Column 2 (\"name\") is mapped to a name without letters or digits.");
}

static void exactly_one_column_has_the_addresses(void **state)
{
    (void)state;
    assert_refused("Nom|Pr\xC3\xA9nom", "",
                   "The file has no column \"email\". Its columns are \"Nom\", \"Pr\xC3\xA9nom\". "
                   "Say which one holds the addresses with --map COLUMN=email.");
    assert_refused("mail|courriel", "",
                   "Columns 1 (\"mail\") and 2 (\"courriel\") could both hold the addresses: say "
                   "which one with --map COLUMN=email.");
    assert_refused("email|Email", "",
                   "Columns 1 (\"email\") and 2 (\"Email\") could both hold the addresses: say "
                   "which one with --map COLUMN=email.");
}

static void attributes_are_named_once(void **state)
{
    (void)state;
    assert_refused("email|First name|FIRST-NAME", "",
                   "Columns 2 (\"First name\") and 3 (\"FIRST-NAME\") would become one attribute: "
                   "rename one with --map COLUMN=ATTRIBUTE.");
}

static void nameless_columns(void **state)
{
    (void)state;
    assert_means("email||x|", "", "*|-|x|-");
    assert_refused("email|###", "",
                   "Column 2 (\"###\") has no letter or digit in its name: rename it with --map "
                   "COLUMN=ATTRIBUTE.");
    assert_means("email|###", "###=number", "*|number");
}

static void attributes_are_bounded(void **state)
{
    (void)state;
    struct buf headers = BUF_INIT;
    buf_add_text(&headers, "email");
    for (int i = 0; i <= CONTACT_MAX_ATTRIBUTES; i++)
        buf_addf(&headers, "|a%d", i);
    assert_refused(headers.at, "",
                   "The file has more than 200 attributes: leave some columns out with --map "
                   "COLUMN=.");
    struct columns c;
    assert_int_equal(read_header(headers.at, "a7=", &c, NULL), 0);
    columns_release(&c);

    buf_cut(&headers, 6);
    for (int i = 0; i < 256; i++)
        buf_add_byte(&headers, 'x');
    struct err err = {""};
    assert_int_equal(read_header(headers.at, "", &c, &err), -1);
    assert_non_null(strstr(err.text, "more than 255 bytes"));
    columns_release(&c);
    buf_release(&headers);
}

/* Putting accents in order takes the square of their number: seconds for a header of 64 KiB. */
static void a_long_header_costs_no_time(void **state)
{
    (void)state;
    struct columns c;
    struct err err = {""};
    struct buf headers = BUF_INIT;
    buf_add_text(&headers, "email|a");
    while (headers.len < 64000)
        buf_add_text(&headers, "\xCC\x81\xCC\xA3");
    clock_t begin = clock();
    assert_int_equal(read_header(headers.at, "", &c, &err), -1);
    assert_true(clock() - begin < CLOCKS_PER_SEC);
    assert_non_null(strstr(err.text, "more than 255 bytes"));
    columns_release(&c);
    buf_release(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_attributes),
        cmocka_unit_test(addresses_have_many_names),
        cmocka_unit_test(maps_rename),
        cmocka_unit_test(exactly_one_column_has_the_addresses),
        cmocka_unit_test(attributes_are_named_once),
        cmocka_unit_test(nameless_columns),
        cmocka_unit_test(attributes_are_bounded),
        cmocka_unit_test(a_long_header_costs_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
