#include "cli/watch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/forecast.h"
#include "cli/job.h"
#include "cli/term.h"
#include "cli/text.h"

/* FORECAST_MS: the daemon is asked so often what it expects, which is more work than to say how far
 * it is. */
enum { FIRST_WAIT_MS = 50, LONGEST_WAIT_MS = 250, FORECAST_MS = 5000 };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

struct watch {
    struct cli *cli;
    uint32_t id;
    struct pace pace;
    bool drawn;
    json_t *last;             /* the job as it was last seen */
    int64_t asked_ms, end_ms; /* when a forecast came last, and the end that it gave; 0: none */
};

/* Once: a second Ctrl-C ends the program whatever it does. */
static void catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
}

static void wait_ms(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static void draw(struct watch *w, const struct job *job)
{
    struct buf out = BUF_INIT;
    struct buf frame = BUF_INIT;
    job_frame(&frame, job, &w->pace, term_columns(STDOUT_FILENO) - 1, w->cli->utf8);
    if (w->drawn)
        buf_addf(&out, "\r\033[%dA", JOB_FRAME_LINES);
    struct str rest = buf_str(&frame);
    for (int i = 0; i < JOB_FRAME_LINES; i++) {
        buf_add_str(&out, str_cut(&rest, '\n'));
        buf_add_text(&out, "\033[K\n");
    }
    fwrite(out.at, 1, out.len, stdout);
    fflush(stdout);
    w->drawn = true;
    buf_release(&frame);
    buf_release(&out);
}

static void erase(struct watch *w)
{
    if (w->drawn)
        printf("\r\033[%dA\033[J", JOB_FRAME_LINES);
    w->drawn = false;
}

/* Only who sees a live view needs one. */
static bool is_forecast_due(const struct watch *w)
{
    return !w->cli->json && w->cli->terminal &&
           (!w->asked_ms || clock_mono_ms() - w->asked_ms >= FORECAST_MS);
}

static int ask_for_job(struct watch *w, json_t **now)
{
    char target[64];
    bool due = is_forecast_due(w);
    snprintf(target, sizeof(target), "/v1/jobs/%u%s", w->id, due ? "" : "?forecast=false");
    int status = ask_get(w->cli, target, now);
    if (status != CLI_OK || !due)
        return status;
    int64_t left_s = forecast_left_s(*now);
    w->asked_ms = clock_mono_ms();
    w->end_ms = left_s >= 0 ? w->asked_ms + left_s * 1000 : 0;
    return CLI_OK;
}

/* Shows the job if it is another one than before; takes `now` over. */
static void show(struct watch *w, json_t *now)
{
    struct job job;
    job_read(&job, now);
    if (w->end_ms > clock_mono_ms())
        job.left_s = (w->end_ms - clock_mono_ms()) / 1000;
    pace_see(&w->pace, clock_mono_ms(), job_done(&job));
    if (w->cli->json && !json_equal(w->last, now)) {
        json_print(now);
        fflush(stdout);
    }
    if (!w->cli->json && w->cli->terminal)
        draw(w, &job);
    json_decref(w->last);
    w->last = now;
}

/* Looks until the job is over: CLI_OK then. */
static int follow(struct watch *w)
{
    int wait = FIRST_WAIT_MS;
    struct job job;
    for (;;) {
        json_t *now;
        int status = ask_for_job(w, &now);
        if (status != CLI_OK)
            return status;
        show(w, now);
        job_read(&job, now);
        if (job_is_over(&job))
            return CLI_OK;
        if (!interrupted)
            wait_ms(wait);
        if (interrupted)
            return WATCH_INTERRUPTED;
        wait = wait * 2 < LONGEST_WAIT_MS ? wait * 2 : LONGEST_WAIT_MS;
    }
}

static int end_watch(struct watch *w)
{
    struct job job;
    job_read(&job, w->last);
    erase(w);
    if (!w->cli->json)
        job_report(&job);
    if (strcmp(job.state, "cancelled") == 0)
        return cli_fail(w->cli, "Job %u was cancelled.", w->id);
    return CLI_OK;
}

int watch_job(struct cli *cli, uint32_t job)
{
    struct watch w = {.cli = cli, .id = job};
    catch_interrupt();
    int status = follow(&w);
    if (status == CLI_OK)
        status = end_watch(&w);
    else if (status == WATCH_INTERRUPTED)
        err_set(&cli->err, "Job %u goes on: \"tocsin job watch %u\" shows it again.", job, job);
    json_decref(w.last);
    return status;
}
