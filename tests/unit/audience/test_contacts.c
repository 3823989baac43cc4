/* Looking contacts up, and taking them out again as CSV. */
#include "unit/audience/help.h"

#include "audience/contacts.h"
#include "store/sets.h"

static roaring_bitmap_t *everyone(struct store *store)
{
    struct txn txn;
    assert_int_equal(txn_begin(store, &txn), 0);
    roaring_bitmap_t *set = set_load(&txn, SET_ALL, 0);
    read_end(&txn);
    return set;
}

static struct buf export_all(struct store *store, const struct contact_export_options *options,
                             size_t slice)
{
    struct err err = {""};
    struct buf out = BUF_INIT;
    struct contact_export *e = contact_export_new(store, everyone(store), options, &err);
    int rc;
    assert_non_null(e);
    while ((rc = contact_export_next(e, &out, slice, &err)) == 1)
        continue;
    assert_int_equal(rc, 0);
    contact_export_free(e);
    return out;
}

static void looks_up_any_spelling(void **state)
{
    struct place *p = *state;
    struct txn txn;
    struct contact contact;
    struct err err = {""};
    import_whole(p, "",
                 STR("email\nAnna@b\xC3\xBC"
                     "cher.example\n"));
    assert_int_equal(txn_begin(p->store, &txn), 0);
    assert_int_equal(contact_lookup(&txn,
                                    STR("anna@B\xC3\xBC"
                                        "CHER.example "),
                                    &contact, &err),
                     0);
    assert_str(contact.address, STR("Anna@xn--bcher-kva.example"));
    assert_int_equal(contact_lookup(&txn, STR("bob@x.example"), &contact, &err), -1);
    assert_string_equal(err.text, "There is no contact \"bob@x.example\".");
    assert_int_equal(contact_lookup(&txn, STR("bob"), &contact, &err), -1);
    assert_true(str_starts(str_of(err.text), STR("The address \"bob\" ")));
    read_end(&txn);
}

static void exports_what_was_imported(void **state)
{
    struct place *p = *state;
    struct contact_export_options options = {0};
    import_whole(p, "", STR("email,name,note\na@x.example,\"A, B\",=1+1\nb@x.example,,\"x\ny\"\n"));
    struct buf out = export_all(p->store, &options, 1);
    assert_string_equal(out.at, "email,name,note\r\na@x.example,\"A, B\",'=1+1\r\n"
                                "b@x.example,,\"x\ny\"\r\n");
    buf_release(&out);
    options = (struct contact_export_options){.separator = ';', .raw = true};
    out = export_all(p->store, &options, 100000);
    assert_string_equal(out.at, "email;name;note\r\na@x.example;A, B;=1+1\r\n"
                                "b@x.example;;\"x\ny\"\r\n");
    struct import_summary again = import_whole(p, "", buf_str(&out));
    assert_int_equal(again.unchanged, 2);
    buf_release(&out);
}

static void slices_join(void **state)
{
    struct place *p = *state;
    struct contact_export_options options = {0};
    struct buf text = BUF_INIT;
    buf_add_text(&text, "email,n\r\n");
    for (int i = 0; i < 3000; i++)
        buf_addf(&text, "u%d@x.example,%d\r\n", i, i);
    import_whole(p, "", buf_str(&text));
    struct buf whole = export_all(p->store, &options, 1 << 20);
    struct buf sliced = export_all(p->store, &options, 777);
    assert_string_equal(whole.at, text.at);
    assert_string_equal(sliced.at, text.at);
    buf_release(&whole);
    buf_release(&sliced);
    buf_release(&text);
}

static void an_empty_set_has_a_header(void **state)
{
    struct place *p = *state;
    struct contact_export_options options = {0};
    struct buf out = export_all(p->store, &options, 100);
    assert_string_equal(out.at, "email\r\n");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(looks_up_any_spelling),
        STORE_TEST(exports_what_was_imported),
        STORE_TEST(slices_join),
        STORE_TEST(an_empty_set_has_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
