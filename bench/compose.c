/*
 * What composing one copy costs, in one thread and without sending it: every contact of a daemon's
 * data folder (which must be stopped) gets a copy of the message, over and over.
 *
 *     bench/compose CONFIG MESSAGE [COPIES [AUDIENCE]]        100,000 copies by default
 *
 * With an audience, each copy is looked at for who left its lists; whom it selects does not matter.
 * A line each for copies in 7-bit, in 8-bit, and, where the first identity has keys, signed (a
 * twentieth as many): microseconds a copy (of this process, user and system), how often they called
 * the heap, and the size of the last one.
 */
#include <time.h>

#include "base/clock.h"
#include "heap_calls.h"
#include "campaign/reach.h"
#include "compose/compose.h"

struct bench {
    struct store *store;
    struct mailing *mailing;
    struct config *config;
    struct senders *senders;
    struct token_key tokens;
    struct composer composer;
    struct sheet sheet;
    struct copy copy;
};

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

/* How many of them are fit to be sent. */
static size_t compose_all(struct bench *b, unsigned long copies)
{
    size_t composed = 0;
    for (unsigned long i = 0; i < copies;) {
        struct txn txn;
        txn_begin(b->store, &txn);
        for (unsigned k = 0; k < 16 && i < copies; k++, i++) {
            uint64_t last = contact_count(&txn);
            int64_t now = clock_wall_s();
            b->copy.contact = last ? (uint32_t)(i % last) + 1 : 0;
            heap_calls.on = true;
            compose_copy(&b->composer, &txn, &b->copy, now);
            heap_calls.on = false;
            composed += b->copy.result == COPY_READY;
        }
        txn_end(&txn);
    }
    return composed;
}

static void measure(struct bench *b, const char *how, unsigned long copies)
{
    compose_all(b, 1000);
    heap_calls.count = 0;
    double before = cpu_us();
    size_t composed = compose_all(b, copies);
    double each = (cpu_us() - before) / (double)copies;
    printf("%s: %.2f us a copy; %lu heap calls; %zu of %lu composed; %zu bytes\n", how, each,
           heap_calls.count, composed, copies, b->sheet.head.len + b->sheet.body.len);
    if (composed < copies)
        printf("the last that was not: %s\n", b->copy.why.text);
}

/* The composer works for the identities of the configuration, with or without their keys. */
static int use_senders(struct bench *b, bool keys, struct err *err)
{
    struct identity *identity = &b->config->identities[0];
    size_t key_count = identity->dkim_count;
    identity->dkim_count = keys ? key_count : 0;
    struct senders *senders = senders_new(b->config, &b->tokens, err);
    identity->dkim_count = key_count;
    if (!senders || composer_use(&b->composer, senders, err) != 0)
        return -1;
    senders_unref(b->senders);
    b->senders = senders;
    return 0;
}

static int measure_all(struct bench *b, unsigned long copies, struct err *err)
{
    if (use_senders(b, false, err) != 0)
        return -1;
    printf("%zu tracked links\n", b->mailing->message->link_count);
    measure(b, "7-bit", copies);
    b->copy.may_be_8bit = true;
    measure(b, "8-bit", copies);
    if (b->config->identities[0].dkim_count == 0)
        return 0;
    if (use_senders(b, true, err) != 0)
        return -1;
    measure(b, "signed", copies / 20 + 1);
    return 0;
}

static void release(struct bench *b)
{
    composer_release(&b->composer);
    senders_unref(b->senders);
    mailing_unref(b->mailing);
    struct buf *all[] = {&b->sheet.head, &b->sheet.body, &b->copy.sender, &b->copy.recipient};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_release(all[i]);
    store_close(b->store);
    config_unref(b->config);
}

static int run(struct bench *b, const char *message_path, unsigned long copies,
               const char *audience, struct err *err)
{
    b->store = open_store(b->config, &b->tokens, err);
    b->mailing = b->store ? open_mailing(message_path, err) : NULL;
    if (!b->mailing || (audience && set_audience(b->store, b->mailing, audience, err) != 0))
        return -1;
    b->copy = (struct copy){.mailing = b->mailing, .sheet = &b->sheet};
    mailing_turn(b->mailing, GATE_OPEN);
    return measure_all(b, copies, err);
}

int main(int argc, char **argv)
{
    struct err err = {""};
    if (argc < 3) {
        fprintf(stderr, "usage: compose CONFIG MESSAGE [COPIES [AUDIENCE]]\n");
        return 2;
    }
    struct config_errors errors = {0};
    struct bench b = {.config = config_load(argv[1], &errors)};
    if (!b.config) {
        fprintf(stderr, "%s is no configuration.\n", argv[1]);
        return 1;
    }
    composer_init(&b.composer);
    unsigned long copies = argc > 3 ? strtoul(argv[3], NULL, 10) : 100000;
    int result = run(&b, argv[2], copies, argc > 4 ? argv[4] : NULL, &err);
    if (result != 0)
        fprintf(stderr, "%s\n", err.text);
    release(&b);
    return result == 0 ? 0 : 1;
}
