#include "sink/options.h"

#include <getopt.h>
#include <limits.h>

#include "words.h"

static const char help[] =
    "Usage: sink [OPTION...]\n"
    "A fast SMTP receiver for tests: it takes messages, counts and logs them, and can misbehave.\n"
    "\n"
    "  --listen HOST:PORT     default 127.0.0.1:2525; port 0 takes a free one. The first line of\n"
    "                         output is `listening HOST:PORT`\n"
    "  --threads N            default 1\n"
    "  --tls CERT KEY         offer STARTTLS with these PEM files\n"
    "  --self-signed          offer STARTTLS with a certificate made at start\n"
    "  --no-pipelining --no-chunking --no-starttls --no-smtputf8 --no-8bitmime\n"
    "                         do not offer it\n"
    "  --log FILE             a line for each message: mail-from rcpt-to[,rcpt-to] message-id "
    "bytes\n"
    "                         sha256 tls connection time; `%` starts a byte in hex\n"
    "  --strict               lines `FAULT connection sentence` for what the client does wrong;\n"
    "                         without it messages are not looked at as text\n"
    "  --hash                 the SHA-256 of each message in the log, else `-`\n"
    "  --keep DIR             write messages to DIR/NNNNNN.eml\n"
    "  --keep-every N         only each Nth\n"
    "  --delay MS             hold replies back, as a long way does\n"
    "  --max-messages-per-connection N\n"
    "                         then 421\n"
    "  --fault KIND[:PERCENT[:DETAIL]]\n"
    "                         may be repeated. KIND is STAGE-CODE, STAGE-close, STAGE-stall or\n"
    "                         STAGE-garbage with STAGE banner, ehlo, starttls, mail, rcpt, bdat\n"
    "                         (not known), overlap (MAIL before the last answers left), pipeline\n"
    "                         (RCPT before MAIL's left), go-ahead (instead of 354), body or data\n"
    "                         (the answer to a message); or\n"
    "                         greet-close, starttls-fail, stall, garbage, close-mid-body,\n"
    "                         drop-before-log, drop-after-log. DETAIL is the reply's text\n"
    "  --seed N               for what faults strike; default 1\n"
    "  --defer-times N        how often the limited words below hold for an address; default 1\n"
    "\n"
    "Local parts that begin with one of these words, and then no letter, get: bounce 550 to RCPT,\n"
    "spam 554 to the message; limited: defer 450 to RCPT, late 451 to the message, drop a close\n"
    "before and lost a close after the message was logged, hang no answer to the message.\n";

enum {
    OPT_LISTEN = 256,
    OPT_THREADS,
    OPT_TLS,
    OPT_SELF_SIGNED,
    OPT_NO_PIPELINING,
    OPT_NO_CHUNKING,
    OPT_NO_STARTTLS,
    OPT_NO_SMTPUTF8,
    OPT_NO_8BITMIME,
    OPT_LOG,
    OPT_STRICT,
    OPT_HASH,
    OPT_KEEP,
    OPT_KEEP_EVERY,
    OPT_DELAY,
    OPT_MAX_MESSAGES,
    OPT_FAULT,
    OPT_SEED,
    OPT_DEFER_TIMES,
    OPT_HELP
};

static const struct option known[] = {
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"tls", required_argument, NULL, OPT_TLS},
    {"self-signed", no_argument, NULL, OPT_SELF_SIGNED},
    {"no-pipelining", no_argument, NULL, OPT_NO_PIPELINING},
    {"no-chunking", no_argument, NULL, OPT_NO_CHUNKING},
    {"no-starttls", no_argument, NULL, OPT_NO_STARTTLS},
    {"no-smtputf8", no_argument, NULL, OPT_NO_SMTPUTF8},
    {"no-8bitmime", no_argument, NULL, OPT_NO_8BITMIME},
    {"log", required_argument, NULL, OPT_LOG},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"hash", no_argument, NULL, OPT_HASH},
    {"keep", required_argument, NULL, OPT_KEEP},
    {"keep-every", required_argument, NULL, OPT_KEEP_EVERY},
    {"delay", required_argument, NULL, OPT_DELAY},
    {"max-messages-per-connection", required_argument, NULL, OPT_MAX_MESSAGES},
    {"fault", required_argument, NULL, OPT_FAULT},
    {"seed", required_argument, NULL, OPT_SEED},
    {"defer-times", required_argument, NULL, OPT_DEFER_TIMES},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int parse_seed(struct options *o, const char *text, struct err *err)
{
    if (!str_to_u64(str_of(text), &o->faults.seed))
        return err_set(err, "--seed needs a number, not '%s'.", text);
    return 0;
}

static void apply_switch(struct options *o, int option)
{
    o->self_signed |= option == OPT_SELF_SIGNED;
    o->no_pipelining |= option == OPT_NO_PIPELINING;
    o->no_chunking |= option == OPT_NO_CHUNKING;
    o->no_starttls |= option == OPT_NO_STARTTLS;
    o->no_smtputf8 |= option == OPT_NO_SMTPUTF8;
    o->no_8bitmime |= option == OPT_NO_8BITMIME;
    o->strict |= option == OPT_STRICT;
    o->digest |= option == OPT_HASH;
}

static int apply_value(struct options *o, int option, const char *value, struct err *err)
{
    switch (option) {
    case OPT_LISTEN:
        return words_place("--listen", value, 0, o->host, &o->port, err);
    case OPT_THREADS:
        return words_number(value, 1, 64, &o->threads, err);
    case OPT_LOG:
        o->log = value;
        return 0;
    case OPT_KEEP:
        o->keep = value;
        return 0;
    case OPT_KEEP_EVERY:
        return words_number(value, 1, UINT_MAX, &o->keep_every, err);
    case OPT_DELAY:
        return words_number(value, 0, 600000, &o->delay_ms, err);
    case OPT_MAX_MESSAGES:
        return words_number(value, 0, UINT_MAX, &o->max_messages, err);
    case OPT_FAULT:
        return faults_add(&o->faults, value, err);
    case OPT_SEED:
        return parse_seed(o, value, err);
    case OPT_DEFER_TIMES:
        return words_number(value, 0, UINT_MAX, &o->defer_times, err);
    default:
        apply_switch(o, option);
        return 0;
    }
}

/* `--tls CERT KEY`: the second value is the next word, which getopt has not looked at yet. */
static int take_tls(struct options *o, int argc, char **argv, struct err *err)
{
    if (optind >= argc)
        return err_set(err, "--tls needs two files: the certificate and its key.");
    o->certificate = optarg;
    o->key = argv[optind++];
    return 0;
}

enum options_result options_parse(struct options *o, int argc, char **argv, struct err *err)
{
    int option;
    *o = (struct options){.host = "127.0.0.1",
                          .port = 2525,
                          .threads = 1,
                          .keep_every = 1,
                          .defer_times = 1,
                          .faults = {.seed = 1}};
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1) {
        if (option == OPT_HELP)
            return OPTIONS_HELP;
        if (option == '?') {
            err_set(err, "Option '%s' is unknown or lacks its value.", argv[optind - 1]);
            return OPTIONS_WRONG;
        }
        if (option == OPT_TLS ? take_tls(o, argc, argv, err) : apply_value(o, option, optarg, err))
            return OPTIONS_WRONG;
    }
    if (optind < argc) {
        err_set(err, "'%s' is one word too many.", argv[optind]);
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

void options_help(void)
{
    fputs(help, stdout);
}
