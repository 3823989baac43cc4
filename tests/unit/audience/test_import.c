/* Whole imports, from bytes to the store: good ones, and those that must change nothing. */
#include "unit/audience/help.h"

#include <dirent.h>
#include <fcntl.h>
#include <zlib.h>

#include "audience/contacts.h"
#include "audience/stage.h"
#include "store/names.h"
#include "store/sets.h"

/* "Anna|BE": the values of a contact in the order of their names' numbers. */
static void assert_contact(struct store *store, const char *address, const char *expect)
{
    struct txn txn;
    struct contact contact;
    struct err err = {""};
    struct buf got = BUF_INIT;
    struct contact_attribute attribute;
    assert_int_equal(txn_begin(store, &txn), 0);
    if (contact_lookup(&txn, str_of(address), &contact, &err) < 0)
        fail_msg("%s", err.text);
    buf_add_str(&got, contact.address);
    for (struct str rest = contact.attributes; contact_next_attribute(&rest, &attribute);)
        buf_addf(&got, "|%.*s=%.*s", STR_ARG(name_text(&txn, NAME_ATTRIBUTE, attribute.id)),
                 STR_ARG(attribute.value));
    assert_string_equal(got.at, expect);
    buf_release(&got);
    read_end(&txn);
}

static uint64_t count_contacts(struct store *store)
{
    struct txn txn;
    assert_int_equal(txn_begin(store, &txn), 0);
    uint64_t count = contact_count(&txn);
    read_end(&txn);
    return count;
}

static uint64_t count_list(struct store *store, const char *name)
{
    struct txn txn;
    assert_int_equal(txn_begin(store, &txn), 0);
    uint32_t list = name_find(&txn, NAME_LIST, str_of(name));
    roaring_bitmap_t *set = set_load(&txn, SET_LIST, list);
    uint64_t count = roaring_bitmap_get_cardinality(set);
    roaring_bitmap_free(set);
    read_end(&txn);
    assert_true(list != 0);
    return count;
}

static struct buf file_text(const char *path)
{
    struct buf text = BUF_INIT;
    char piece[4096];
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    for (ssize_t n; (n = read(fd, piece, sizeof(piece))) > 0;)
        buf_add(&text, piece, (size_t)n);
    close(fd);
    return text;
}

static void assert_folder_is_empty(const struct place *p)
{
    struct folder folder = import_folder(p);
    DIR *dir = opendir(folder.path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            fail_msg("%s was left behind", entry->d_name);
    closedir(dir);
}

static void contacts_come_in(void **state)
{
    struct place *p = *state;
    struct str text = STR("Email;Pr\xE9nom;Pays\r\n"
                          "Anna@Example.ORG;Ana\xEFs;BE\r\n"
                          "bob@b.example;Bob;\r\n");
    struct import_summary s = import_whole(p, "everyone", text);
    assert_int_equal(s.rows, 2);
    assert_int_equal(s.added, 2);
    assert_int_equal(s.rejected + s.updated + s.unchanged + s.duplicates, 0);
    assert_int_equal(s.bytes, text.len);
    assert_contact(p->store, "anna@example.org",
                   "Anna@example.org|pr\xC3\xA9nom=Ana\xC3\xAFs|pays=BE");
    assert_contact(p->store, "bob@b.example", "bob@b.example|pr\xC3\xA9nom=Bob");
    assert_int_equal(count_list(p->store, "everyone"), 2);
}

static void later_imports_update_and_keep(void **state)
{
    struct place *p = *state;
    import_whole(p, "one", STR("email,name,country\na@x.example,Ann,BE\nb@x.example,Bob,FR\n"));
    struct import_summary s =
        import_whole(p, "two",
                     STR("email,name,phone\nA@x.example,Anna,\nb@x.example,Bob,\n"
                         "c@x.example,Chloe,1\n"));
    assert_int_equal(s.added, 1);
    assert_int_equal(s.updated, 1);
    assert_int_equal(s.unchanged, 1);
    assert_contact(p->store, "b@x.example", "b@x.example|name=Bob|country=FR");
    assert_int_equal(count_contacts(p->store), 3);
    assert_int_equal(count_list(p->store, "one"), 2);
    assert_int_equal(count_list(p->store, "two"), 3);
}

static void the_later_row_wins(void **state)
{
    struct place *p = *state;
    struct import_summary s = import_whole(
        p, "", STR("email,name\na@x.example,1\nb@x.example,1\nA@X.example,2\na@x.example,3\n"));
    assert_int_equal(s.rows, 4);
    assert_int_equal(s.added, 2);
    assert_int_equal(s.duplicates, 2);
    assert_int_equal(count_contacts(p->store), 2);
    struct txn txn;
    struct contact contact;
    assert_int_equal(txn_begin(p->store, &txn), 0);
    assert_int_equal(contact_lookup(&txn, STR("a@x.example"), &contact, NULL), 0);
    uint32_t name = name_find(&txn, NAME_ATTRIBUTE, STR("name"));
    assert_str(contact_value(&contact, name), STR("3"));
    read_end(&txn);
}

static void bad_rows_go_to_a_file(void **state)
{
    struct place *p = *state;
    struct import *import;
    struct err err = {""};
    assert_int_equal(import_text(p, "l",
                                 STR("email;note\ngood@x.example;1\n;\"a;b\"\nx@[192.0.2.1];2\n"
                                     "short@x.example\n;;\n"),
                                 &import, &err),
                     0);
    apply_and_wait(import);
    struct import_summary s = import_summary(import);
    assert_int_equal(s.rows, 4);
    assert_int_equal(s.added, 1);
    assert_int_equal(s.rejected, 3);
    struct buf text = file_text(import_rejects_path(import));
    assert_string_equal(text.at,
                        "\xEF\xBB\xBFline;reason;email;note\n"
                        "3;The address is empty.;;\"a;b\"\n"
                        "4;The address has a number in place of its domain.;x@[192.0.2.1];2\n"
                        "5;The row has 1 field, the header has 2.;short@x.example\n");
    buf_release(&text);
    import_free(import);
}

static struct buf gzip(struct str plain)
{
    struct buf out = BUF_INIT;
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    uLong bound = deflateBound(&z, plain.len);
    z.next_in = (z_const Bytef *)(uintptr_t)plain.at;
    z.avail_in = (uInt)plain.len;
    z.next_out = (Bytef *)buf_reserve(&out, bound);
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.len = z.total_out;
    deflateEnd(&z);
    return out;
}

static void gzip_is_found_out(void **state)
{
    struct place *p = *state;
    struct buf zipped = gzip(STR("email\na@x.example\n"));
    struct import_summary s = import_whole(p, "l", buf_str(&zipped));
    assert_int_equal(s.added, 1);
    assert_int_equal(s.bytes, zipped.len);
    buf_release(&zipped);
}

/* Refused with a sentence that has `part`, and nothing is different afterwards. */
static void assert_changes_nothing(const struct place *p, struct str text, const char *part)
{
    struct import *import;
    struct err err = {""};
    struct txn txn;
    assert_int_equal(import_text(p, "l", text, &import, &err), -1);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    assert_int_equal(import_summary(import).state, IMPORT_FAILED);
    assert_string_equal(import_error(import), err.text);
    struct err again = {""};
    assert_int_equal(import_feed(import, STR("x"), &again), -1);
    assert_string_equal(again.text, err.text);
    import_free(import);
    assert_int_equal(count_contacts(p->store), 0);
    assert_int_equal(txn_begin(p->store, &txn), 0);
    assert_int_equal(name_find(&txn, NAME_LIST, STR("l")), 0);
    read_end(&txn);
    assert_folder_is_empty(p);
}

static void bad_streams_change_nothing(void **state)
{
    struct place *p = *state;
    struct buf zipped = gzip(STR("email\na@x.example\nnot an address\n"));
    assert_changes_nothing(p, (struct str){zipped.at, zipped.len - 3}, "ends too early");
    zipped.at[zipped.len - 5] ^= 1;
    assert_changes_nothing(p, buf_str(&zipped), "damaged");
    buf_release(&zipped);
    assert_changes_nothing(p, STR("name,country\nAnna,BE\n"), "no column \"email\"");
    assert_changes_nothing(p, STR("email\na@x.example\nbad\n\"open"), "Line 4: a quoted field");
    assert_changes_nothing(p, STR(""), "empty");
    assert_changes_nothing(p, STR("PK\x03\x04zip\n"), "zip file");
    assert_changes_nothing(p, STR("email,\x81\n"), "the header is neither");
}

static void a_lost_connection_changes_nothing(void **state)
{
    struct place *p = *state;
    struct folder folder = import_folder(p);
    struct import_options options = {.folder = folder.path, .list = STR("l")};
    struct import *import = import_new(p->store, &options, NULL);
    assert_int_equal(import_feed(import, STR("email\na@x.example\nbad\nb@x.exa"), NULL), 0);
    assert_int_equal(import_summary(import).rows, 2);
    import_free(import);
    assert_int_equal(count_contacts(p->store), 0);
    assert_folder_is_empty(p);
    import_free(NULL);
}

static void options_are_checked(void **state)
{
    struct place *p = *state;
    struct err err = {""};
    struct folder folder = import_folder(p);
    struct import_options options = {.folder = folder.path, .list = STR("a\"b")};
    assert_null(import_new(p->store, &options, &err));
    assert_non_null(strstr(err.text, "quotes"));
    options = (struct import_options){.folder = "/proc/nowhere/imports"};
    assert_null(import_new(p->store, &options, &err));
    assert_non_null(strstr(err.text, "/proc/nowhere/imports"));
    struct column_map maps[] = {{STR("Contact"), STR("email")}};
    options = (struct import_options){
        .folder = folder.path, .maps = maps, .map_count = 1, .max_bytes = 30};
    struct import *import = import_new(p->store, &options, &err);
    assert_int_equal(import_feed(import, STR("Contact\na@x.example\n"), &err), 0);
    assert_int_equal(import_feed(import, STR("b@x.example\n"), &err), -1);
    assert_non_null(strstr(err.text, "larger than"));
    import_free(import);
}

static void a_header_alone_makes_the_list(void **state)
{
    struct place *p = *state;
    struct import_summary s = import_whole(p, "empty", STR("email\n"));
    assert_int_equal(s.rows, 0);
    assert_int_equal(count_list(p->store, "empty"), 0);
}

static struct buf many(unsigned rows, const char *name)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "email,name\n");
    for (unsigned i = 0; i < rows; i++)
        buf_addf(&text, "u%u@d%u.example,%s%u\n", i, i % 7, name, i);
    return text;
}

static void many_batches(void **state)
{
    struct place *p = *state;
    unsigned rows = 4 * STAGE_ROWS + 17;
    struct buf text = many(rows, "N");
    struct import_summary s = import_whole(p, "all", buf_str(&text));
    assert_int_equal(s.added, rows);
    s = import_whole(p, "all", buf_str(&text));
    assert_int_equal(s.unchanged, rows);
    /* Twice in one file: the second half are duplicates, wherever their first rows ended up. */
    struct buf again = many(rows, "M");
    buf_add_str(&text, str_skip(buf_str(&again), strlen("email,name\n")));
    buf_release(&again);
    s = import_whole(p, "all", buf_str(&text));
    assert_int_equal(s.unchanged, rows);
    assert_int_equal(s.duplicates, rows); /* and the later row wins */
    assert_int_equal(count_contacts(p->store), rows);
    assert_int_equal(count_list(p->store, "all"), rows);
    assert_contact(p->store, "u80016@d6.example", "u80016@d6.example|name=M80016");
    assert_contact(p->store, "u1@d1.example", "u1@d1.example|name=M1");
    buf_release(&text);
}

static void a_small_file_keeps_its_order(void **state)
{
    struct place *p = *state;
    struct buf text = many(100, "N");
    struct txn txn;
    import_whole(p, "all", buf_str(&text));
    buf_release(&text);
    assert_int_equal(txn_begin(p->store, &txn), 0);
    for (uint32_t id = 1; id <= 100; id++) {
        char address[32];
        struct contact contact;
        snprintf(address, sizeof(address), "u%u@d%u.example", id - 1, (id - 1) % 7);
        assert_true(contact_read(&txn, id, &contact));
        assert_true(str_eq(contact.address, str_of(address)));
    }
    read_end(&txn);
}

static void leaving_while_it_applies_lets_it_finish(void **state)
{
    struct place *p = *state;
    struct import *import;
    struct err err = {""};
    unsigned rows = 3 * STAGE_ROWS;
    struct buf text = many(rows, "N");
    assert_int_equal(import_text(p, "all", buf_str(&text), &import, &err), 0);
    buf_release(&text);
    import_apply(import, NULL, NULL);
    import_free(import);
    store_close(p->store); /* commits all that is queued */
    place_open(p);
    assert_int_equal(count_contacts(p->store), rows);
}

static void numbers_go_on_after_a_restart(void **state)
{
    struct place *p = *state;
    struct folder folder = import_folder(p);
    struct import *import;
    struct err err = {""};
    char path[200];
    assert_int_equal(import_text(p, "l", STR("email\nbad\n"), &import, &err), 0);
    uint32_t id = import_summary(import).id;
    import_free(import);
    snprintf(path, sizeof(path), "%s/%u.rejects.csv", folder.path, id + 5);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(import_text(p, "l", STR("email\n"), &import, &err), 0);
    assert_int_equal(import_summary(import).id, id + 6);
    assert_null(import_rejects_path(import));
    import_free(import);
}

/* A header of `count` columns c<from>…, and one row of them. */
static struct buf wide_file(int from, int count)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "email");
    for (int i = 0; i < count; i++)
        buf_addf(&text, ",c%d", from + i);
    buf_add_text(&text, "\nwide@a.example");
    for (int i = 0; i < count; i++)
        buf_add_text(&text, ",x");
    buf_add_text(&text, "\nother@a.example\n");
    return text;
}

static void what_the_store_refuses_is_rejected(void **state)
{
    struct place *p = *state;
    struct folder folder = import_folder(p);
    char path[200];
    struct buf first = wide_file(0, 150), second = wide_file(150, 100);
    assert_int_equal(import_whole(p, "l", buf_str(&first)).rejected, 1); /* too few fields */
    struct import_summary s = import_whole(p, "m", buf_str(&second));
    assert_int_equal(s.rows, 2);
    assert_int_equal(s.rejected, 2);
    assert_int_equal(s.added + s.updated + s.unchanged + s.duplicates, 0);
    snprintf(path, sizeof(path), "%s/%u.rejects.csv", folder.path, s.id);
    struct buf text = file_text(path);
    assert_non_null(strstr(text.at, "\n,with this row the contact would have more than 200 "
                                    "attributes or a MiB of them,wide@a.example,,"));
    buf_release(&text);
    buf_release(&first);
    buf_release(&second);
}

static void old_rejects_go(void **state)
{
    struct place *p = *state;
    struct folder folder = import_folder(p);
    struct import *import;
    struct err err = {""};
    char first[200], second[200];
    uint32_t id = import_whole(p, "l", STR("email\nbad\n")).id;
    snprintf(first, sizeof(first), "%s/%u.rejects.csv", folder.path, id);
    snprintf(second, sizeof(second), "%s/%u.rejects.csv", folder.path,
             id + IMPORT_REJECTS_KEPT - 1);
    close(open(second, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(access(first, F_OK), 0);
    assert_int_equal(import_text(p, "l", STR("email\n"), &import, &err), 0);
    assert_int_equal(access(first, F_OK), -1);
    assert_int_equal(access(second, F_OK), 0);
    import_free(import);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(contacts_come_in),
        STORE_TEST(later_imports_update_and_keep),
        STORE_TEST(the_later_row_wins),
        STORE_TEST(bad_rows_go_to_a_file),
        STORE_TEST(gzip_is_found_out),
        STORE_TEST(bad_streams_change_nothing),
        STORE_TEST(a_lost_connection_changes_nothing),
        STORE_TEST(options_are_checked),
        STORE_TEST(a_header_alone_makes_the_list),
        STORE_TEST(many_batches),
        STORE_TEST(a_small_file_keeps_its_order),
        STORE_TEST(leaving_while_it_applies_lets_it_finish),
        STORE_TEST(numbers_go_on_after_a_restart),
        STORE_TEST(what_the_store_refuses_is_rejected),
        STORE_TEST(old_rejects_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
