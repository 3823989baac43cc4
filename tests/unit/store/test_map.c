#include "unit/store/help.h"

enum { RECORDS = 3000, SIZE = 32768, BOUND_MIB = 32, SLACK_MIB = 24 };

/* What the file-backed part of the resident size is, in MiB. */
static unsigned resident_file_mib(void)
{
    char line[256];
    unsigned kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status))
        if (strncmp(line, "RssFile:", 8) == 0)
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
    unsigned most = 0, before = resident_file_mib();
    for (uint32_t n = 0; n < RECORDS; n += 100)
        write_now(p->store, put_hundred, &n);
    txn_begin(p->store, &txn);
    for (uint32_t n = 0; n < RECORDS; n++) {
        assert_record(&txn, n);
        unsigned now = n % 16 ? 0 : resident_file_mib();
        most = now > most ? now : most;
    }
    read_end(&txn);
    for (uint32_t n = 0; n < RECORDS; n++) { /* small transactions, as the composers have them */
        txn_begin(p->store, &txn);
        assert_record(&txn, n);
        read_end(&txn);
        unsigned now = n % 16 ? 0 : resident_file_mib();
        most = now > most ? now : most;
    }
    print_message("file-backed resident: %u MiB before, %u at most\n", before, most);
    assert_true(most < before + BOUND_MIB + SLACK_MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORE_TEST(what_was_read_leaves_resident_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
