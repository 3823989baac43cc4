/*
 * The power cut, by chance: a journal is written through many laps while every sector's versions
 * since the last sync are kept. A cut leaves any one of them of each sector, in any combination.
 * What is then read was written, holds all that was synced and still needed, and is never called
 * damaged.
 */
#include "store/journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "store/private.h"
#include "unit/store/help.h"

enum {
    SIZE = 64 * 1024,
    SECTOR = 512,
    SECTORS = SIZE / SECTOR,
    VERSIONS = 24, /* of a sector that are kept; of more, some by chance */
    COPIES = 400,
    STEPS = 2500,
    ROUNDS = 12,
    CUTS = 6,
    EVERY = 15 /* steps */
};

/* What a copy is in the journal, as bits of a set. */
enum { NOTHING = 1, OPEN = 2, ENDED = 4, ANYTHING = 7 };

static struct disk {
    const uint8_t *now; /* the file, as the process sees it */
    size_t size;
    ino_t inode;
    uint8_t versions[SECTORS][VERSIONS][SECTOR];
    unsigned count[SECTORS]; /* the first one is what was synced */
} disk;

static struct copy {
    unsigned is;
    unsigned may_be; /* all that it was since the last sync */
    unsigned open;   /* the journal's number */
    uint64_t ended;  /* the mark that covers its end */
    uint16_t attempt;
} copies[COPIES];

static struct run {
    struct journal *journal;
    uint64_t chance;
    uint64_t durable; /* the mark that was told */
    uint64_t laps;    /* headers that were seen to change */
} run;

static uint64_t chance(uint64_t below)
{
    run.chance ^= run.chance << 13;
    run.chance ^= run.chance >> 7;
    run.chance ^= run.chance << 17;
    return run.chance % below;
}

/* -- The disk. */

static void keep_version(size_t sector, const uint8_t *bytes)
{
    unsigned n = disk.count[sector];
    unsigned at = n < VERSIONS ? n : 1 + (unsigned)chance(VERSIONS - 1);
    memcpy(disk.versions[sector][at], bytes, SECTOR);
    disk.count[sector] = at == n ? n + 1 : n;
}

/* A header is taken back, filled and given anew within one call: its states in between. */
static void keep_header_versions(size_t sector, const uint8_t *before, const uint8_t *after)
{
    uint8_t between[SECTOR];
    if (memcmp(before, after, JOURNAL_SUMMED) == 0)
        return;
    run.laps++;
    memcpy(between, before, SECTOR);
    memset(between, 0, JOURNAL_MAGIC);
    keep_version(sector, between);
    memcpy(between, after, SECTOR);
    memset(between, 0, JOURNAL_MAGIC);
    keep_version(sector, between);
}

static uint8_t last_seen[SIZE];

static void look(void)
{
    for (size_t i = 0; i < disk.size / SECTOR; i++) {
        const uint8_t *now = disk.now + i * SECTOR;
        uint8_t *before = last_seen + i * SECTOR;
        if (memcmp(before, now, SECTOR) == 0)
            continue;
        if (i * SECTOR % (disk.size / JOURNAL_LAPS) == 0)
            keep_header_versions(i, before, now);
        keep_version(i, now);
        memcpy(before, now, SECTOR);
    }
}

static void all_is_synced(void)
{
    for (size_t i = 0; i < disk.size / SECTOR; i++) {
        memcpy(disk.versions[i][0], disk.now + i * SECTOR, SECTOR);
        disk.count[i] = 1;
    }
    for (size_t i = 0; i < COPIES; i++)
        copies[i].may_be = copies[i].is;
}

/* -- What is read after a cut. */

static unsigned found[COPIES];

static void note(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    assert_in_range(record->began.contact, 0, COPIES - 1);
    unsigned *f = &found[record->began.contact];
    if (record->kind == JOURNAL_BEGAN)
        *f = OPEN;
    else if (*f == OPEN) /* else it stands behind a hole */
        *f = record->kind == JOURNAL_ENDED ? ENDED : NOTHING;
}

static void check_found(void)
{
    for (size_t i = 0; i < COPIES; i++) {
        unsigned may_be = copies[i].may_be;
        if (copies[i].is == ENDED && copies[i].ended <= run.durable)
            may_be = ANYTHING; /* the store has it */
        if (!(found[i] & may_be))
            fail_msg("Copy %zu is found as %u and was %u.", i, found[i], may_be);
    }
}

static void cut(void)
{
    static uint8_t left[SIZE];
    struct err err;
    uint64_t kept = chance(4);
    for (size_t i = 0; i < disk.size / SECTOR; i++) {
        unsigned n = disk.count[i];
        unsigned version = kept == 0 ? n - 1 : chance(4) < kept ? (unsigned)chance(n) : 0;
        memcpy(left + i * SECTOR, disk.versions[i][version], SECTOR);
    }
    for (size_t i = 0; i < COPIES; i++)
        found[i] = NOTHING;
    if (journal_read(str_from(left, disk.size), note, NULL, &err) != 0)
        fail_msg("%s", err.text);
    check_found();
}

static void try_cuts(void)
{
    for (unsigned i = 0; i < CUTS; i++)
        cut();
}

/* Instead of the C library's: the moment before is the last one for what is not synced. */
int fdatasync(int fd)
{
    struct stat stat;
    if (disk.now && fstat(fd, &stat) == 0 && stat.st_ino == disk.inode) {
        look();
        try_cuts();
        all_is_synced();
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* -- The journal. */

static void watch(const char *dir)
{
    char path[128];
    struct stat stat;
    snprintf(path, sizeof(path), "%s/journal-0", dir);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &stat) == 0 && stat.st_size <= SIZE);
    disk.size = (size_t)stat.st_size;
    disk.inode = stat.st_ino;
    disk.now = mmap(NULL, disk.size, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(disk.now != MAP_FAILED);
    memcpy(last_seen, disk.now, disk.size);
    all_is_synced();
    close(fd);
}

/* Without a writer: it is the test that syncs. */
static struct store store = {.journals = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static void attach(void)
{
    struct err err;
    run.journal = journal_attach(&store, 0, SIZE, &err);
    if (!run.journal)
        fail_msg("%s", err.text);
    run.durable = 0;
}

static void set(struct copy *c, unsigned is)
{
    c->is = is;
    c->may_be |= is;
}

static void begin(size_t i)
{
    struct copy *c = &copies[i];
    struct journal_began began = {.job = 1, .contact = (uint32_t)i, .attempt = c->attempt};
    if (!journal_take(run.journal))
        return;
    c->open = journal_began(run.journal, &began);
    set(c, NOTHING); /* what ended before is the store's */
    set(c, OPEN);
}

static void end(size_t i)
{
    struct copy *c = &copies[i];
    struct outcome o = {.job = 1, .contact = (uint32_t)i, .state = RECIPIENT_DEFERRED};
    o.text_len = (uint8_t)chance(LEDGER_TEXT_MAX);
    memset(o.text, 'x', o.text_len);
    set(c, chance(5) == 0 ? NOTHING : ENDED);
    if (c->is == ENDED)
        journal_ended(run.journal, c->open, &o);
    else
        journal_returned(run.journal, c->open);
    journal_give_back(run.journal);
    c->ended = journal_mark(run.journal);
    c->attempt++;
}

/* The store takes what ended: a commit syncs, and then the journal hears of it, or not yet. */
static void commit(void)
{
    uint64_t mark = journal_mark(run.journal);
    assert_int_equal(journals_sync(&store), 0);
    look();
    if (chance(4) == 0)
        return;
    journal_durable(run.journal, mark);
    run.durable = mark;
}

/* Killed, taken over and begun anew: the store has all of it. */
static void begin_anew(void)
{
    journal_detach(run.journal);
    journal_free(run.journal);
    for (size_t i = 0; i < COPIES; i++)
        copies[i] = (struct copy){.is = ENDED, .may_be = ANYTHING, .ended = 0};
    attach();
    look();
}

/* A copy that ended is used again when the store has it. */
static void step(uint64_t commits)
{
    size_t i = chance(COPIES);
    struct copy *c = &copies[i];
    if (chance(1000) < commits)
        commit();
    else if (chance(3000) == 0)
        begin_anew();
    else if (c->is == OPEN)
        end(i);
    else if ((c->is == NOTHING || c->ended <= run.durable) && i % (1 + chance(12)) == 0)
        begin(i);
    look();
}

static void play(uint64_t seed)
{
    uint64_t commits = (uint64_t[]){1, 10, 100}[seed % 3];
    run.chance = seed * 0x9e3779b97f4a7c15 + 1;
    for (unsigned i = 0; i < STEPS; i++) {
        if (i % 500 == 0)
            commit();
        step(commits);
        if (i % EVERY == 0)
            try_cuts();
    }
}

static void a_power_cut_leaves_all_that_was_synced_and_nothing_that_looks_damaged(void **state)
{
    char dir[] = P_tmpdir "/tocsin-journal-XXXXXX";
    (void)state;
    store.dir = mkdtemp(dir);
    assert_non_null(store.dir);
    attach();
    for (size_t i = 0; i < COPIES; i++)
        copies[i] = (struct copy){.is = NOTHING, .may_be = NOTHING};
    watch(dir);
    for (uint64_t seed = 1; seed <= ROUNDS; seed++)
        play(seed);
    assert_true(run.laps > 100);
    journal_detach(run.journal);
    journal_free(run.journal);
    munmap((void *)(uintptr_t)disk.now, disk.size);
    disk.now = NULL;
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_leaves_all_that_was_synced_and_nothing_that_looks_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
