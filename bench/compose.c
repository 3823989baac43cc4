/*
 * What composing one copy costs, in one thread and without sending it: every contact of a daemon's
 * data folder (which must be stopped) gets a copy of the message, over and over.
 *
 *     bench/compose CONFIG MESSAGE [COPIES [AUDIENCE]]        100,000 copies by default
 *
 * With an audience, each copy is looked at for who left its lists; whom it selects does not matter.
 * Prints microseconds a copy (of this process, user and system) and the size of the last copy.
 */
#include <time.h>

#include "base/clock.h"
#include "campaign/reach.h"
#include "compose/compose.h"

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct store *open_store(const struct config *config, struct token_key *tokens,
                                struct err *err)
{
    char path[4096];
    struct store_options options = {.dir = config->data_dir.at,
                                    .map_size = config->store.map_size,
                                    .commit_interval_ms = config->store.commit_interval_ms,
                                    .commit_records = config->store.commit_records};
    snprintf(path, sizeof(path), "%s/token.key", config->data_dir.at);
    return token_key_load(path, tokens, err) == 0 ? store_open(&options, err) : NULL;
}

static struct mailing *open_mailing(const char *path, struct err *err)
{
    struct buf text = BUF_INIT;
    struct job_record job = {.id = 1, .lane = LANE_BULK, .name = STR("bench"), .message = {1, 1}};
    FILE *file = fopen(path, "rbe");
    if (!file) {
        err_set(err, "%s cannot be opened.", path);
        return NULL;
    }
    for (size_t n = 1; n > 0;) {
        char *at = buf_reserve(&text, 4096);
        n = fread(at, 1, 4096, file);
        text.len += n;
    }
    fclose(file);
    struct message *message = message_compile(buf_str(&text), err);
    buf_release(&text);
    return message ? mailing_new(&job, message) : NULL;
}

static int set_audience(struct store *store, struct mailing *mailing, const char *text,
                        struct err *err)
{
    struct segment segment;
    struct txn txn;
    if (segment_parse(str_of(text), &segment, err) != 0)
        return -1;
    txn_begin(store, &txn);
    mailing->audience = reach_take(&txn, &segment);
    txn_end(&txn);
    return 0;
}

static size_t compose_all(struct store *store, struct composer *composer, struct copy *copy,
                          unsigned long copies)
{
    size_t composed = 0;
    for (unsigned long i = 0; i < copies;) {
        struct txn txn;
        txn_begin(store, &txn);
        for (unsigned k = 0; k < 16 && i < copies; k++, i++) {
            uint64_t last = contact_count(&txn);
            copy->contact = last ? (uint32_t)(i % last) + 1 : 0;
            compose_copy(composer, &txn, copy, clock_wall_s());
            composed += copy->result == COPY_READY;
        }
        txn_end(&txn);
    }
    return composed;
}

static int run(const char *config_path, const char *message_path, unsigned long copies,
               const char *audience, struct err *err)
{
    struct config_errors errors = {0};
    struct config *config = config_load(config_path, &errors);
    struct token_key tokens;
    struct store *store = config ? open_store(config, &tokens, err) : NULL;
    struct mailing *mailing = store ? open_mailing(message_path, err) : NULL;
    struct senders *senders = mailing ? senders_new(config, &tokens, err) : NULL;
    if (!config)
        err_set(err, "%s is no configuration.", config_path);
    if (!senders || (audience && set_audience(store, mailing, audience, err) != 0))
        return -1;
    struct composer composer;
    struct sheet sheet = {0};
    struct copy copy = {.mailing = mailing, .sheet = &sheet};
    composer_init(&composer);
    composer_use(&composer, senders, err);
    mailing_turn(mailing, GATE_OPEN);
    compose_all(store, &composer, &copy, 1000);
    double before = cpu_us();
    size_t composed = compose_all(store, &composer, &copy, copies);
    printf("%.2f us a copy; %zu of %lu composed; %zu bytes\n", (cpu_us() - before) / (double)copies,
           composed, copies, sheet.head.len + sheet.body.len);
    composer_release(&composer);
    store_close(store);
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = {""};
    if (argc < 3) {
        fprintf(stderr, "usage: compose CONFIG MESSAGE [COPIES]\n");
        return 2;
    }
    unsigned long copies = argc > 3 ? strtoul(argv[3], NULL, 10) : 100000;
    if (run(argv[1], argv[2], copies, argc > 4 ? argv[4] : NULL, &err) == 0)
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
