#include "mail/verbatim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct {
    struct buf out;
    struct verbatim verbatim;
    struct arena memory;
} t;

static int set_up(void **state)
{
    (void)state;
    buf_add_text(&t.out, "");
    verbatim_begin(&t.verbatim, &t.out);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&t.out);
    arena_release(&t.memory);
    return 0;
}

static void add(struct str text)
{
    verbatim_add(&t.verbatim, text);
}

static void put(struct str text)
{
    struct verbatim_piece piece;
    verbatim_prepare(&piece, text, &t.memory);
    verbatim_put(&t.verbatim, &piece);
}

static void assert_encoding(enum mail_encoding expected)
{
    assert_string_equal(encode_name(verbatim_encoding(&t.verbatim)), encode_name(expected));
    buf_reset(&t.out);
    arena_reset(&t.memory);
    verbatim_begin(&t.verbatim, &t.out);
}

static void assert_written(const char *expected, enum mail_encoding encoding)
{
    assert_string_equal(t.out.at, expected);
    assert_int_equal(t.out.len, strlen(expected));
    assert_encoding(encoding);
}

/* The same whether added, put, or looked at as a whole. */
static void assert_text(struct str text, enum mail_encoding encoding)
{
    add(text);
    assert_encoding(encoding);
    put(text);
    assert_encoding(encoding);
    assert_int_equal(verbatim_choose(text), encoding);
}

static void text_stands_for_itself(void **state)
{
    (void)state;
    put(STR("Dear "));
    add(STR("Anna"));
    put(STR(",\n\n.you = we\n"));
    assert_written("Dear Anna,\r\n\r\n.you = we\r\n", ENCODING_7BIT);
}

static void bytes_beyond_ascii_need_8bit(void **state)
{
    (void)state;
    put(STR("Dear "));
    add(STR("Ren\xC3\xA9"));
    assert_written("Dear Ren\xC3\xA9", ENCODING_8BIT);
    assert_text(STR("\xC3\xA9"), ENCODING_8BIT);
}

static void every_line_end_becomes_crlf(void **state)
{
    (void)state;
    add(STR("a\nb\r\nc\rd\r\r\n\n"));
    assert_written("a\r\nb\r\nc\r\nd\r\n\r\n\r\n", ENCODING_7BIT);
    put(STR("a\nb\r\nc\rd\r\r\n\n"));
    assert_written("a\r\nb\r\nc\r\nd\r\n\r\n\r\n", ENCODING_7BIT);
}

static void a_line_end_is_not_seen_across_two_texts(void **state)
{
    (void)state;
    add(STR("a\r"));
    put(STR("\nb"));
    assert_written("a\r\n\r\nb", ENCODING_7BIT);
}

static void nul_is_not_fit(void **state)
{
    (void)state;
    assert_text(STR("a\0b"), ENCODING_QUOTED);
    assert_text(STR("a\n\0\nb"), ENCODING_QUOTED);
    assert_text(STR("\x01\x0B\x1B\x7F"), ENCODING_7BIT);
}

static char many[2000];

static struct str letters(size_t n)
{
    memset(many, 'x', sizeof(many));
    return str_from(many, n);
}

static void lines_have_998_octets(void **state)
{
    (void)state;
    assert_text(letters(998), ENCODING_7BIT);
    assert_text(letters(999), ENCODING_QUOTED);
    letters(0);
    many[998] = '\n';
    assert_text(str_from(many, 1997), ENCODING_7BIT);
    assert_text(str_from(many, 1998), ENCODING_QUOTED);
}

/* However a line of 998 comes about, one octet more is too much. */
static void lines_are_counted_across_pieces(void **state)
{
    (void)state;
    void (*const ways[])(struct str) = {add, put};
    for (size_t i = 0; i < 8; i++) {
        for (size_t more = 0; more < 2; more++) {
            ways[i & 1](STR("first\nxx"));
            ways[i >> 1 & 1](letters(496 + more));
            ways[i >> 2 & 1](letters(500));
            put(STR("\nlast"));
            assert_encoding(more ? ENCODING_QUOTED : ENCODING_7BIT);
        }
    }
}

static void a_long_line_inside_a_piece_is_seen(void **state)
{
    (void)state;
    letters(0);
    many[0] = '\n';
    many[1200] = '\n';
    put(str_from(many, 1300));
    add(STR("\n"));
    assert_encoding(ENCODING_QUOTED);
}

static void starts_that_others_would_change_are_not_fit(void **state)
{
    (void)state;
    assert_text(STR("From me"), ENCODING_QUOTED);
    assert_text(STR("a\nFrom me\nb"), ENCODING_QUOTED);
    assert_text(STR("a\n--=_x\n"), ENCODING_QUOTED);
    assert_text(STR("--=_"), ENCODING_QUOTED);
    assert_text(STR("From\nFromage --=_ From you\n >From\n-- \n--="), ENCODING_7BIT);
}

/* Cut wherever it may be cut, by whatever adds it. */
static void starts_are_seen_across_pieces(void **state)
{
    (void)state;
    const struct str bad[] = {STR("a\nFrom b"), STR("a\n--=_b"), STR("From b"), STR("--=_b")};
    const struct str good[] = {STR("a\nFrom_b"), STR("a\n--_=b"), STR("xFrom b"), STR("x--=_b")};
    for (size_t i = 0; i < 4; i++) {
        for (size_t cut = 0; cut <= bad[i].len; cut++) {
            for (size_t ways = 0; ways < 4; ways++) {
                (ways & 1 ? put : add)(str_from(bad[i].at, cut));
                (ways & 2 ? put : add)(str_skip(bad[i], cut));
                assert_encoding(ENCODING_QUOTED);
                (ways & 1 ? put : add)(str_from(good[i].at, cut));
                (ways & 2 ? put : add)(str_skip(good[i], cut));
                assert_encoding(ENCODING_7BIT);
            }
        }
    }
}

static void a_piece_that_is_never_fit_says_so(void **state)
{
    (void)state;
    struct verbatim_piece piece;
    verbatim_prepare(&piece, STR("a\nFrom b"), &t.memory);
    assert_int_equal(verbatim_piece_encoding(&piece), ENCODING_QUOTED);
    verbatim_prepare(&piece, STR("From \xC3\xA9"), &t.memory);
    assert_int_equal(verbatim_piece_encoding(&piece), ENCODING_8BIT);
    verbatim_put(&t.verbatim, &piece);
    assert_encoding(ENCODING_QUOTED);
}

static void what_was_there_before_is_not_looked_at(void **state)
{
    (void)state;
    buf_add_text(&t.out, "--=_b\r\n\r\n");
    verbatim_begin(&t.verbatim, &t.out);
    add(STR("From"));
    add(STR("age"));
    assert_written("--=_b\r\n\r\nFromage", ENCODING_7BIT);
}

static void empty_texts_are_nothing(void **state)
{
    (void)state;
    add(STR(""));
    put((struct str){NULL, 0});
    add((struct str){NULL, 0});
    assert_written("", ENCODING_7BIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stands_for_itself),
        cmocka_unit_test(bytes_beyond_ascii_need_8bit),
        cmocka_unit_test(every_line_end_becomes_crlf),
        cmocka_unit_test(a_line_end_is_not_seen_across_two_texts),
        cmocka_unit_test(nul_is_not_fit),
        cmocka_unit_test(lines_have_998_octets),
        cmocka_unit_test(lines_are_counted_across_pieces),
        cmocka_unit_test(a_long_line_inside_a_piece_is_seen),
        cmocka_unit_test(starts_that_others_would_change_are_not_fit),
        cmocka_unit_test(starts_are_seen_across_pieces),
        cmocka_unit_test(a_piece_that_is_never_fit_says_so),
        cmocka_unit_test(what_was_there_before_is_not_looked_at),
        cmocka_unit_test(empty_texts_are_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
