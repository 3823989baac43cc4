#include "store/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/private.h"

/* What a transaction may take of a lap, once it was carried over. */
enum { TRANSACTION_MAX = JOURNAL_BEGAN_MAX + JOURNAL_ENDED_MAX };

enum { PATH_SIZE = 4096, PAGE = 4096, READ_STEP = 256 * 1024 };
#define NONE UINT_MAX

struct open_transaction {
    struct journal_began began;
    bool used;
    unsigned next_free;
};

struct journal {
    struct journal *next; /* in the store's list */
    struct store *store;
    int fd;
    uint8_t *map;
    size_t lap_size;
    uint64_t generation; /* of the lap that is being filled */
    size_t place;        /* of the next record in it */
    uint64_t ended, durable;
    uint64_t turned_at; /* `ended` when the lap before it was left */
    size_t promised;    /* taken and not given back */
    struct open_transaction *open;
    unsigned open_size, first_free;

    _Atomic uint64_t filled; /* journal_progress; */
    _Atomic uint64_t synced; /* set by the writer: what of that is on disk */
};

/* -- The file. */

static void path_of(const struct store *store, unsigned number, char out[PATH_SIZE])
{
    snprintf(out, PATH_SIZE, "%s/journal-%u", store->dir, number);
}

static int fail(const char *path, const char *what, int code, struct err *err)
{
    return err_set(err, "The file %s cannot be %s: %s.%s", path, what, strerror(code),
                   code == ENOSPC ? " Make room on the disk, or set store.journal_size." : "");
}

/* So that a file that was made or removed is so after a power cut, where a file system knows that.
 */
static int sync_folder(const struct store *store, struct err *err)
{
    int fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return code && code != EINVAL ? fail(store->dir, "synced", code, err) : 0;
}

/* One of another size is emptied first: its laps would not be where they are looked for. The blocks
 * are there beforehand: a full disk takes no room for answers away. */
static int set_size(int fd, off_t size)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0 || (stat.st_size != size && ftruncate(fd, 0) != 0))
        return errno;
    return posix_fallocate(fd, 0, size);
}

static int map_file(struct journal *j, const char *path, struct err *err)
{
    size_t size = j->lap_size * JOURNAL_LAPS;
    j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->fd < 0)
        return fail(path, "opened", errno, err);
    int code = set_size(j->fd, (off_t)size);
    if (code)
        return fail(path, "made as large as it must be", code, err);
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
    if (map == MAP_FAILED)
        return fail(path, "mapped", errno, err);
    j->map = map;
    return 0;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    if (j->map)
        munmap(j->map, j->lap_size * JOURNAL_LAPS);
    if (j->fd >= 0)
        close(j->fd);
    free(j->open);
    free(j);
}

int journal_load(const struct store *store, unsigned number, struct buf *out, struct err *err)
{
    char path[PATH_SIZE];
    path_of(store, number, path);
    buf_reset(out);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : fail(path, "opened", errno, err);
    ssize_t n = 1;
    while (n > 0) {
        buf_reserve(out, READ_STEP);
        n = read(fd, out->at + out->len, READ_STEP);
        out->len += n > 0 ? (size_t)n : 0;
    }
    int code = errno;
    close(fd);
    return n < 0 ? fail(path, "read", code, err) : 0;
}

int journal_remove(const struct store *store, unsigned number, struct err *err)
{
    char path[PATH_SIZE];
    path_of(store, number, path);
    if (unlink(path) == 0)
        return sync_folder(store, err);
    return errno == ENOENT ? 0 : fail(path, "removed", errno, err);
}

static void note_filled(struct journal *j)
{
    atomic_store_explicit(&j->filled, journal_progress(j->generation, j->place),
                          memory_order_release);
}

/* In one store of eight bytes: whoever reads the file after a crash sees the old or the new. */
static void set_magic(uint8_t *header, const uint8_t *magic)
{
    uint64_t word;
    memcpy(&word, magic, sizeof(word));
    atomic_exchange_explicit((_Atomic uint64_t *)(void *)header, word, memory_order_acq_rel);
}

/* The note of what was synced is the writer's, and says itself which generation it is for. */
static void prepare_lap(uint8_t *lap, uint64_t generation, uint8_t header[JOURNAL_HEADER])
{
    static const uint8_t none[JOURNAL_MAGIC];
    journal_write_header(header, generation);
    set_magic(lap, none);
    memcpy(lap + JOURNAL_MAGIC, header + JOURNAL_MAGIC, JOURNAL_SUMMED);
}

static uint8_t *lap_at(const struct journal *j, uint64_t generation)
{
    return j->map + (generation % JOURNAL_LAPS) * j->lap_size;
}

/* One generation is left out, so nothing of before is read any more. Before, all of it is synced:
 * until the new header is on disk, a power cut leaves a file that is whole. */
static int begin_anew(struct journal *j)
{
    uint8_t header[JOURNAL_HEADER];
    uint64_t newest = journal_newest(str_from(j->map, j->lap_size * JOURNAL_LAPS));
    j->generation = newest + 2;
    j->place = JOURNAL_HEADER;
    if (fdatasync(j->fd) != 0)
        return errno;
    for (unsigned ahead = 1; newest == 0 && ahead < JOURNAL_LAPS; ahead++)
        prepare_lap(lap_at(j, j->generation + ahead), j->generation + ahead, header);
    prepare_lap(lap_at(j, j->generation), j->generation, header);
    set_magic(lap_at(j, j->generation), header);
    if (fdatasync(j->fd) != 0)
        return errno;
    note_filled(j);
    atomic_init(&j->synced, journal_progress(j->generation, j->place));
    return 0;
}

static int open_file(struct journal *j, const char *path, struct err *err)
{
    if (map_file(j, path, err) != 0)
        return -1;
    int code = begin_anew(j);
    return code ? fail(path, "written", code, err) : sync_folder(j->store, err);
}

struct journal *journal_attach(struct store *store, unsigned number, size_t size, struct err *err)
{
    struct journal *j = NEW(struct journal);
    char path[PATH_SIZE];
    path_of(store, number, path);
    j->store = store;
    j->fd = -1;
    j->lap_size = size / JOURNAL_LAPS / PAGE * PAGE;
    j->first_free = NONE;
    if (open_file(j, path, err) != 0) {
        journal_free(j);
        return NULL;
    }
    pthread_mutex_lock(&store->journals.lock);
    j->next = store->journals.first;
    store->journals.first = j;
    pthread_mutex_unlock(&store->journals.lock);
    return j;
}

void journal_detach(struct journal *journal)
{
    struct journals *all = &journal->store->journals;
    pthread_mutex_lock(&all->lock);
    struct journal **link = &all->first;
    while (*link != journal)
        link = &(*link)->next;
    *link = journal->next;
    pthread_mutex_unlock(&all->lock);
}

/* -- The writer's side. */

static int sync_one(struct journal *j)
{
    uint64_t filled = atomic_load_explicit(&j->filled, memory_order_acquire);
    if (filled == atomic_load_explicit(&j->synced, memory_order_relaxed))
        return 0;
    if (fdatasync(j->fd))
        return errno;
    atomic_store_explicit(&j->synced, filled, memory_order_release);
    journal_write_synced(lap_at(j, filled >> 32), filled);
    return 0;
}

int journals_sync(struct store *store)
{
    int code = 0;
    pthread_mutex_lock(&store->journals.lock);
    for (struct journal *j = store->journals.first; j && !code; j = j->next)
        code = sync_one(j);
    pthread_mutex_unlock(&store->journals.lock);
    return code;
}

/* -- The delivery thread's side. */

static bool fits(const struct journal *j, size_t place)
{
    return place + (j->promised + 1) * TRANSACTION_MAX <= j->lap_size;
}

static uint8_t *next_place(struct journal *j)
{
    assert(j->place + JOURNAL_RECORD_MAX <= j->lap_size);
    return lap_at(j, j->generation) + j->place;
}

static void wrote(struct journal *j, size_t len)
{
    j->place += len;
    note_filled(j);
}

/* Goes over to the next lap, with all that is open. */
static void turn(struct journal *j)
{
    uint8_t header[JOURNAL_HEADER];
    uint8_t *left = lap_at(j, j->generation);
    uint8_t *lap = lap_at(j, ++j->generation);
    j->turned_at = j->ended;
    j->place = JOURNAL_HEADER;
    prepare_lap(lap, j->generation, header);
    for (unsigned i = 0; i < j->open_size; i++)
        if (j->open[i].used)
            j->place +=
                journal_write_began(next_place(j), j->generation, j->place, &j->open[i].began);
    set_magic(lap, header);
    note_filled(j); /* now it is in use: what says so is synced with it */
    madvise(left, j->lap_size, MADV_DONTNEED); /* not to count as memory of ours */
}

/* What ended in the lap before this one is in the store. */
static bool may_turn(const struct journal *j)
{
    return j->durable >= j->turned_at && fits(j, JOURNAL_HEADER + j->promised * JOURNAL_BEGAN_MAX);
}

/* While the header of this lap is not on disk, what the next one is written over would be read
 * after a power cut. A commit has synced it long ago, or else it is done here. */
static bool is_opening_synced(const struct journal *j)
{
    uint64_t synced = atomic_load_explicit(&j->synced, memory_order_acquire);
    return synced >> 32 == (uint32_t)j->generation || fdatasync(j->fd) == 0;
}

bool journal_take(struct journal *j)
{
    if (!fits(j, j->place)) {
        if (!may_turn(j) || !is_opening_synced(j))
            return false;
        turn(j);
    }
    j->promised++;
    return true;
}

void journal_give_back(struct journal *j)
{
    j->promised--;
}

static unsigned open_slot(struct journal *j)
{
    unsigned i = j->first_free;
    if (i != NONE) {
        j->first_free = j->open[i].next_free;
        return i;
    }
    unsigned size = j->open_size ? 2 * j->open_size : 64;
    j->open = alloc_again(j->open, size * sizeof(j->open[0]));
    for (i = j->open_size; i < size; i++)
        j->open[i] = (struct open_transaction){.next_free = i + 1 < size ? i + 1 : NONE};
    i = j->open_size;
    j->first_free = i + 1;
    j->open_size = size;
    return i;
}

static struct journal_began close_slot(struct journal *j, unsigned i)
{
    struct open_transaction *open = &j->open[i];
    assert(open->used);
    open->used = false;
    open->next_free = j->first_free;
    j->first_free = i;
    return open->began;
}

unsigned journal_began(struct journal *j, const struct journal_began *began)
{
    unsigned i = open_slot(j);
    j->open[i].began = *began;
    j->open[i].used = true;
    wrote(j, journal_write_began(next_place(j), j->generation, j->place, began));
    return i;
}

void journal_returned(struct journal *j, unsigned open)
{
    struct journal_began began = close_slot(j, open);
    wrote(j,
          journal_write_returned(next_place(j), j->generation, j->place, began.job, began.contact));
}

void journal_ended(struct journal *j, unsigned open, const struct outcome *outcome)
{
    close_slot(j, open);
    wrote(j, journal_write_ended(next_place(j), j->generation, j->place, outcome));
    j->ended++;
}

uint64_t journal_mark(const struct journal *j)
{
    return j->ended;
}

void journal_durable(struct journal *j, uint64_t mark)
{
    if (mark > j->durable)
        j->durable = mark;
}

/* The kernel notes the time when a page is first written after it was synced. */
int64_t journal_last_written(const struct store *store)
{
    int64_t latest = 0;
    for (unsigned i = 0; i < JOURNALS_MAX; i++) {
        char path[PATH_SIZE];
        struct stat info;
        path_of(store, i, path);
        if (stat(path, &info) == 0 && info.st_mtime > latest)
            latest = info.st_mtime;
    }
    return latest;
}
