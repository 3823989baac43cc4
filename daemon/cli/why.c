/* tocsin why: everything that happened to a contact's copies, in sentences. */
#include <inttypes.h>

#include "cli/ask.h"
#include "cli/text.h"

static void add_heading(struct buf *out, const json_t *copy)
{
    buf_addf(out, "Job %" PRIu64 " \"", json_count(copy, "job"));
    text_clean(out, str_of(json_text(copy, "name")));
    buf_add_text(out, "\": ");
    text_clean(out, str_of(json_text(copy, "state")));
    buf_add_byte(out, '\n');
}

static void add_sentences(struct buf *out, const json_t *copy)
{
    size_t i;
    json_t *sentence;
    json_array_foreach(json_object_get(copy, "sentences"), i, sentence)
    {
        buf_add_text(out, "  ");
        text_clean(out, str_of(json_string_value(sentence)));
        buf_add_byte(out, '\n');
    }
}

static void print_copies(const json_t *answer)
{
    struct buf out = BUF_INIT;
    const json_t *copies = json_object_get(answer, "copies");
    size_t i;
    json_t *copy;
    json_array_foreach(copies, i, copy)
    {
        add_heading(&out, copy);
        add_sentences(&out, copy);
    }
    if (json_array_size(copies) == 0) {
        text_clean(&out, str_of(json_text(answer, "address")));
        buf_add_text(&out, " is a contact, and no job was for them yet.\n");
    }
    fwrite(out.at, 1, out.len, stdout);
    buf_release(&out);
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf target = BUF_INIT;
    json_t *answer;
    uint32_t job;
    if (args->words_len > 1 && args_job(args, 1, &job, &cli->err) != 0)
        return CLI_USAGE;
    target_add(&target, "/v1/why?address=", args->words[0]);
    if (args->words_len > 1)
        buf_addf(&target, "&job=%u", job);
    int status = ask_get(cli, target.at, &answer);
    buf_release(&target);
    if (status != CLI_OK)
        return status;
    return json_show(cli, answer, print_copies);
}

const struct command why_command = {
    .name = "why",
    .words = "ADDRESS [JOB]",
    .words_min = 1,
    .words_max = 2,
    .summary = "Tell everything that happened to a contact's copy",
    .about = "Without JOB: the copies of the newest jobs that were for this contact.",
    .run = run,
};
