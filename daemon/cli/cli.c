#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/term.h"
#include "cli/text.h"

static const char system_socket[] = "/run/tocsin/control.sock";
static const char near_socket[] = "control.sock";

int cli_fail(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(cli->err.text, sizeof(cli->err.text), format, args);
    va_end(args);
    return CLI_FAILED;
}

int cli_usage(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(cli->err.text, sizeof(cli->err.text), format, args);
    va_end(args);
    return CLI_USAGE;
}

static const char *choose_socket(const struct args *args)
{
    const char *from_environment = getenv("TOCSIN_SOCKET");
    if (args->socket)
        return args->socket;
    if (from_environment && *from_environment)
        return from_environment;
    return access(near_socket, F_OK) == 0 ? near_socket : system_socket;
}

/* The sentence may quote what the daemon or the command line said: nothing in it moves the cursor.
 */
static void print_sentence(const struct err *err)
{
    struct buf line = BUF_INIT;
    text_clean(&line, str_of(err->text));
    buf_add_byte(&line, '\n');
    fputs(line.at, stderr);
    buf_release(&line);
}

static int print_help(const struct args *args)
{
    struct buf out = BUF_INIT;
    help_add(&out, args);
    fputs(out.at, stdout);
    buf_release(&out);
    return CLI_OK;
}

static int print_version(void)
{
    puts("tocsin " TOCSIN_VERSION);
    return CLI_OK;
}

static int run(struct cli *cli, const struct args *args)
{
    if (args->help)
        return print_help(args);
    if (args->version)
        return print_version();
    return args->command->run(cli, args);
}

int cli_main(int argc, char *const *argv)
{
    struct cli cli = {0};
    static struct args args;
    int status;
    term_set_locale();
    cli.terminal = term_is_live(STDOUT_FILENO);
    cli.utf8 = term_is_utf8();
    if (args_parse(&args, argc, argv, &cli.err) != 0) {
        status = CLI_USAGE;
    } else {
        cli.json = args.json;
        cli.socket = choose_socket(&args);
        status = run(&cli, &args);
    }
    http_client_free(cli.client);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK)
        status = cli_fail(&cli, "The output could not be written whole: is the disk full?");
    if (status != CLI_OK && cli.err.text[0])
        print_sentence(&cli.err);
    return status;
}
