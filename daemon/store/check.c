#include "store/check.h"

#include "base/alloc.h"
#include "store/check_part.h"
#include "store/journal.h"
#include "store/pages.h"
#include "store/private.h"

/* --- What the parts share --- */

void check_say(struct check *check, enum table table, struct str key, const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    for (size_t i = 0; i < key.len && i < TXN_KEY_SHOWN; i++)
        buf_addf(&text, "%02x", (unsigned char)key.at[i]);
    buf_add_text(&text, ": ");
    va_start(args, format);
    buf_addv(&text, format, args);
    va_end(args);
    finding_add(&check->findings, "Table `%s`, key %s", table_name(table), text.at);
    buf_release(&text);
}

/* LMDB takes no empty key to seek with, and stores none: the smallest is one zero byte. */
static struct key smallest_key(void)
{
    struct key key;
    KEY_INIT(&key);
    key_u8(&key, 0);
    return key;
}

void check_each(struct check *check, enum table table, const struct key *prefix, check_record *each)
{
    struct key from = prefix ? *prefix : smallest_key();
    struct str found, value;
    bool more = table_seek(&check->txn, table, &from, &found, &value);
    while (more && (!prefix || key_starts(found, prefix))) {
        each(check, found, value);
        more = table_next(&check->txn, table, &found, &value);
    }
}

bool check_has_name(const struct check *check, unsigned kind, uint32_t id)
{
    return kind < CHECK_NAME_KINDS && check->names[kind] &&
           roaring_bitmap_contains(check->names[kind], id);
}

/* --- The parts, one after the other --- */

static int print_pages(FILE *out, const char *path, const struct pages_report *report)
{
    if (report->used == 0)
        return fprintf(out, "%s: there is no store yet.\n", path);
    fprintf(out, "%s: %llu pages in use, %llu free.\n", path, (unsigned long long)report->used,
            (unsigned long long)report->free);
    for (size_t i = 0; i < report->tables; i++)
        fprintf(out, "  %-14s %12llu records in %llu pages\n", report->table[i].name,
                (unsigned long long)report->table[i].records,
                (unsigned long long)report->table[i].pages);
    return 0;
}

/* A store of another version has records that the parsers here do not know, and a table that was
 * added since is made by the start. */
static int look_at_version(struct check *check, struct err *err)
{
    tables_open(&check->txn, 0);
    uint32_t version = meta_number(&check->txn, STR("version"));
    if (check->txn.rc == MDB_NOTFOUND || (version && version < STORE_VERSION))
        return err_set(err,
                       "The records of %s are those of an older tocsind: let this one start once, "
                       "which brings them up to date, and check again.",
                       check->store->dir);
    if (version > STORE_VERSION)
        return err_set(err,
                       "The records of %s are those of a newer tocsind (store version %u, this one "
                       "knows %d): check with that one.",
                       check->store->dir, version, STORE_VERSION);
    return txn_failed(&check->txn, err);
}

static void look_at_records(struct check *check)
{
    struct err failed;
    check->contacts = roaring_bitmap_create();
    check->jobs = roaring_bitmap_create();
    check_meta(check);
    check_names(check);
    check_contacts(check);
    check_messages(check);
    check_jobs(check);
    check_sets(check);
    check_job_sums(check);
    check_queue_counts(check);
    check_others(check);
    if (txn_failed(&check->txn, &failed))
        finding_add(&check->findings, "%s", failed.text);
}

static void release(struct check *check)
{
    for (size_t i = 0; i < CHECK_NAME_KINDS; i++)
        if (check->names[i])
            roaring_bitmap_free(check->names[i]);
    if (check->contacts)
        roaring_bitmap_free(check->contacts);
    if (check->jobs)
        roaring_bitmap_free(check->jobs);
}

static int check_records(struct check *check, struct err *err)
{
    if (store_open_to_read(check->store, err))
        return -1;
    txn_start(check->store, &check->txn, MDB_RDONLY);
    int result = look_at_version(check, err);
    if (result == 0) {
        txn_commit(&check->txn); /* the tables' handles stay, for the next transaction */
        map_locate(check->store);
        txn_start(check->store, &check->txn, MDB_RDONLY);
        look_at_records(check);
    }
    txn_abort(&check->txn);
    release(check);
    return result;
}

static void count_record(void *ctx, const struct journal_record *record)
{
    size_t *count = ctx;
    (void)record;
    ++*count;
}

static void check_journal(struct check *check, unsigned number, FILE *out)
{
    struct buf file = BUF_INIT;
    struct err why;
    size_t count = 0;
    if (journal_load(check->store, number, &file, &why))
        finding_add(&check->findings, "%s", why.text);
    else if (file.len && journal_read(buf_str(&file), count_record, &count, &why))
        finding_add(&check->findings, "The file %s/journal-%u %s", check->store->dir, number,
                    why.text);
    else if (file.len)
        fprintf(out, "%s/journal-%u: %zu records.\n", check->store->dir, number, count);
    buf_release(&file);
}

static int check_folder(struct check *check, FILE *out, struct err *err)
{
    char path[4096];
    struct pages_report report;
    snprintf(path, sizeof(path), "%s/data.mdb", check->store->dir);
    pages_check(path, PAGES_ALL, &report, &check->findings);
    bool damaged = check->findings.count > 0;
    if (!damaged)
        print_pages(out, path, &report);
    for (unsigned i = 0; i < JOURNALS_MAX; i++)
        check_journal(check, i, out);
    if (damaged)
        fprintf(out, "Records were not looked at: first the pages that hold them must be whole.\n");
    return damaged || !report.used ? 0 : check_records(check, err);
}

static void print_findings(const struct check *check, FILE *out)
{
    const struct findings *f = &check->findings;
    if (f->count == 0) {
        fprintf(out, "%s is fine.\n", check->store->dir);
        return;
    }
    fputs(f->text.at, out);
    if (f->count > f->keep)
        fprintf(out, "And %llu more.\n", (unsigned long long)(f->count - f->keep));
}

int store_check(const char *dir, FILE *out, struct err *err)
{
    struct check check = {.findings = FINDINGS_INIT};
    check.store = store_hold(dir, err);
    if (!check.store)
        return -1;
    int result = check_folder(&check, out, err);
    if (result == 0) {
        print_findings(&check, out);
        result = check.findings.count > 0;
    }
    findings_release(&check.findings);
    store_let_go(check.store);
    return result;
}
