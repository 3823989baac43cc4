/* tocsin contacts export: contacts as CSV, to a file or standard output. */
#include "cli/ask.h"
#include "cli/output.h"
#include "cli/text.h"

struct contacts_export {
    struct output output;
    bool quoted; /* inside a quoted field, where a line break ends no record */
    uint64_t records;
    bool broken; /* we gave up, not the daemon */
};

/* RFC 4180: a record ends at a line break outside quotes. */
static void count_records(struct contacts_export *export, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] == '"')
            export->quoted = !export->quoted;
        else if (bytes.at[i] == '\n' && !export->quoted)
            export->records++;
    }
}

static int take_bytes(void *ctx, struct str bytes, struct err *err)
{
    struct contacts_export *export = ctx;
    count_records(export, bytes);
    int status = output_write(&export->output, bytes, err);
    export->broken = status != 0;
    return status;
}

static int fetch(struct cli *cli, const char *to, struct contacts_export *export)
{
    struct buf target = BUF_INIT;
    target_add(&target, "/v1/contacts?to=", to);
    struct http_exchange exchange = {
        .method = "GET", .target = target.at, .write = take_bytes, .write_ctx = export};
    int status = ask(cli, &exchange);
    if (status == CLI_OK)
        http_exchange_release(&exchange);
    buf_release(&target);
    return export->broken ? CLI_FAILED : status;
}

static void print_summary(const struct cli *cli, const struct contacts_export *export,
                          const char *path)
{
    uint64_t contacts = export->records > 0 ? export->records - 1 : 0; /* without the header */
    if (cli->json) {
        json_t *summary = json_pack("{s:I, s:I}", "contacts", (json_int_t)contacts, "bytes",
                                    (json_int_t) export->output.bytes);
        json_print(summary);
        json_decref(summary);
        return;
    }
    struct buf line = BUF_INIT;
    text_count(&line, contacts, "contact", "contacts");
    buf_add_text(&line, " written to ");
    text_clean(&line, str_of(path));
    buf_add_text(&line, " (");
    text_bytes(&line, export->output.bytes);
    buf_add_text(&line, ").");
    puts(line.at);
    buf_release(&line);
}

static int run(struct cli *cli, const struct args *args)
{
    struct contacts_export export = {.records = 0};
    const char *to = args_value(args, "to"), *path = args_value(args, "output");
    if (cli->json && !path)
        return cli_usage(cli, "An export is CSV: with --json, name a file for it with --output.");
    if (output_open(&export.output, path, &cli->err) != 0)
        return CLI_FAILED;
    bool to_file = export.output.path != NULL;
    int status = fetch(cli, to ? to : "all", &export);
    if (output_close(&export.output, status == CLI_OK, &cli->err) != 0 && status == CLI_OK)
        status = CLI_FAILED;
    if (status == CLI_OK && to_file)
        print_summary(cli, &export, path);
    return status;
}

static const struct flag flags[] = {
    {"to", "EXPR", "Only the contacts that the expression selects; else all"},
    {"output", "FILE", "Write here, in one piece; else to standard output"},
    {NULL, NULL, NULL},
};

const struct command contacts_export_command = {
    .group = "contacts",
    .name = "export",
    .words = "",
    .summary = "Write contacts as CSV",
    .flags = flags,
    .run = run,
};
