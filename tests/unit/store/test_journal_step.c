/*
 * Killed at any instruction: a child does what moves most in the journal's file, one machine
 * instruction at a time, and whenever the file has changed it is read as the next start would.
 */
#include "store/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "store/private.h"
#include "unit/store/help.h"

enum { SIZE = 64 * 1024, PATIENT = 5, TURNS = 4, COPIES = 2000, NO_TRACING = 77 };

static struct store store = {.journals = {.lock = PTHREAD_MUTEX_INITIALIZER}};

/* What the child says of itself. */
static struct shared {
    uint32_t open;        /* so many are open for good: 1, 2 … */
    uint32_t ended, upto; /* the lap before knows of these that they ended */
} * shared;

/* -- The child. */

static struct journal *attach(unsigned number, size_t size)
{
    struct err err;
    struct journal *j = journal_attach(&store, number, size, &err);
    if (!j)
        _exit(1);
    return j;
}

static void detach(struct journal *j)
{
    journal_detach(j);
    journal_free(j);
}

static unsigned begin(struct journal *j, uint32_t contact)
{
    struct journal_began began = {.job = 1, .contact = contact, .source = STR("mx")};
    if (!journal_take(j))
        _exit(1);
    return journal_began(j, &began);
}

static void begin_and_end(struct journal *j, uint32_t contact)
{
    struct outcome o = {.job = 1, .contact = contact, .state = RECIPIENT_DELIVERED};
    outcome_set_text(&o, STR("2.0.0 Ok: queued as 4711, as many words as there may be"));
    unsigned open = begin(j, contact);
    journal_ended(j, open, &o);
    journal_give_back(j);
    journal_durable(j, journal_mark(j));
}

static struct journal *attach_with_patient_ones(unsigned number)
{
    struct journal *j = attach(number, SIZE);
    for (uint32_t i = 1; i <= PATIENT; i++)
        begin(j, i);
    return j;
}

static uint64_t newest(unsigned number)
{
    struct buf file = BUF_INIT;
    struct err err;
    if (journal_load(&store, number, &file, &err) != 0)
        _exit(1);
    uint64_t generation = journal_newest(buf_str(&file));
    buf_release(&file);
    return generation;
}

/* On another file: which copy is the one that turns to each lap. */
static void rehearse(uint32_t turns[TURNS])
{
    struct journal *j = attach_with_patient_ones(1);
    uint32_t contact = PATIENT;
    for (unsigned i = 0; i < TURNS; i++)
        for (uint64_t before = newest(1); newest(1) == before; turns[i] = contact)
            begin_and_end(j, ++contact);
    detach(j);
}

static void turn_tracing(void)
{
    raise(SIGSTOP);
}

/* A turn to a lap that was used before. */
static struct journal *play_turn(void)
{
    uint32_t turns[TURNS], contact = PATIENT;
    rehearse(turns);
    struct journal *j = attach_with_patient_ones(0);
    while (contact + 1 < turns[TURNS - 1])
        begin_and_end(j, ++contact);
    *shared = (struct shared){.open = PATIENT, .ended = turns[TURNS - 2], .upto = contact};
    turn_tracing();
    begin_and_end(j, ++contact);
    turn_tracing();
    *shared = (struct shared){.open = 0};
    return j;
}

static void play(void)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(NO_TRACING);
    struct journal *j = play_turn();
    for (size_t size = SIZE; size < 2 * SIZE; size += SIZE / 2) { /* the same one, and another */
        detach(j);
        turn_tracing();
        j = attach(0, size);
        turn_tracing();
    }
    _exit(0);
}

/* -- The parent. */

static bool open_now[COPIES], ended_now[COPIES];
static unsigned looks;

static void note(void *ctx, const struct journal_record *record)
{
    uint32_t contact = record->began.contact;
    (void)ctx;
    assert_in_range(contact, 1, COPIES - 1);
    open_now[contact] = record->kind == JOURNAL_BEGAN;
    ended_now[contact] = record->kind == JOURNAL_ENDED;
}

static void look(struct str file)
{
    struct err err;
    looks++;
    memset(open_now, 0, sizeof(open_now));
    memset(ended_now, 0, sizeof(ended_now));
    if (journal_read(file, note, NULL, &err) != 0)
        fail_msg("%s", err.text);
    for (uint32_t i = 1; i <= shared->open; i++)
        assert_true(open_now[i]);
    for (uint32_t i = shared->ended; i && i <= shared->upto; i++)
        assert_true(ended_now[i]);
}

static void look_if_changed(int fd)
{
    static char before[2 * SIZE], now[2 * SIZE];
    static size_t before_len;
    ssize_t n = pread(fd, now, sizeof(now), 0);
    assert_true(n >= 0);
    if ((size_t)n == before_len && memcmp(now, before, before_len) == 0)
        return;
    look(str_from(now, (size_t)n));
    memcpy(before, now, (size_t)n);
    before_len = (size_t)n;
}

static int open_journal(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/journal-0", store.dir);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Returns the child's exit status. */
static int follow(pid_t child)
{
    bool tracing = false;
    int status, fd = -1;
    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        if (fd < 0)
            fd = open_journal();
        if (WSTOPSIG(status) == SIGSTOP)
            tracing = !tracing;
        else
            look_if_changed(fd);
        ptrace(tracing ? PTRACE_SINGLESTEP : PTRACE_CONT, child, NULL, NULL);
    }
    close(fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void whoever_dies_at_any_instruction_leaves_a_whole_file(void **state)
{
    char dir[] = P_tmpdir "/tocsin-journal-XXXXXX";
    (void)state;
    store.dir = mkdtemp(dir);
    assert_non_null(store.dir);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    pid_t child = fork();
    if (child == 0)
        play();
    int status = follow(child);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (status == NO_TRACING)
        skip();
    assert_int_equal(status, 0);
    assert_true(looks > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_dies_at_any_instruction_leaves_a_whole_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
