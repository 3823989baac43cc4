/* tocsin preview: a message as one contact would get it. */
#include "cli/ask.h"
#include "cli/message_file.h"
#include "cli/output.h"
#include "cli/text.h"

static void add_field(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, "%s: ", name);
    text_clean(out, str_of(value));
    buf_add_byte(out, '\n');
}

/* What was asked for of the answer, as bytes. */
static void add_chosen(struct buf *out, const struct args *args, const json_t *answer)
{
    const char *key = args_has(args, "html") ? "html" : args_has(args, "eml") ? "eml" : "text";
    bool headers = !args_has(args, "html") && !args_has(args, "eml") && !args_has(args, "text");
    if (headers) {
        add_field(out, "From", json_text(answer, "from"));
        add_field(out, "To", json_text(answer, "to"));
        add_field(out, "Subject", json_text(answer, "subject"));
        buf_add_byte(out, '\n');
    }
    buf_add_text(out, json_text(answer, key));
    if (out->len == 0 || out->at[out->len - 1] != '\n')
        buf_add_byte(out, '\n');
}

static int print(struct cli *cli, const struct args *args, const json_t *answer)
{
    struct output output;
    struct buf out = BUF_INIT;
    bool skipped = json_flag(answer, "skipped");
    if (cli->json) {
        json_print(answer);
        return skipped ? CLI_FAILED : CLI_OK;
    }
    if (skipped)
        return cli_fail(cli, "%s would not get this message: %s", json_text(answer, "to"),
                        json_text(answer, "why"));
    add_chosen(&out, args, answer);
    int result = output_open(&output, NULL, &cli->err);
    if (result == 0)
        result = output_write(&output, buf_str(&out), &cli->err);
    if (result == 0)
        result = output_close(&output, true, &cli->err);
    buf_release(&out);
    return result == 0 ? CLI_OK : CLI_FAILED;
}

static int preview(struct cli *cli, const struct args *args, struct str text)
{
    json_t *body, *answer;
    int status = message_file_body(cli, args->words[0], text, &body);
    if (status != CLI_OK)
        return status;
    body_set_text(body, "contact", args_value(args, "contact"));
    body_set_text(body, "identity", args_value(args, "identity"));
    if (args_has(args, "eml"))
        json_object_set_new(body, "eml", json_true());
    char *json = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    status = ask_post(cli, "/v1/messages/preview", str_of(json), &answer);
    free(json);
    if (status != CLI_OK)
        return status;
    status = print(cli, args, answer);
    json_decref(answer);
    return status;
}

static int run(struct cli *cli, const struct args *args)
{
    struct buf text = BUF_INIT;
    if (!args_value(args, "contact"))
        return cli_usage(cli, "Say whose mail to show: --contact ADDRESS, the address of a contact "
                              "(\"tocsin contacts export\" lists them).");
    if (args_has(args, "html") + args_has(args, "text") + args_has(args, "eml") > 1)
        return cli_usage(cli, "Choose one of --html, --text and --eml.");
    int status = message_file_read(cli, args->words[0], &text);
    if (status == CLI_OK)
        status = preview(cli, args, buf_str(&text));
    buf_release(&text);
    return status;
}

static const struct flag flags[] = {
    {"contact", "ADDRESS", "The contact whose mail to show (needed)"},
    {"html", NULL, "Only the HTML part"},
    {"text", NULL, "Only the plain text part"},
    {"eml", NULL, "The whole message as it would be sent, for a mail program to open"},
    {"identity", "NAME", "The sender's identity in the configuration; else the first"},
    {NULL, NULL, NULL},
};

const struct command preview_command = {
    .name = "preview",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .summary = "Show a message as one contact would get it",
    .about = "It is made as a real copy is, and sent nowhere: headers and plain text unless you\n"
             "choose otherwise. Its links are those of no job, and lead nowhere. Exit status 1 if\n"
             "the contact would not get it, with the reason.",
    .flags = flags,
    .run = run,
};
