#include "unit/store/help.h"

/* The sanitizers' allocators do not give back what was freed. */
#ifdef __has_feature
#define CLANG_SANITIZES (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define CLANG_SANITIZES 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || CLANG_SANITIZES
enum { KEEPS_FREED = 1 };
#else
enum { KEEPS_FREED = 0 };
#endif

enum { RECORDS = 3000, SIZE = 32768, BOUND_MIB = 32, SLACK_MIB = 24 };

/* A part of the resident size, in MiB: "RssFile:", "RssAnon:". */
static unsigned resident_mib(const char *part)
{
    char line[256];
    unsigned kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status))
        if (strncmp(line, part, 8) == 0)
            kib = (unsigned)strtoul(line + 8, NULL, 10);
    fclose(status);
    return kib / 1024;
}

static struct key number_key(uint32_t n)
{
    struct key key;
    KEY_INIT(&key);
    key_u32(&key, n);
    return key;
}

static void put_hundred(struct txn *txn, void *ctx)
{
    uint32_t from = *(uint32_t *)ctx;
    for (uint32_t n = from; n < from + 100; n++) {
        struct key key = number_key(n);
        uint8_t *at = table_reserve(txn, TABLE_MESSAGES, &key, SIZE);
        if (at)
            memset(at, (int)(n & 0xFF), SIZE);
    }
}

static void assert_record(struct txn *txn, uint32_t n)
{
    struct key key = number_key(n);
    struct str value;
    assert_true(table_get(txn, TABLE_MESSAGES, &key, &value));
    for (size_t i = 0; i < value.len; i += 4096)
        assert_int_equal((uint8_t)value.at[i], n & 0xFF);
}

/* 96 MB are read, and the process is never charged for more than a third of that at its looks. */
static void what_was_read_leaves_resident_memory(void **state)
{
    struct place *p = *state;
    struct txn txn;
    unsigned most = 0, before = resident_mib("RssFile:");
    for (uint32_t n = 0; n < RECORDS; n += 100)
        write_now(p->store, put_hundred, &n);
    txn_begin(p->store, &txn);
    for (uint32_t n = 0; n < RECORDS; n++) {
        assert_record(&txn, n);
        unsigned now = n % 16 ? 0 : resident_mib("RssFile:");
        most = now > most ? now : most;
    }
    read_end(&txn);
    for (uint32_t n = 0; n < RECORDS; n++) { /* small transactions, as the composers have them */
        txn_begin(p->store, &txn);
        assert_record(&txn, n);
        read_end(&txn);
        unsigned now = n % 16 ? 0 : resident_mib("RssFile:");
        most = now > most ? now : most;
    }
    print_message("file-backed resident: %u MiB before, %u at most\n", before, most);
    assert_true(most < before + BOUND_MIB + SLACK_MIB);
}

enum { SMALL_RECORDS = 16000, SMALL_SIZE = 1900 };

/* At most two records a page: 32 MB or more that LMDB holds dirty at one time. */
static void put_small(struct txn *txn, struct write_op *op)
{
    (void)op;
    for (uint32_t n = 0; n < SMALL_RECORDS; n++) {
        struct key key = number_key(n);
        uint8_t *at = table_reserve(txn, TABLE_MESSAGES, &key, SMALL_SIZE);
        if (at)
            memset(at, (int)(n & 0xFF), SMALL_SIZE);
    }
}

static void memory_is_given_back_when_it_is_quiet(void **state)
{
    struct place *p = *state;
    struct txn txn;
    unsigned before = resident_mib("RssAnon:");
    struct write w = {.op = {.apply = put_small, .done = write_done, .records = SMALL_RECORDS}};
    sem_init(&w.done, 0, 0);
    store_submit(p->store, &w.op);
    while (sem_wait(&w.done))
        ;
    unsigned peak = resident_mib("RssAnon:"), now = peak;
    for (uint32_t n = 0; n < 300 && now > before + 8;
         n++) { /* read meanwhile: nothing is noticed */
        usleep(10000);
        txn_begin(p->store, &txn);
        assert_record(&txn, n);
        read_end(&txn);
        now = resident_mib("RssAnon:");
    }
    print_message("anonymous resident: %u MiB before, %u then, %u now\n", before, peak, now);
    assert_true(KEEPS_FREED || now <= before + 8);
    uint32_t more = 5000;
    write_now(p->store, put_hundred, &more);
    txn_begin(p->store, &txn);
    assert_record(&txn, 1);
    assert_record(&txn, 5099);
    read_end(&txn);
    sem_destroy(&w.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_was_read_leaves_resident_memory),
        STORE_TEST(memory_is_given_back_when_it_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
