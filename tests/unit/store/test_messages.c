#include "unit/store/help.h"

#include "store/messages.h"

struct put {
    const char *name, *source;
    struct message_ref ref;
};

static void put_message(struct txn *txn, void *ctx)
{
    struct put *put = ctx;
    put->ref = message_put(txn, str_of(put->name), str_of(put->source), 0x65000000);
}

static struct message_ref put_now(struct store *store, const char *name, const char *source)
{
    struct put put = {name, source, {0, 0}};
    write_now(store, put_message, &put);
    return put.ref;
}

static void assert_ref(struct message_ref got, uint32_t id, uint32_t version)
{
    assert_int_equal(got.id, id);
    assert_int_equal(got.version, version);
}

static void a_new_text_is_a_new_version(void **state)
{
    struct place *p = *state;
    struct txn txn;
    assert_ref(put_now(p->store, "may", "Hello"), 1, 1);
    assert_ref(put_now(p->store, "may", "Hello"), 1, 1);
    assert_ref(put_now(p->store, "june", "Hello"), 2, 1);
    assert_ref(put_now(p->store, "may", "Hi"), 1, 2);
    assert_ref(put_now(p->store, "may", "Hello"), 1, 3); /* the old text again is news too */
    txn_begin(p->store, &txn);
    assert_str(message_source(&txn, (struct message_ref){1, 1}), STR("Hello"));
    assert_str(message_source(&txn, (struct message_ref){1, 2}), STR("Hi"));
    assert_null(message_source(&txn, (struct message_ref){1, 4}).at);
    read_end(&txn);
}

static void stored_bytes_are_as_documented(void **state)
{
    struct place *p = *state;
    put_now(p->store, "a", "");
    put_now(p->store, "b", "");
    put_now(p->store, "may", "Hello");
    put_now(p->store, "may", "Hi");
    assert_stored(p->store, TABLE_MESSAGES, hex("00000003 00000002"), hex("01 65000000 4869"));
    assert_stored(p->store, TABLE_MESSAGE_NAMES, hex("6d6179"), hex("00000003 00000002"));
}

static void names_are_bounded(void **state)
{
    struct place *p = *state;
    char name[MESSAGE_NAME_MAX + 2];
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_ref(put_now(p->store, "", "x"), 0, 0);
    assert_ref(put_now(p->store, name, "x"), 0, 0);
    assert_ref(put_now(p->store, name + 1, "x"), 1, 1);
}

static void large_texts_are_whole(void **state)
{
    struct place *p = *state;
    enum { SIZE = 3 * 1024 * 1024 };
    char *text = malloc(SIZE + 1);
    struct txn txn;
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    put_now(p->store, "large", text);
    txn_begin(p->store, &txn);
    assert_str(message_source(&txn, (struct message_ref){1, 1}), str_of(text));
    read_end(&txn);
    free(text);
}

static void damage_is_found(void **state)
{
    struct place *p = *state;
    struct txn txn;
    write_raw(p->store, TABLE_MESSAGES, hex("00000001 00000001"), hex("02 65000000 4869"));
    txn_begin(p->store, &txn);
    assert_null(message_source(&txn, (struct message_ref){1, 1}).at);
    assert_damaged(&txn, "`messages`", "0000000100000001");
    txn_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_new_text_is_a_new_version),
        STORE_TEST(stored_bytes_are_as_documented),
        STORE_TEST(names_are_bounded),
        STORE_TEST(large_texts_are_whole),
        STORE_TEST(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
