/*
 * tocsind: starts the rooms, joins them, stops them. The order of starting is the order of the
 * floors; the order of stopping is the path of a message, so that nothing is dropped on the way:
 * the API takes no more, delivery finishes what is on the wire, the writer commits, the store
 * closes.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "campaign/campaign.h"
#include "compose/composers.h"
#include "config/builtin.h"
#include "config/config.h"
#include "delivery/delivery.h"
#include "delivery/recovery.h"
#include "loop/signals.h"
#include "store/check.h"
#include "store/health.h"
#include "store/journal.h"
#include "store/store.h"

enum { LOG_FLUSH_MS = 100, CLOCK_LOOK_FLUSHES = 10, API_GRACE_MS = 2000 };

struct daemon {
    const char *config_path;
    struct config *config;   /* of the start: what needs a restart stays as it says */
    struct config *in_force; /* the last one that was taken over */
    struct token_key tokens;
    struct store *store;
    struct composers *composers;
    struct delivery *delivery;
    int64_t last_sent; /* by the daemon before this one */
    struct campaign *campaign;
    struct api *api;
    struct loop front;
    struct signals signals;
    struct timer flush;
    unsigned flushes;
    struct clock_watch clock;
    bool stopping;
};

/* systemd's readiness protocol: one datagram to $NOTIFY_SOCKET (sd_notify(3)). */
static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || !*path || strlen(path) >= sizeof(to.sun_path))
        return;
    memcpy(to.sun_path, path, strlen(path));
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, size) < 0)
        log_say(LOG_WARN, "notify_failed", "The service manager could not be told \"%s\": %s.",
                state, strerror(errno));
    close(fd);
}

/* glibc gives each thread arenas of its own, up to eight times the cores, and keeps what is freed
 * in them: a few are enough here, and the memory of a burst goes back. */
static void bound_malloc(void)
{
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}

/* Waiting is by the steady clock (base/clock.h), so nothing hangs on it; but who reads times should
 * know. */
static void look_at_clock(struct daemon *d)
{
    int64_t jump = clock_watch_look(&d->clock);
    if (jump != 0)
        log_say(LOG_WARN, "clock_jumped",
                "The system's clock was set %lld s %s. Nothing expires and nothing is sent earlier "
                "or later for that; the times of attempts go on as the clock was at the start, "
                "until tocsind is started again.",
                (long long)(jump < 0 ? -jump : jump), jump < 0 ? "back" : "forward");
}

static void on_flush(void *ctx)
{
    struct daemon *d = ctx;
    log_flush();
    if (++d->flushes % CLOCK_LOOK_FLUSHES == 0)
        look_at_clock(d);
    timer_start(&d->flush, LOG_FLUSH_MS);
}

static void on_offer(void *ctx, struct mailing *mailing, const uint32_t *domains, size_t count)
{
    struct daemon *d = ctx;
    delivery_offer(d->delivery, mailing, domains, count);
}

static void on_committed(void *ctx, const struct outcome *outcomes, size_t count,
                         const struct outcome_sums *sums, size_t sum_count)
{
    struct daemon *d = ctx;
    campaign_committed(d->campaign, outcomes, count, sums, sum_count);
}

/* Beside its connections the daemon itself needs some, and those that it keeps free. */
static void compare_descriptors(const struct config *config)
{
    enum { OWN = 64 };
    uint64_t limit = descriptors_limit(), connections = delivery_connections_max(config);
    uint64_t needed = connections + OWN + descriptors_kept(limit);
    if (limit >= needed)
        return;
    log_say(LOG_WARN, "descriptors_few",
            "The configuration allows %llu connections, which takes %llu file descriptors, and the "
            "limit is %llu: not all will be opened. Raise LimitNOFILE= in the unit, or lower "
            "site.connections.",
            (unsigned long long)connections, (unsigned long long)needed, (unsigned long long)limit);
}

static struct config *load_config(const char *path)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct config *config = config_load(path, &errors);
    if (!config)
        fprintf(stderr, "%s", errors.text.at ? errors.text.at : "");
    config_errors_release(&errors);
    return config;
}

/* What `--check` looks at beyond the file itself: the keys that it names. */
static int check_keys(struct config *config, const struct token_key *tokens, struct err *err)
{
    struct senders *senders = senders_new(config, tokens, err);
    senders_unref(senders);
    return senders ? 0 : -1;
}

static int open_store(struct daemon *d, struct err *err)
{
    const struct config *c = d->config;
    char path[4096];
    struct store_options options = {.dir = c->data_dir.at,
                                    .map_size = c->store.map_size,
                                    .commit_interval_ms = c->store.commit_interval_ms,
                                    .commit_records = c->store.commit_records,
                                    .min_free = c->store.min_free};
    d->store = store_open(&options, err);
    if (!d->store)
        return -1;
    snprintf(path, sizeof(path), "%s/token.key", c->data_dir.at);
    return token_key_load(path, &d->tokens, err);
}

static int start_composers(struct daemon *d, struct err *err)
{
    struct senders *senders = senders_new(d->config, &d->tokens, err);
    if (!senders)
        return -1;
    d->composers = composers_new(d->store, d->config->threads.composers, senders, err);
    senders_unref(senders);
    return d->composers ? 0 : -1;
}

static int start_sending(struct daemon *d, struct err *err)
{
    struct delivery_hooks delivery_hooks = {.ctx = d, .committed = on_committed};
    struct campaign_hooks campaign_hooks = {.ctx = d, .offer = on_offer};
    d->campaign = campaign_new(d->store, d->composers, &d->front, &campaign_hooks);
    d->delivery =
        delivery_new(d->store, d->composers, d->config, d->last_sent, &delivery_hooks, err);
    return d->delivery ? 0 : -1;
}

static int start_api(struct daemon *d, struct err *err)
{
    struct api_parts parts = {.front = &d->front,
                              .store = d->store,
                              .campaign = d->campaign,
                              .delivery = d->delivery,
                              .composers = d->composers,
                              .config = d->config};
    d->api = api_new(&parts, err);
    return d->api ? 0 : -1;
}

static void close_front(struct daemon *d)
{
    signals_close(&d->signals);
    timer_stop(&d->flush);
}

static void on_api_closed(void *ctx)
{
    struct daemon *d = ctx;
    close_front(d);
    loop_stop(&d->front);
}

static void begin_stop(struct daemon *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    notify("STOPPING=1");
    log_say(LOG_INFO, "stopping", "No new work is taken; what is on the wire may finish.");
    campaign_stop(d->campaign);
    api_close(d->api, API_GRACE_MS, on_api_closed, d);
}

static int use_log(const struct config *config, struct err *err)
{
    return log_open(config->log.file.at, config->log.level, err);
}

/* All or nothing: what can fail comes before what cannot, and the log goes back to where it was. */
static int apply_config(struct daemon *d, struct config *fresh, struct err *err)
{
    struct err ignored;
    struct senders *senders = senders_new(fresh, &d->tokens, err);
    if (!senders)
        return -1;
    if (use_log(fresh, err) != 0) {
        senders_unref(senders);
        return -1;
    }
    if (delivery_reload(d->delivery, fresh, err) != 0) {
        use_log(d->in_force, &ignored);
        senders_unref(senders);
        return -1;
    }
    composers_use(d->composers, senders);
    senders_unref(senders);
    campaign_reload(d->campaign);
    store_set_min_free(d->store, fresh->store.min_free);
    compare_descriptors(fresh);
    config_unref(d->in_force);
    d->in_force = config_ref(fresh);
    return 0;
}

static void say_restart_needed(struct daemon *d, const struct config *fresh)
{
    struct buf text = BUF_INIT;
    config_diff_needs_restart(d->config, fresh, &text);
    for (struct str rest = buf_str(&text); rest.len;) {
        struct str line = str_cut(&rest, '\n');
        log_say(LOG_WARN, "reload_incomplete", "%.*s", STR_ARG(line));
    }
    buf_release(&text);
}

static void log_config_errors(const struct config_errors *errors)
{
    for (struct str rest = buf_str(&errors->text); rest.len;) {
        struct str line = str_cut(&rest, '\n');
        log_say(LOG_ERROR, "reload_refused", "%.*s", STR_ARG(line));
    }
}

/* A configuration with any error changes nothing. */
static void reload(struct daemon *d)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct err err;
    if (d->stopping)
        return;
    notify("RELOADING=1");
    struct config *fresh = config_load(d->config_path, &errors);
    if (!fresh) {
        log_config_errors(&errors);
    } else if (apply_config(d, fresh, &err) != 0) {
        log_say(LOG_ERROR, "reload_refused", "%s", err.text);
    } else {
        say_restart_needed(d, fresh);
        log_say(LOG_INFO, "reloaded", "The configuration %s is in force.", d->config_path);
    }
    config_unref(fresh);
    config_errors_release(&errors);
    notify("READY=1");
}

static void on_signal(void *ctx, int number)
{
    struct daemon *d = ctx;
    if (number == SIGHUP)
        reload(d);
    else
        begin_stop(d);
}

static int start_front(struct daemon *d, struct err *err)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    timer_init(&d->flush, &d->front, on_flush, d);
    timer_start(&d->flush, LOG_FLUSH_MS);
    if (signals_watch(&d->signals, &d->front, numbers, 3, on_signal, d, err) != 0)
        return -1;
    return start_api(d, err);
}

/* From the ground up; the API is last, so that nobody is served by half a daemon. */
static int start(struct daemon *d, struct err *err)
{
    if (use_log(d->config, err) != 0 || open_store(d, err) != 0)
        return -1;
    d->last_sent = journal_last_written(d->store);
    if (recovery_run(d->store, d->config, err) != 0 || start_composers(d, err) != 0 ||
        start_sending(d, err) != 0)
        return -1;
    if (campaign_start(d->campaign, err) != 0)
        return -1;
    compare_descriptors(d->config);
    return start_front(d, err);
}

/* The way of a message, from its end: see the top. Each step is fine with what was never started.
 */
static void finish(struct daemon *d)
{
    if (d->delivery)
        delivery_stop(d->delivery);
    composers_free(d->composers);
    store_close(d->store);
    loop_release(&d->front);
    delivery_free(d->delivery);
    campaign_free(d->campaign);
    config_unref(d->in_force);
    config_unref(d->config);
}

static int serve(struct daemon *d, struct err *err)
{
    if (start(d, err) != 0) {
        if (d->campaign)
            campaign_stop(d->campaign);
        close_front(d);
        finish(d);
        return -1;
    }
    log_say(LOG_INFO, "ready", "tocsind %s listens on %s.", TOCSIN_VERSION,
            d->config->control.socket.at);
    notify("READY=1");
    loop_run(&d->front);
    finish(d);
    log_say(LOG_INFO, "stopped", "Everything that was answered is written down.");
    return 0;
}

static int run(struct daemon *d)
{
    struct err err;
    d->in_force = config_ref(d->config);
    descriptors_raise();      /* each connection takes one: use all that we may have */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error to report, not the end */
    bound_malloc();
    int result = loop_init(&d->front, "front", &err);
    if (result == 0)
        result = serve(d, &err);
    log_close();
    if (result != 0)
        fprintf(stderr, "tocsind: %s\n", err.text);
    return result ? 1 : 0;
}

static int check(const char *path)
{
    struct config *config = load_config(path);
    struct token_key none = {{0}};
    struct err err;
    if (!config)
        return 1;
    int result = check_keys(config, &none, &err);
    if (result != 0)
        fprintf(stderr, "%s: %s\n", path, err.text);
    else
        printf("%s is fine.\n", path);
    config_unref(config);
    return result ? 1 : 0;
}

/* Whether the data folder is whole. It is only read: nothing of a daemon is started. */
static int check_data(const char *path)
{
    struct config *config = load_config(path);
    struct err err;
    if (!config)
        return 1;
    int result = store_check(config->data_dir.at, stdout, &err);
    if (result < 0)
        fprintf(stderr, "tocsind: %s\n", err.text);
    config_unref(config);
    return result ? 1 : 0;
}

static int print_options(void)
{
    struct buf text = BUF_INIT;
    config_print_options(&text);
    fwrite(text.at, 1, text.len, stdout);
    buf_release(&text);
    return 0;
}

static int print_providers(void)
{
    struct str text = builtin_providers();
    fwrite(text.at, 1, text.len, stdout);
    return 0;
}

static int usage(FILE *out)
{
    fputs("usage: tocsind --config FILE [--check | --check-data]\n"
          "       tocsind --options | --providers | --version | --help\n\n"
          "  --config FILE  run in the foreground with this configuration\n"
          "  --check        print every error of the configuration and exit (0: there is none)\n"
          "  --check-data   check the data folder while no tocsind runs, and exit (0: it is fine)\n"
          "  --options      print the manual of all configuration options, as Markdown\n"
          "  --providers    print the table of receivers and rules that ships\n\n"
          "SIGHUP reads the configuration again; SIGTERM finishes what is on the wire and stops.\n",
          out);
    return out == stderr ? 2 : 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"check-data", no_argument, NULL, 'd'},   {"options", no_argument, NULL, 'o'},
        {"providers", no_argument, NULL, 'p'},    {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct daemon daemon = {0};
    int (*only)(const char *config_path) = NULL;
    for (int option; (option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            daemon.config_path = optarg;
            break;
        case 'k':
            only = check;
            break;
        case 'd':
            only = check_data;
            break;
        case 'o':
            return print_options();
        case 'p':
            return print_providers();
        case 'V':
            printf("tocsind %s\n", TOCSIN_VERSION);
            return 0;
        default:
            return usage(option == 'h' ? stdout : stderr);
        }
    }
    if (!daemon.config_path || optind < argc)
        return usage(stderr);
    if (only)
        return only(daemon.config_path);
    daemon.config = load_config(daemon.config_path);
    return daemon.config ? run(&daemon) : 1;
}
