#include "cli/command.h"

#include <string.h>

const struct command *const commands[] = {
    &contacts_import_command,
    &contacts_show_command,
    &contacts_export_command,
    &contacts_count_command,
    &contacts_suppress_command,
    &contacts_unsuppress_command,
    &contacts_unsubscribe_command,
    &contacts_resubscribe_command,
    &contacts_consent_command,
    &contacts_erase_command,
    &list_list_command,
    &counter_list_command,
    &counter_show_command,
    &counter_set_command,
    &counter_add_command,
    &counter_delete_command,
    &preview_command,
    &send_command,
    &job_list_command,
    &job_show_command,
    &job_watch_command,
    &job_pause_command,
    &job_resume_command,
    &job_cancel_command,
    &job_retry_command,
    &job_recipients_command,
    &why_command,
    &site_list_command,
    &site_show_command,
    &site_suspend_command,
    &site_resume_command,
    &queue_command,
    &status_command,
    &check_command,
    &backup_command,
    &render_command,
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct flag global_flags[] = {
    {"socket", "PATH", "The daemon's control socket"},
    {"json", NULL, "Print JSON instead of text for people"},
    {"help", NULL, "Explain the command"},
    {"version", NULL, "Print the program's version"},
    {NULL, NULL, NULL},
};

const struct command *command_find(const char *group, const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = commands[i];
        if (strcmp(c->group ? c->group : "", group ? group : "") == 0 && strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

bool command_group_exists(const char *group)
{
    for (size_t i = 0; i < command_count; i++)
        if (commands[i]->group && strcmp(commands[i]->group, group) == 0)
            return true;
    return false;
}
