/*
 * Any text as a message that is looked over: errors are found exactly when it could not be sent,
 * every remark is a sentence, and those about the message stand at a place that it has.
 */
#include <assert.h>
#include <unistd.h>

#include "compose/enclose.h"
#include "compose/inspect.h"
#include "compose/message.h"
#include "config/config.h"

static struct store *store;
static struct senders *senders;

static void open_senders(const char *folder)
{
    static const struct str text = STR(
        "data_dir = \"data\"\n"
        "control { socket = \"control.sock\" }\n"
        "identity \"example\" { domain = \"send.example\" from = \"Example <a@send.example>\" }\n"
        "source \"local\" { ehlo = \"mail.send.example\" }\n");
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct token_key key = {{7}};
    struct err err;
    struct config *config = config_load_text(text, "test.conf", folder, &errors);
    assert(config);
    senders = senders_new(config, &key, &err);
    assert(senders);
    config_unref(config);
    config_errors_release(&errors);
}

/* Files that are open stay when their folder is gone: nothing is left behind. */
static void set_up(void)
{
    char folder[] = "/tmp/tocsin-fuzz-XXXXXX", path[64], command[64];
    struct err err;
    if (store)
        return;
    assert(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/data", folder);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    struct store_options options = {
        .dir = path, .map_size = 16 << 20, .commit_interval_ms = 1, .commit_records = 1000};
    store = store_open(&options, &err);
    assert(store);
    open_senders(folder);
    assert(system(command) == 0);
}

static bool can_be_sent(struct str source)
{
    struct buf bundle = BUF_INIT;
    struct err err;
    struct message *message = NULL;
    if (enclose(source, senders->library, &bundle, &err) == 0)
        message = message_compile(buf_str(&bundle), &err);
    message_free(message);
    buf_release(&bundle);
    return message != NULL;
}

static void check_place(struct str text, const struct place *place)
{
    size_t length = 0;
    struct str line = STR("");
    assert(place->line || !place->column);
    for (unsigned n = 0; n < place->line; n++) {
        assert(text.at);
        line = str_cut(&text, '\n');
    }
    for (size_t i = 0; i < line.len; i++)
        length += ((unsigned char)line.at[i] & 0xC0) != 0x80;
    assert(place->column <= length + 1);
}

static void check(struct str text, const struct remarks *remarks)
{
    assert(remarks->count <= REMARKS_MAX);
    assert(remarks->errors + remarks->warnings >= remarks->count);
    for (size_t i = 0; i < remarks->count; i++) {
        const struct remark *r = &remarks->all[i];
        assert(r->text.len > 0 && !(r->text.at[0] >= 'a' && r->text.at[0] <= 'z'));
        if (r->place.file.len == 0)
            check_place(text, &r->place);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    struct txn txn;
    if (!str_is_utf8(text) || (size && data[0] == 1))
        return 0; /* JSON carries no other; and a bundle is no text */
    set_up();
    struct remarks *remarks = calloc(1, sizeof(*remarks));
    assert(remarks && txn_begin(store, &txn) == 0);
    struct inspection inspection = {
        .txn = &txn, .senders = senders, .source = text, .now = 1700000000};
    remarks_init(remarks);
    message_inspect(&inspection, remarks);
    txn_end(&txn);
    check(text, remarks);
    assert((remarks->errors == 0) == can_be_sent(text));
    remarks_release(remarks);
    free(remarks);
    return 0;
}
