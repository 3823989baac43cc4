/*
 * tocsin render: templates from standard input, one a line with their data, and an answer for each
 * as soon as it is there, so that a program can ask, read the answer, and ask again.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/ask.h"
#include "cli/render_line.h"

enum { LINE_MOST = 16 * 1024 * 1024, PIECE = 64 * 1024 };

struct input {
    struct render_desk desk;
    struct buf held; /* a line that has not ended yet */
    bool too_long;   /* and is thrown away until it does */
};

static void hold(struct input *in, struct str bytes)
{
    if (in->too_long || in->held.len + bytes.len > LINE_MOST) {
        in->too_long = true;
        buf_reset(&in->held);
        return;
    }
    buf_add_str(&in->held, bytes);
}

static void answer(struct input *in)
{
    json_t *json = in->too_long ? render_refusal(STR("The line is longer than 16 MiB."))
                                : render_line(&in->desk, buf_str(&in->held));
    json_print(json);
    json_decref(json);
    buf_reset(&in->held);
    in->too_long = false;
}

static void take(struct input *in, struct str bytes)
{
    while (bytes.len > 0) {
        hold(in, str_cut(&bytes, '\n'));
        if (bytes.at)
            answer(in);
    }
}

/* Everything that was answered goes out before it waits for more. */
static int talk(struct cli *cli, struct input *in)
{
    static char piece[PIECE];
    for (;;) {
        if (fflush(stdout) != 0)
            return CLI_OK; /* not so: the end of the program looks, and says it */
        ssize_t got = read(STDIN_FILENO, piece, sizeof(piece));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cli_fail(cli, "Standard input cannot be read: %s.", strerror(errno));
        if (got == 0)
            break;
        take(in, str_from(piece, (size_t)got));
    }
    if (in->held.len > 0 || in->too_long)
        answer(in);
    return CLI_OK;
}

static int run(struct cli *cli, const struct args *args)
{
    struct input in = {0};
    (void)args;
    int status = talk(cli, &in);
    buf_release(&in.held);
    render_desk_release(&in.desk);
    return status;
}

const struct command render_command = {
    .name = "render",
    .words = "",
    .summary = "Render templates from standard input, without the daemon",
    .about =
        "Each line is a JSON object and gets a line in answer, as soon as it is there:\n"
        "  {\"template\": \"Hi {{ name }}\", \"data\": {\"name\": \"Ann\"}}\n"
        "  {\"output\": \"Hi Ann\"}\n"
        "Also \"now\" (2024-01-31T18:30:00Z), \"timezone\" (Europe/Brussels), \"language\"\n"
        "(fr), \"partials\" (an object of sources) and \"escape\" (true: values for HTML).\n"
        "The answer to what is wrong is {\"error\", \"line\", \"column\"}; to a template that\n"
        "asks to be skipped, {\"aborted\": REASON}. Lines may have 16 MiB.",
    .run = run,
};
