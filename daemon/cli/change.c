#include "cli/change.h"

#include "cli/ask.h"
#include "cli/text.h"

static void print_done(const struct contact_change *change)
{
    struct buf line = BUF_INIT;
    text_clean(&line, str_of(change->address));
    buf_addf(&line, " %s", change->what);
    if (change->named) {
        buf_add_text(&line, " \"");
        text_clean(&line, str_of(change->named));
        buf_add_byte(&line, '"');
    }
    buf_add_byte(&line, '.');
    puts(line.at);
    buf_release(&line);
}

int contact_change_run(struct cli *cli, const struct contact_change *change)
{
    struct buf target = BUF_INIT;
    json_t *answer;
    target_add(&target, "/v1/contacts/", change->address);
    buf_addf(&target, "/%s", change->verb);
    if (change->param) {
        buf_addf(&target, "?%s", change->param);
        target_add(&target, "=", change->value);
    }
    int status = ask_post(cli, target.at, STR(""), &answer);
    buf_release(&target);
    if (status != CLI_OK)
        return status;
    if (cli->json)
        json_print(answer);
    else
        print_done(change);
    json_decref(answer);
    return CLI_OK;
}
