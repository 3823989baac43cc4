/* The journal's file: records one by one, torn tails, damage. */
#include "store/journal_file.h"

#include "base/buf.h"
#include "unit/store/help.h"

enum { LAP = 4096, SECTOR = 512, FILE_SIZE = JOURNAL_LAPS * LAP, GENERATION = 6 };

/* A file being written as a thread would, but in the test's memory. */
struct file {
    uint8_t at[FILE_SIZE];
    uint64_t generation;
    size_t place;
    size_t ends[64]; /* of the records, in the file */
    unsigned count;
};

static uint8_t *lap_of(struct file *f, uint64_t generation)
{
    return f->at + generation % JOURNAL_LAPS * LAP;
}

static void open_lap(struct file *f)
{
    journal_write_header(lap_of(f, f->generation), f->generation);
    f->place = JOURNAL_HEADER;
}

static void file_init(struct file *f)
{
    memset(f, 0, sizeof(*f));
    for (uint64_t before = GENERATION - JOURNAL_LAPS + 1; before < GENERATION; before++)
        journal_write_header(lap_of(f, before), before);
    f->generation = GENERATION;
    open_lap(f);
}

static void wrote(struct file *f, size_t len)
{
    f->place += len;
    f->ends[f->count++] = f->generation % JOURNAL_LAPS * LAP + f->place;
}

static void add_began(struct file *f, uint32_t contact)
{
    struct journal_began began = {.job = 12,
                                  .contact = contact,
                                  .domain = 3,
                                  .message_version = 1,
                                  .at = 0x65000000,
                                  .attempt = 2,
                                  .source = STR("mx")};
    wrote(f, journal_write_began(lap_of(f, f->generation) + f->place, f->generation, f->place,
                                 &began));
}

static void add_returned(struct file *f, uint32_t contact)
{
    wrote(f, journal_write_returned(lap_of(f, f->generation) + f->place, f->generation, f->place,
                                    12, contact));
}

static void add_ended(struct file *f, uint32_t contact, const char *text)
{
    struct outcome o = {.job = 12,
                        .contact = contact,
                        .state = RECIPIENT_DEFERRED,
                        .due = 0x65000100,
                        .at = 0x65000001,
                        .code = 450,
                        .enhanced = {4, 2, 1}};
    outcome_set_text(&o, str_of(text));
    wrote(f, journal_write_ended(lap_of(f, f->generation) + f->place, f->generation, f->place, &o));
}

struct heard {
    unsigned count;
    struct journal_record records[64];
};

static void hear(void *ctx, const struct journal_record *record)
{
    struct heard *h = ctx;
    h->records[h->count++] = *record;
}

static int read_file(const struct file *f, struct heard *heard, struct err *err)
{
    heard->count = 0;
    return journal_read(str_from(f->at, sizeof(f->at)), hear, heard, err);
}

static void records_come_back_as_they_were_written(void **state)
{
    struct file f;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&f);
    add_began(&f, 17);
    add_returned(&f, 17);
    add_ended(&f, 18, "busy");
    assert_int_equal(read_file(&f, &heard, &err), 0);
    assert_int_equal(heard.count, 3);
    const struct journal_began *b = &heard.records[0].began;
    assert_int_equal(heard.records[0].kind, JOURNAL_BEGAN);
    assert_true(b->job == 12 && b->contact == 17 && b->domain == 3 && b->message_version == 1);
    assert_true(b->at == 0x65000000 && b->attempt == 2 && str_eq(b->source, STR("mx")));
    assert_int_equal(heard.records[1].kind, JOURNAL_RETURNED);
    assert_int_equal(heard.records[1].began.contact, 17);
    const struct outcome *o = &heard.records[2].outcome;
    assert_int_equal(heard.records[2].kind, JOURNAL_ENDED);
    assert_true(o->job == 12 && o->contact == 18 && o->state == RECIPIENT_DEFERRED);
    assert_true(o->due == 0x65000100 && o->at == 0x65000001 && o->code == 450);
    assert_true(o->enhanced[0] == 4 && o->enhanced[1] == 2 && o->enhanced[2] == 1);
    assert_str(str_from(o->text, o->text_len), STR("busy"));
}

static void the_worked_example_is_what_is_written(void **state)
{
    uint8_t out[JOURNAL_RECORD_MAX];
    struct journal_began began = {12, 17, 3, 1, 0x65000000, 0, STR("mx")};
    (void)state;
    size_t len = journal_write_began(out, 7, JOURNAL_HEADER, &began);
    assert_str(str_from(out + 4, len - 4),
               hex("001f 01 0000000c 00000011 00000003 00000001 65000000 0000 6d78"));
}

/* Killed at any byte: what was whole before it is there, and nothing else. */
static void a_tail_that_is_cut_at_any_byte_is_the_end(void **state)
{
    struct file whole;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&whole);
    for (uint32_t i = 1; i <= 8; i++) {
        add_began(&whole, i);
        add_ended(&whole, i, "250 queued");
    }
    size_t end = whole.ends[whole.count - 1];
    for (size_t cut = JOURNAL_HEADER; cut <= end; cut++) {
        struct file torn = whole;
        unsigned expected = 0;
        memset(torn.at + cut, 0, LAP - cut);
        while (expected < whole.count && whole.ends[expected] <= cut)
            expected++;
        assert_int_equal(read_file(&torn, &heard, &err), 0);
        assert_int_equal(heard.count, expected);
    }
}

static void what_an_older_lap_left_in_the_same_place_is_no_record(void **state)
{
    struct file f;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&f);
    for (uint32_t i = 1; i <= 8; i++)
        add_began(&f, i);
    f.generation += JOURNAL_LAPS;
    open_lap(&f);
    add_began(&f, 9);
    assert_int_equal(read_file(&f, &heard, &err), 0);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.records[0].began.contact, 9);
}

static void the_two_newest_laps_are_read_in_the_order_of_writing(void **state)
{
    struct file f;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&f);
    for (uint32_t i = 0; i < 5; i++) {
        add_began(&f, i);
        assert_int_equal(read_file(&f, &heard, &err), 0);
        assert_int_equal(heard.count, i > 0 ? 2 : 1);
        assert_int_equal(heard.records[0].began.contact, i > 0 ? i - 1 : 0);
        assert_int_equal(heard.records[heard.count - 1].began.contact, i);
        assert_int_equal(journal_newest(str_from(f.at, sizeof(f.at))), GENERATION + i);
        f.generation++;
        open_lap(&f);
    }
}

/* After a power cut it may be half of what it was, half of what it becomes. */
static void a_lap_that_is_needed_no_more_may_hold_anything(void **state)
{
    struct file f;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&f);
    add_began(&f, 1);
    uint8_t *third = lap_of(&f, GENERATION + 1);
    journal_write_synced(third, journal_progress(GENERATION - 2, 4000));
    memset(third + SECTOR, 0x55, LAP - SECTOR);
    assert_int_equal(read_file(&f, &heard, &err), 0);
    assert_int_equal(heard.count, 1);
}

static void one_generation_left_out_ends_what_was_before(void **state)
{
    struct file f;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&f);
    add_began(&f, 1);
    f.generation += 2;
    open_lap(&f);
    assert_int_equal(read_file(&f, &heard, &err), 0);
    assert_int_equal(heard.count, 0);
}

static void a_lap_that_was_just_being_taken_is_not_in_use(void **state)
{
    struct file f;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&f);
    add_began(&f, 1);
    f.generation++;
    open_lap(&f);
    memset(lap_of(&f, f.generation), 0, JOURNAL_MAGIC);
    assert_int_equal(read_file(&f, &heard, &err), 0);
    assert_int_equal(heard.count, 1);
}

/* Whatever is synced was on the disk: that it is not there is no torn tail. */
static void damage_in_what_was_synced_is_told_with_its_place(void **state)
{
    struct file whole;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&whole);
    for (uint32_t i = 1; i <= 4; i++)
        add_began(&whole, i);
    journal_write_synced(lap_of(&whole, GENERATION), journal_progress(GENERATION, whole.place));
    assert_int_equal(read_file(&whole, &heard, &err), 0);
    for (size_t at = JOURNAL_HEADER; at < whole.place; at++) {
        struct file f = whole;
        f.at[at] ^= 0x10;
        assert_int_equal(read_file(&f, &heard, &err), -1);
        assert_non_null(strstr(err.text, "damaged at byte"));
    }
    whole.at[whole.place] = 0x55; /* behind it, anything may be */
    assert_int_equal(read_file(&whole, &heard, &err), 0);
    assert_int_equal(heard.count, 4);
}

static void a_note_of_what_was_synced_counts_for_its_generation_only(void **state)
{
    struct file f;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&f);
    add_began(&f, 1);
    journal_write_synced(lap_of(&f, GENERATION), journal_progress(GENERATION - 2, 4000));
    assert_int_equal(read_file(&f, &heard, &err), 0);
    assert_int_equal(heard.count, 1);
}

static void a_damaged_header_is_told(void **state)
{
    struct file whole;
    struct heard heard;
    struct err err;
    (void)state;
    file_init(&whole);
    add_began(&whole, 1);
    for (size_t at = 0; at < 24; at++) {
        struct file f = whole;
        f.at[at] ^= 0x40;
        assert_int_equal(read_file(&f, &heard, &err), -1);
    }
    journal_write_synced(lap_of(&whole, GENERATION - 1), journal_progress(GENERATION - 1, 64));
    memset(whole.at, 0, LAP);
    assert_int_equal(read_file(&whole, &heard, &err), -1);
}

static void files_that_are_none_yet_are_empty_and_short_ones_are_told(void **state)
{
    struct heard heard = {0};
    struct err err;
    struct file blank;
    (void)state;
    memset(&blank, 0, sizeof(blank));
    for (size_t len = 0; len <= sizeof(blank.at); len += 128)
        assert_int_equal(journal_read(str_from(blank.at, len), hear, &heard, &err), 0);
    assert_int_equal(journal_newest(str_from(blank.at, sizeof(blank.at))), 0);
    for (uint64_t lap = 1; lap <= JOURNAL_LAPS; lap++) { /* headers come in any order */
        struct file f = blank;
        journal_write_header(lap_of(&f, lap), lap);
        assert_int_equal(read_file(&f, &heard, &err), 0);
    }
    assert_int_equal(heard.count, 0);
    assert_int_equal(journal_read(STR("tocsinJ1"), hear, &heard, &err), -1);
}

static void long_names_and_texts_are_cut(void **state)
{
    char longest[400];
    struct file f;
    struct heard heard;
    struct err err;
    struct journal_began began = {.job = 1, .contact = 1, .source = str_from(longest, 399)};
    (void)state;
    memset(longest, 'x', sizeof(longest));
    longest[399] = '\0';
    file_init(&f);
    wrote(&f, journal_write_began(lap_of(&f, GENERATION) + f.place, GENERATION, f.place, &began));
    add_ended(&f, 1, longest);
    assert_int_equal(read_file(&f, &heard, &err), 0);
    assert_int_equal(heard.records[0].began.source.len, JOURNAL_SOURCE_MAX);
    assert_int_equal(heard.records[1].outcome.text_len, LEDGER_TEXT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_as_they_were_written),
        cmocka_unit_test(the_worked_example_is_what_is_written),
        cmocka_unit_test(a_tail_that_is_cut_at_any_byte_is_the_end),
        cmocka_unit_test(what_an_older_lap_left_in_the_same_place_is_no_record),
        cmocka_unit_test(the_two_newest_laps_are_read_in_the_order_of_writing),
        cmocka_unit_test(a_lap_that_is_needed_no_more_may_hold_anything),
        cmocka_unit_test(one_generation_left_out_ends_what_was_before),
        cmocka_unit_test(a_lap_that_was_just_being_taken_is_not_in_use),
        cmocka_unit_test(damage_in_what_was_synced_is_told_with_its_place),
        cmocka_unit_test(a_note_of_what_was_synced_counts_for_its_generation_only),
        cmocka_unit_test(a_damaged_header_is_told),
        cmocka_unit_test(files_that_are_none_yet_are_empty_and_short_ones_are_told),
        cmocka_unit_test(long_names_and_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
