#include "mail/quoted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decode.h"

/* What is being written, what it must decode to, and the memory of its prepared pieces. */
static struct {
    struct buf out;
    struct buf meant;
    struct quoted quoted;
    struct arena memory;
} t;

static int set_up(void **state)
{
    (void)state;
    buf_add_text(&t.out, "");
    buf_add_text(&t.meant, "");
    quoted_begin(&t.quoted, &t.out);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&t.out);
    buf_release(&t.meant);
    arena_release(&t.memory);
    return 0;
}

static void start_again(void)
{
    buf_reset(&t.out);
    buf_reset(&t.meant);
    arena_reset(&t.memory);
    quoted_begin(&t.quoted, &t.out);
}

static void add(struct str text)
{
    quoted_add(&t.quoted, text);
    decode_canonical(&t.meant, text);
}

static void put(struct str text)
{
    struct quoted_piece piece;
    quoted_prepare(&piece, text, &t.memory);
    quoted_put(&t.quoted, &piece);
    decode_canonical(&t.meant, text);
}

/* A line of `n` letters that stand for themselves. */
static void add_letters(size_t n)
{
    char letters[200];
    assert_true(n <= sizeof(letters));
    memset(letters, 'x', n);
    add(str_from(letters, n));
}

static size_t column_at_the_end(void)
{
    const char *end = memrchr(t.out.at, '\n', t.out.len);
    return t.out.len - (end ? (size_t)(end + 1 - t.out.at) : 0);
}

/* What was written keeps the promises of the header, and says what was meant. */
static void check(void)
{
    struct buf back = BUF_INIT;
    const char *fault = decode_quoted_fault(buf_str(&t.out));
    if (fault)
        fail_msg("%s in\n%s", fault, t.out.at);
    assert_true(decode_quoted(&back, buf_str(&t.out)));
    if (!str_eq(buf_str(&back), buf_str(&t.meant)))
        fail_msg("does not say \"%s\":\n%s", t.meant.at, t.out.at);
    assert_int_equal(t.quoted.column, column_at_the_end());
    buf_release(&back);
}

static void assert_written(const char *expected)
{
    assert_string_equal(t.out.at, expected);
    assert_int_equal(t.out.len, strlen(expected));
    check();
    start_again();
}

/* The end of what was written, from the first character that is no letter of add_letters. */
static void assert_after_letters(size_t letters, const char *expected)
{
    assert_int_equal(strspn(t.out.at, "x"), letters);
    assert_string_equal(t.out.at + letters, expected);
    check();
    start_again();
}

static void assert_added(struct str text, const char *expected)
{
    add(text);
    assert_written(expected);
}

static void plain_text_stays_as_it_is(void **state)
{
    (void)state;
    assert_added(STR("Hello, world!\r\n"), "Hello, world!\r\n");
    assert_added(STR("a=b \xC3\xA9"), "a=3Db =C3=A9");
    assert_added(STR("a\tb ~"), "a\tb ~");
}

static void every_line_end_becomes_crlf(void **state)
{
    (void)state;
    assert_added(STR("a\nb\r\nc\rd\r\r\n\n"), "a\r\nb\r\nc\r\nd\r\n\r\n\r\n");
}

static void blanks_at_the_end_of_lines_are_escaped(void **state)
{
    (void)state;
    assert_added(STR("a \nb\t\r\nc "), "a=20\r\nb=09\r\nc=20");
    assert_added(STR("  \n"), " =20\r\n");
}

static void the_start_of_lines_is_guarded(void **state)
{
    (void)state;
    assert_added(STR(".\n..a\nFrom x\n"), "=2E\r\n=2E.a\r\n=46rom x\r\n");
    assert_added(STR("Frost, Fro\nfrom here\n"), "Frost, Fro\r\nfrom here\r\n");
    assert_added(STR("a. From b.\n"), "a. From b.\r\n");
}

static void controls_are_escaped(void **state)
{
    (void)state;
    assert_added(STR("\0\x1B\x7F"), "=00=1B=7F");
}

static void long_lines_are_broken_softly(void **state)
{
    (void)state;
    add_letters(75);
    assert_after_letters(75, "");
    add_letters(76);
    assert_after_letters(75, "=\r\nx");
}

/* Three columns that do not fit go to the next line together. */
static void an_escape_is_never_divided(void **state)
{
    (void)state;
    for (size_t letters = 70; letters < 80; letters++) {
        char text[200];
        memset(text, 'x', sizeof(text));
        text[letters] = '=';
        add(str_from(text, sizeof(text)));
        assert_non_null(strstr(t.out.at, "=3D"));
        check();
        start_again();
    }
}

static void the_guard_holds_after_a_soft_break(void **state)
{
    (void)state;
    char text[100];
    memset(text, 'x', sizeof(text));
    memcpy(text + 75, ".yy", 3);
    add(str_from(text, 78));
    assert_after_letters(75, "=\r\n=2Eyy");
    memcpy(text + 75, "From you", 8);
    add(str_from(text, 83));
    assert_after_letters(75, "=\r\n=46rom you");
}

static void a_piece_that_fits_joins_the_line(void **state)
{
    (void)state;
    add_letters(70);
    put(STR("12345"));
    assert_after_letters(70, "12345");
}

static void a_piece_that_does_not_fit_gets_a_soft_break(void **state)
{
    (void)state;
    add_letters(71);
    put(STR("12345"));
    add(STR("6"));
    assert_after_letters(71, "=\r\n123456");
    /* The escape that ends the piece counts with its three columns. */
    add_letters(70);
    put(STR("123\xA9"));
    assert_after_letters(70, "=\r\n123=A9");
}

static void only_the_first_line_of_a_piece_must_fit(void **state)
{
    (void)state;
    add_letters(70);
    put(STR("12345\nand a longer line\n!"));
    put(STR("?"));
    assert_after_letters(70, "12345\r\nand a longer line\r\n!?");
    add_letters(71);
    put(STR("12345\n!"));
    assert_after_letters(71, "=\r\n12345\r\n!");
}

static void a_line_end_fits_behind_a_full_line(void **state)
{
    (void)state;
    add_letters(75);
    put(STR("\nnext"));
    assert_after_letters(75, "\r\nnext");
}

/* A piece that was broken softly when it was prepared begins with a full line. */
static void a_long_piece_begins_on_a_line_of_its_own(void **state)
{
    (void)state;
    char text[80];
    memset(text, 'y', sizeof(text));
    put(str_from(text, sizeof(text)));
    assert_int_equal(strcspn(t.out.at, "\r"), 76);
    assert_int_equal(t.quoted.column, 5);
    check();
    start_again();
    add_letters(1);
    put(str_from(text, sizeof(text)));
    assert_memory_equal(t.out.at, "x=\r\nyyyy", 8);
    check();
    start_again();
    add(STR("a\n"));
    put(str_from(text, sizeof(text)));
    assert_memory_equal(t.out.at, "a\r\nyyyy", 7);
    check();
    start_again();
}

static void pieces_without_ends_move_the_column(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 15; i++) {
        put(STR("xxxxx"));
        assert_int_equal(t.quoted.column, i * 5);
    }
    put(STR("12345"));
    assert_int_equal(t.quoted.column, 5);
    assert_after_letters(75, "=\r\n12345");
}

static void a_prepared_piece_can_be_put_again(void **state)
{
    (void)state;
    struct quoted_piece piece;
    quoted_prepare(&piece, STR("Dear "), &t.memory);
    quoted_put(&t.quoted, &piece);
    quoted_put(&t.quoted, &piece);
    assert_string_equal(t.out.at, "Dear=20Dear=20");
    start_again();
}

static void a_blank_between_two_texts_never_ends_a_line(void **state)
{
    (void)state;
    add(STR("a "));
    add(STR("\nb"));
    assert_written("a=20\r\nb");
    put(STR("a\t"));
    put(STR("\nb"));
    assert_written("a=09\r\nb");
    put(STR(" "));
    add(STR("\r\n"));
    assert_written("=20\r\n");
    add(STR("Dear "));
    put(STR("Anna"));
    assert_written("Dear=20Anna");
}

static void a_dot_is_guarded_wherever_a_line_may_begin(void **state)
{
    (void)state;
    add(STR("a\n"));
    add(STR(".b"));
    assert_written("a\r\n=2Eb");
    put(STR("a\n"));
    put(STR("."));
    assert_written("a\r\n=2E");
    add_letters(75);
    add(STR("."));
    assert_after_letters(75, "=\r\n=2E");
    add_letters(75);
    put(STR(".y"));
    assert_after_letters(75, "=\r\n=2Ey");
    add(STR("end"));
    add(STR("."));
    assert_written("end.");
}

static void from_is_guarded_when_it_comes_in_parts(void **state)
{
    (void)state;
    add(STR("From"));
    add(STR(" x"));
    assert_written("=46rom x");
    add(STR("F"));
    add(STR("rom x"));
    assert_written("=46rom x");
    put(STR("Fr"));
    add(STR("om"));
    put(STR(" x"));
    assert_written("=46rom x");
    add(STR("a\n"));
    add(STR("Fro"));
    put(STR("m x"));
    assert_written("a\r\n=46rom x");
    add_letters(75);
    add(STR("From"));
    add(STR(" x"));
    assert_after_letters(75, "=\r\n=46rom x");
}

static void a_line_end_is_not_seen_across_two_texts(void **state)
{
    (void)state;
    add(STR("a\r"));
    add(STR("\nb"));
    assert_written("a\r\n\r\nb");
    put(STR("a\r"));
    put(STR("\nb"));
    assert_written("a\r\n\r\nb");
}

static void empty_texts_are_nothing(void **state)
{
    (void)state;
    add(STR(""));
    put(STR(""));
    add((struct str){NULL, 0});
    put((struct str){NULL, 0});
    assert_written("");
    add_letters(75);
    put(STR(""));
    add(STR(""));
    assert_after_letters(75, "");
}

static void what_was_there_before_stays(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct quoted q;
    buf_add_text(&out, "--b\r\n\r\n");
    quoted_begin(&q, &out);
    quoted_add(&q, STR(".a"));
    assert_string_equal(out.at, "--b\r\n\r\n=2Ea");
    buf_release(&out);
}

/* Escapes and their soft breaks take the most room: AddressSanitizer sees where it is too little.
 */
static void room_is_made_for_the_worst_text(void **state)
{
    (void)state;
    char text[1500];
    memset(text, '\xFF', sizeof(text));
    for (size_t n = 1; n <= sizeof(text); n++) {
        struct buf out = BUF_INIT;
        struct quoted q;
        quoted_begin(&q, &out);
        quoted_add(&q, str_from(text, n));
        assert_int_equal(out.len, n * 3 + (n - 1) / 25 * 3);
        buf_release(&out);
    }
}

/* Appends the unit again and again, up to `len` bytes. */
static struct str repeated(char *text, const char *unit, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = unit[i % strlen(unit)];
    return str_from(text, len);
}

static const char *const units[] = {"x", "=", "\xC3\xA9", "From ", ". ", "word\n"};
enum { UNITS = sizeof(units) / sizeof(units[0]) };

static void write_pair(struct str first, struct str second, bool prepared)
{
    (prepared ? put : add)(first);
    put(second);
    add(first);
    check();
    start_again();
}

/* Around the end of a line, whatever meets whatever. */
static void all_joints_are_sound(void **state)
{
    (void)state;
    char one[100], other[100];
    for (size_t i = 0; i < UNITS * UNITS; i++) {
        for (size_t n = 64; n < 80; n++) {
            struct str first = repeated(one, units[i / UNITS], n);
            for (size_t m = 0; m < 80; m++)
                write_pair(first, repeated(other, units[i % UNITS], m), m % 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays_as_it_is),
        cmocka_unit_test(every_line_end_becomes_crlf),
        cmocka_unit_test(blanks_at_the_end_of_lines_are_escaped),
        cmocka_unit_test(the_start_of_lines_is_guarded),
        cmocka_unit_test(controls_are_escaped),
        cmocka_unit_test(long_lines_are_broken_softly),
        cmocka_unit_test(an_escape_is_never_divided),
        cmocka_unit_test(the_guard_holds_after_a_soft_break),
        cmocka_unit_test(a_piece_that_fits_joins_the_line),
        cmocka_unit_test(a_piece_that_does_not_fit_gets_a_soft_break),
        cmocka_unit_test(only_the_first_line_of_a_piece_must_fit),
        cmocka_unit_test(a_line_end_fits_behind_a_full_line),
        cmocka_unit_test(a_long_piece_begins_on_a_line_of_its_own),
        cmocka_unit_test(pieces_without_ends_move_the_column),
        cmocka_unit_test(a_prepared_piece_can_be_put_again),
        cmocka_unit_test(a_blank_between_two_texts_never_ends_a_line),
        cmocka_unit_test(a_dot_is_guarded_wherever_a_line_may_begin),
        cmocka_unit_test(from_is_guarded_when_it_comes_in_parts),
        cmocka_unit_test(a_line_end_is_not_seen_across_two_texts),
        cmocka_unit_test(empty_texts_are_nothing),
        cmocka_unit_test(what_was_there_before_stays),
        cmocka_unit_test(room_is_made_for_the_worst_text),
        cmocka_unit_test(all_joints_are_sound),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
