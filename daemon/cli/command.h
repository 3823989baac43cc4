/*
 * What a command of the program is: a row with its words, its options, its help and the function
 * that does it. Each command has a file of its own that defines its row; commands.c gathers them in
 * one table, from which come the parser (args.h), the help (help.h) and the dispatch (cli.h).
 */
#ifndef TOCSIN_CLI_COMMAND_H
#define TOCSIN_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct args;
struct cli;

/* Exit statuses: scripts rely on them. */
enum cli_status {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* the daemon refused, or the thing failed */
    CLI_USAGE = 2,     /* the words on the command line are wrong */
    CLI_NO_DAEMON = 3, /* nobody answers on the socket */
};

/* An option, "--name" or "--name VALUE". */
struct flag {
    const char *name;  /* without the dashes; NULL ends a list */
    const char *value; /* what the help calls its value; NULL: it has none */
    const char *help;
};

struct command {
    const char *group; /* "job"; NULL for a command of one word */
    const char *name;  /* "show" */
    const char *words; /* what follows, for the help: "ADDRESS [JOB]"; "" when nothing does */
    size_t words_min, words_max;
    const char *summary;      /* one line */
    const char *about;        /* more, in lines of at most 80 columns; NULL: no more to say */
    const struct flag *flags; /* of this command; NULL: none */

    /* Does it and returns the exit status; unless that is CLI_OK, cli->err may hold a sentence. */
    int (*run)(struct cli *cli, const struct args *args);
};

extern const struct command contacts_import_command, contacts_show_command, contacts_export_command,
    contacts_count_command, contacts_suppress_command, contacts_unsuppress_command,
    contacts_unsubscribe_command, contacts_resubscribe_command, contacts_consent_command,
    contacts_erase_command, list_list_command, counter_list_command, counter_show_command,
    counter_set_command, counter_add_command, counter_delete_command, send_command,
    job_list_command, job_show_command, job_watch_command, job_pause_command, job_resume_command,
    job_cancel_command, job_retry_command, job_recipients_command, why_command, site_list_command,
    site_show_command, site_suspend_command, site_resume_command, queue_command, status_command,
    check_command, backup_command, render_command, preview_command;

/* All of them, in the order of the help. */
extern const struct command *const commands[];
extern const size_t command_count;

/* Options that every command takes, anywhere on the line. */
extern const struct flag global_flags[];

/* The command of these words; NULL if there is none. `group` is NULL for a command of one word. */
const struct command *command_find(const char *group, const char *name);

/* True if some command is in a group of this name. */
bool command_group_exists(const char *group);

#endif
