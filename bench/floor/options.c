#include "floor/options.h"

#include <getopt.h>

#include "base/str.h"
#include "words.h"

/* As many as eight digits in the recipient's address can tell apart. */
enum { COUNT_MAX = 99999999, SIZE_MIN = 512, SIZE_MAX_OCTETS = 64 * 1024 * 1024 };

static const char help[] =
    "Usage: floor --to HOST:PORT --count N [OPTION...]\n"
    "What the machine allows: sends one message that is ready again and again over connections "
    "that\n"
    "are open, each transaction as MAIL, RCPT, BDAT LAST and the message in one flight. A sender "
    "is\n"
    "compared with it.\n"
    "\n"
    "  --to HOST:PORT        an IPv4 address; the receiver must offer PIPELINING and CHUNKING\n"
    "  --count N             messages, each to a recipient of its own: userNNNNNNNN@floor.example\n"
    "  --size OCTETS         of the message, lines of text; default 20480\n"
    "  --message FILE        send this message, which has CRLF at the end of each line\n"
    "  --connections N       default 20\n"
    "  --in-flight N         transactions on a connection that have no answer yet; default 1\n"
    "  --clear               no TLS\n"
    "  --sign KEY.pem        RSA or Ed25519: for each message the SHA-256 of its body and one\n"
    "                        signature, written into a DKIM-Signature header in front of the\n"
    "                        message. Nothing else is done (no canonical form, no hash of the\n"
    "                        header), so it is what a signature costs and does not verify\n"
    "  --threads N           default 1; connections and messages are shared out\n"
    "\n"
    "Connections are opened and secured before the clock starts. The result is one line of JSON:\n"
    "  messages, seconds, per_second; cpu_us: user and system time of this process for each "
    "message;\n"
    "  bytes: commands and messages, before TLS; handshakes: of TLS, before the clock started.\n";

enum {
    OPT_TO = 256,
    OPT_COUNT,
    OPT_SIZE,
    OPT_MESSAGE,
    OPT_CONNECTIONS,
    OPT_IN_FLIGHT,
    OPT_CLEAR,
    OPT_SIGN,
    OPT_THREADS,
    OPT_HELP
};

static const struct option known[] = {
    {"to", required_argument, NULL, OPT_TO},
    {"count", required_argument, NULL, OPT_COUNT},
    {"size", required_argument, NULL, OPT_SIZE},
    {"message", required_argument, NULL, OPT_MESSAGE},
    {"connections", required_argument, NULL, OPT_CONNECTIONS},
    {"in-flight", required_argument, NULL, OPT_IN_FLIGHT},
    {"clear", no_argument, NULL, OPT_CLEAR},
    {"sign", required_argument, NULL, OPT_SIGN},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int apply(struct options *o, int option, const char *value, struct err *err)
{
    switch (option) {
    case OPT_TO:
        return words_place("--to", value, 1, o->host, &o->port, err);
    case OPT_COUNT:
        return words_number(value, 1, COUNT_MAX, &o->count, err);
    case OPT_SIZE:
        return words_number(value, SIZE_MIN, SIZE_MAX_OCTETS, &o->size, err);
    case OPT_CONNECTIONS:
        return words_number(value, 1, 10000, &o->connections, err);
    case OPT_IN_FLIGHT:
        return words_number(value, 1, 1000, &o->in_flight, err);
    case OPT_THREADS:
        return words_number(value, 1, 64, &o->threads, err);
    case OPT_MESSAGE:
        o->message = value;
        return 0;
    case OPT_SIGN:
        o->key = value;
        return 0;
    default:
        o->clear = true;
        return 0;
    }
}

static int check(const struct options *o, struct err *err)
{
    if (o->port == 0)
        return err_set(err, "--to HOST:PORT is missing: where the receiver listens.");
    if (o->count == 0)
        return err_set(err, "--count N is missing: how many messages to send.");
    if (o->threads > o->connections)
        return err_set(err, "%u threads need at least as many connections, not %u.", o->threads,
                       o->connections);
    return 0;
}

enum options_result options_parse(struct options *o, int argc, char **argv, struct err *err)
{
    int option;
    *o = (struct options){.size = 20480, .connections = 20, .in_flight = 1, .threads = 1};
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1) {
        if (option == OPT_HELP)
            return OPTIONS_HELP;
        if (option == '?') {
            err_set(err, "Option '%s' is unknown or lacks its value.", argv[optind - 1]);
            return OPTIONS_WRONG;
        }
        if (apply(o, option, optarg, err))
            return OPTIONS_WRONG;
    }
    if (optind < argc) {
        err_set(err, "'%s' is one word too many.", argv[optind]);
        return OPTIONS_WRONG;
    }
    return check(o, err) ? OPTIONS_WRONG : OPTIONS_RUN;
}

void options_help(void)
{
    fputs(help, stdout);
}
