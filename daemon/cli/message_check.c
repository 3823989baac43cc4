#include "cli/message_check.h"

#include <inttypes.h>
#include <string.h>

#include "cli/excerpt.h"
#include "cli/message_file.h"
#include "cli/text.h"

/* "appeal.md:12:5: error: ", as compilers say it, so that editors can jump there. */
static void say_finding(struct buf *out, const char *path, struct str text, const json_t *finding)
{
    const char *file = json_text(finding, "file");
    uint64_t line = json_count(finding, "line"), column = json_count(finding, "column");
    line = line <= UINT32_MAX ? line : 0;
    column = column <= UINT32_MAX ? column : 0;
    text_clean(out, str_of(*file ? file : strcmp(path, "-") == 0 ? "message" : path));
    if (line)
        buf_addf(out, ":%" PRIu64, line);
    if (line && column)
        buf_addf(out, ":%" PRIu64, column);
    buf_add_text(out, ": ");
    text_clean(out, str_of(json_text(finding, "severity")));
    buf_add_text(out, ": ");
    text_clean(out, str_of(json_text(finding, "text")));
    buf_add_byte(out, '\n');
    if (line && !*file)
        excerpt_add(out, text, (unsigned)line, (unsigned)column);
}

void message_check_say(struct buf *out, const char *path, struct str text, const json_t *answer)
{
    const json_t *findings = json_object_get(answer, "findings");
    uint64_t errors = json_count(answer, "errors"), warnings = json_count(answer, "warnings");
    size_t i;
    json_t *finding;
    json_array_foreach(findings, i, finding)
    {
        say_finding(out, path, text, finding);
    }
    if (errors + warnings > json_array_size(findings))
        buf_add_text(out, "There is more to say: this is the beginning. ");
    if (errors + warnings == 0) {
        buf_add_text(out, "Nothing is wrong with it.\n");
        return;
    }
    text_count(out, errors, "error", "errors");
    buf_add_text(out, ", ");
    text_count(out, warnings, "warning", "warnings");
    buf_add_text(out, errors ? ": it cannot be sent like this.\n" : ": it can be sent.\n");
}

static int print(struct cli *cli, const char *path, struct str text, json_t *answer)
{
    struct buf out = BUF_INIT;
    int status = json_count(answer, "errors") ? CLI_FAILED : CLI_OK;
    if (cli->json) {
        json_print(answer);
    } else {
        message_check_say(&out, path, text, answer);
        fputs(out.at, stdout);
    }
    buf_release(&out);
    json_decref(answer);
    return status;
}

static int check(struct cli *cli, const char *path, const char *identity, struct str text)
{
    json_t *body, *answer;
    int status = message_file_body(cli, path, text, &body);
    if (status != CLI_OK)
        return status;
    body_set_text(body, "identity", identity);
    char *json = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    status = ask_post(cli, "/v1/messages/check", str_of(json), &answer);
    free(json);
    return status == CLI_OK ? print(cli, path, text, answer) : status;
}

int message_check_run(struct cli *cli, const char *path, const char *identity)
{
    struct buf text = BUF_INIT;
    int status = message_file_read(cli, path, &text);
    if (status == CLI_OK)
        status = check(cli, path, identity, buf_str(&text));
    buf_release(&text);
    return status;
}
