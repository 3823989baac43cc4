#include "config/values.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

typedef int value_parse_fn(const struct option *option, struct str text,
                           const struct value_context *context, struct value *value,
                           struct err *err);
typedef void value_store_fn(const struct value *value, void *at);

/* The text of a path, joined to the folder of the file and ended with a NUL. */
static struct str path_join(struct str path, const struct value_context *context)
{
    struct buf joined = BUF_INIT;
    if (!str_starts(path, STR("/")) && context->base_dir.len) {
        buf_add_str(&joined, context->base_dir);
        if (!str_ends(context->base_dir, STR("/")))
            buf_add_byte(&joined, '/');
    }
    buf_add_str(&joined, path);
    struct str result = arena_str(context->memory, buf_str(&joined));
    buf_release(&joined);
    return result;
}

static int parse_path(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    if (text.len == 0)
        return err_set(err, "is empty: name a file or folder");
    value->text = path_join(text, context);
    return 0;
}

static int parse_file(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    if (parse_path(option, text, context, value, err) != 0)
        return -1;
    if (access(value->text.at, R_OK) != 0)
        return err_set(err, "is no file that can be read (%s: %s)", value->text.at,
                       strerror(errno));
    return 0;
}

/* The folder that holds the last part of the path. */
static struct str path_parent(struct str path, struct arena *memory)
{
    while (path.len > 1 && str_ends(path, STR("/")))
        path.len--;
    const char *slash = memrchr(path.at, '/', path.len);
    if (!slash)
        return STR(".");
    size_t len = slash == path.at ? 1 : (size_t)(slash - path.at);
    return arena_str(memory, str_from(path.at, len));
}

static int parse_folder(const struct option *option, struct str text,
                        const struct value_context *context, struct value *value, struct err *err)
{
    if (parse_path(option, text, context, value, err) != 0)
        return -1;
    struct str parent = path_parent(value->text, context->memory);
    struct stat status;
    if (stat(parent.at, &status) != 0 || !S_ISDIR(status.st_mode))
        return err_set(err, "cannot be made, since there is no folder %s: make that one first",
                       parent.at);
    return 0;
}

static int parse_socket(const struct option *option, struct str text,
                        const struct value_context *context, struct value *value, struct err *err)
{
    enum { PATH_LONGEST = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };
    if (parse_path(option, text, context, value, err) != 0)
        return -1;
    if (value->text.len > PATH_LONGEST)
        return err_set(err,
                       "is too long for the address of a socket: its whole path may have %d "
                       "bytes",
                       PATH_LONGEST);
    return 0;
}

static int parse_domain(const struct option *option, struct str text,
                        const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    value->text = arena_str(context->memory, text);
    return units_domain(text, err);
}

static int parse_address(const struct option *option, struct str text,
                         const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    value->text = arena_str(context->memory, text);
    return units_address(text, err);
}

static int parse_host(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    if (parse_address(option, text, context, value, NULL) == 0)
        return 0;
    return parse_domain(option, text, context, value, err);
}

/* What may stand in a URL of RFC 3986 §2, without "?" and "#": a path follows what is given here.
 */
static bool is_url_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}?#", c))
            return false;
    }
    return text.len > 0;
}

static int parse_url(const struct option *option, struct str text,
                     const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    struct str rest = str_skip(text, STR("https://").len);
    bool good = str_starts(text, STR("https://")) && is_url_text(rest) && rest.at[0] != '/';
    if (!good)
        return err_set(err, "is not a web address: write it as https://t.example.org");
    while (str_ends(text, STR("/")))
        text.len--;
    value->text = arena_str(context->memory, text);
    return 0;
}

static int parse_text(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    enum { TEXT_LONGEST = 1000 };
    (void)option;
    if (text.len > TEXT_LONGEST || !str_is_utf8(text))
        return err_set(err, "must be UTF-8 of at most %d bytes", TEXT_LONGEST);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' && text.at[i] != '\n')
            return err_set(err, "has a control character in it: only line ends may stand there");
    value->text = arena_str(context->memory, text);
    return 0;
}

static int parse_zone(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.at[i]) && !strchr("/_+-", text.at[i]))
            return err_set(err, "is no time zone: write it as Europe/Brussels");
    value->text = arena_str(context->memory, text);
    return text.len ? 0 : err_set(err, "is empty: write it as Europe/Brussels");
}

/* The grammar of addresses is mail/'s; this catches the option that holds something else. */
static int parse_email(const struct option *option, struct str text,
                       const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    const char *at = str_find(text, '@');
    if (!at || at == text.at || at == text.at + text.len - 1)
        return err_set(err, "is not a mail address");
    value->text = arena_str(context->memory, text);
    return 0;
}

static int parse_integer(const struct option *option, struct str text,
                         const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    return units_integer(text, &value->amount, err);
}

static int parse_number(const struct option *option, struct str text,
                        const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    return units_number(text, &value->number, err);
}

static int parse_duration(const struct option *option, struct str text,
                          const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    int64_t ms = 0;
    if (units_duration(text, &ms, err) != 0)
        return -1;
    value->amount = (uint64_t)ms;
    return 0;
}

static int parse_size(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    return units_size(text, &value->amount, err);
}

static int parse_rate(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    return units_rate(text, &value->rate, err);
}

static int parse_bool(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    bool yes = false;
    if (units_bool(text, &yes, err) != 0)
        return -1;
    value->amount = yes;
    return 0;
}

static int choice_wrong(const struct option *option, struct err *err)
{
    struct buf words = BUF_INIT;
    for (size_t i = 0; option->choices[i]; i++) {
        if (i > 0)
            buf_add_text(&words, option->choices[i + 1] ? ", " : " or ");
        buf_add_text(&words, option->choices[i]);
    }
    err_set(err, "is not known here: write %s", words.at);
    buf_release(&words);
    return -1;
}

static int parse_choice(const struct option *option, struct str text,
                        const struct value_context *context, struct value *value, struct err *err)
{
    (void)context;
    for (size_t i = 0; option->choices[i]; i++) {
        if (str_eq(str_of(option->choices[i]), text)) {
            value->amount = i;
            return 0;
        }
    }
    return choice_wrong(option, err);
}

static int parse_mode(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    unsigned mode = 0;
    if (units_mode(text, &mode, err) != 0)
        return -1;
    value->amount = mode;
    return 0;
}

static int parse_name(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    if (text.len == 0)
        return err_set(err, "is empty: write a name, or leave the option out");
    value->text = arena_str(context->memory, text);
    return 0;
}

static int parse_pattern(const struct option *option, struct str text,
                         const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    value->text = arena_str(context->memory, text);
    return units_pattern(text, err);
}

static int parse_reply(const struct option *option, struct str text,
                       const struct value_context *context, struct value *value, struct err *err)
{
    (void)option;
    value->text = arena_str(context->memory, text);
    return units_reply(text, err);
}

static int parse_date(const struct option *option, struct str text,
                      const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    int64_t midnight = 0;
    if (units_date(text, &midnight, err) != 0)
        return -1;
    value->amount = (uint64_t)midnight;
    return 0;
}

static int parse_server(const struct option *option, struct str text,
                        const struct value_context *context, struct value *value, struct err *err)
{
    enum { DNS_PORT = 53 };
    (void)option, (void)context;
    return units_server(text, DNS_PORT, &value->listen, err);
}

static int parse_listen(const struct option *option, struct str text,
                        const struct value_context *context, struct value *value, struct err *err)
{
    (void)option, (void)context;
    return units_listen(text, &value->listen, err);
}

static void store_text(const struct value *value, void *at)
{
    *(struct str *)at = value->text;
}

static void store_unsigned(const struct value *value, void *at)
{
    *(unsigned *)at = (unsigned)value->amount;
}

static void store_port(const struct value *value, void *at)
{
    *(uint16_t *)at = (uint16_t)value->amount;
}

static void store_number(const struct value *value, void *at)
{
    *(double *)at = value->number;
}

static void store_signed(const struct value *value, void *at)
{
    *(int64_t *)at = (int64_t)value->amount;
}

static void store_size(const struct value *value, void *at)
{
    *(uint64_t *)at = value->amount;
}

static void store_rate(const struct value *value, void *at)
{
    *(struct rate *)at = value->rate;
}

static void store_bool(const struct value *value, void *at)
{
    *(bool *)at = value->amount != 0;
}

static void store_listen(const struct value *value, void *at)
{
    *(struct listen_address *)at = value->listen;
}

struct kind {
    const char *name;
    value_parse_fn *parse;
    value_store_fn *store;
    size_t size; /* of what is stored */
};

/* An enum of the configuration is stored as an unsigned: its constants begin with 0 (6.7.2.2). */
static const struct kind kinds[KIND_COUNT] = {
    [KIND_PATH] = {"path", parse_path, store_text, sizeof(struct str)},
    [KIND_FILE] = {"file", parse_file, store_text, sizeof(struct str)},
    [KIND_FOLDER] = {"folder", parse_folder, store_text, sizeof(struct str)},
    [KIND_SOCKET] = {"path", parse_socket, store_text, sizeof(struct str)},
    [KIND_DOMAIN] = {"host name", parse_domain, store_text, sizeof(struct str)},
    [KIND_HOST] = {"host name or address", parse_host, store_text, sizeof(struct str)},
    [KIND_ADDRESS] = {"address", parse_address, store_text, sizeof(struct str)},
    [KIND_URL] = {"web address", parse_url, store_text, sizeof(struct str)},
    [KIND_EMAIL] = {"mail address", parse_email, store_text, sizeof(struct str)},
    [KIND_TEXT] = {"text", parse_text, store_text, sizeof(struct str)},
    [KIND_ZONE] = {"time zone", parse_zone, store_text, sizeof(struct str)},
    [KIND_INTEGER] = {"whole number", parse_integer, store_unsigned, sizeof(unsigned)},
    [KIND_PORT] = {"port", parse_integer, store_port, sizeof(uint16_t)},
    [KIND_NUMBER] = {"number", parse_number, store_number, sizeof(double)},
    [KIND_DURATION] = {"duration", parse_duration, store_signed, sizeof(int64_t)},
    [KIND_SIZE] = {"size", parse_size, store_size, sizeof(uint64_t)},
    [KIND_RATE] = {"rate", parse_rate, store_rate, sizeof(struct rate)},
    [KIND_BOOL] = {"true or false", parse_bool, store_bool, sizeof(bool)},
    [KIND_CHOICE] = {"choice", parse_choice, store_unsigned, sizeof(unsigned)},
    [KIND_MODE] = {"file mode", parse_mode, store_unsigned, sizeof(unsigned)},
    [KIND_LISTEN] = {"address and port", parse_listen, store_listen, sizeof(struct listen_address)},
    [KIND_SERVER] = {"address", parse_server, store_listen, sizeof(struct listen_address)},
    [KIND_NAME] = {"name", parse_name, store_text, sizeof(struct str)},
    [KIND_PATTERN] = {"pattern of hosts", parse_pattern, store_text, sizeof(struct str)},
    [KIND_REPLY] = {"pattern of replies", parse_reply, store_text, sizeof(struct str)},
    [KIND_DATE] = {"date", parse_date, store_signed, sizeof(int64_t)},
};

/* A kind with an order sets `amount` or `number` and leaves the other 0 on all three sides. */
static bool in_bounds(const struct option *option, const struct value *value)
{
    struct value low = {0}, high = {0};
    kinds[option->kind].parse(option, str_of(option->low), NULL, &low, NULL);
    kinds[option->kind].parse(option, str_of(option->high), NULL, &high, NULL);
    return low.amount <= value->amount && value->amount <= high.amount &&
           low.number <= value->number && value->number <= high.number;
}

int value_parse(const struct option *option, struct str text, const struct value_context *context,
                struct value *value, struct err *err)
{
    *value = (struct value){0};
    if (kinds[option->kind].parse(option, text, context, value, err) != 0)
        return -1;
    if (option->low && !in_bounds(option, value))
        return err_set(err, "is out of bounds: write %s to %s", option->low, option->high);
    return 0;
}

void value_store(const struct option *option, const struct value *value, void *block)
{
    kinds[option->kind].store(value, (char *)block + option->offset);
}

int value_list_check(const struct option *option, const struct value *value,
                     const struct value *before, size_t count, struct err *err)
{
    if (count >= option->list_max)
        return err_set(err, "is one too many: there may be %zu", option->list_max);
    for (size_t i = 0; i < count; i++) {
        if (value->text.at && str_eq_nocase(value->text, before[i].text))
            return err_set(err, "stands there twice: remove one of the two");
        if (value->rate.count && value->rate.period_ms == before[i].rate.period_ms)
            return err_set(err, "is a second rate of the same period: keep the lower one");
    }
    return 0;
}

void value_store_list(const struct option *option, const struct value *values, size_t count,
                      const struct value_context *context, void *block)
{
    size_t size = kinds[option->kind].size;
    char *place = (char *)block + option->offset, *array = place;
    if (!option->in_place) {
        array = arena_zero(context->memory, count * size);
        memcpy(place, &array, sizeof(array));
    }
    for (size_t i = 0; i < count; i++)
        kinds[option->kind].store(&values[i], array + i * size);
    memcpy((char *)block + option->count_offset, &count, sizeof(count));
}

bool value_same(const struct option *option, const void *block, const void *other)
{
    const void *a = (const char *)block + option->offset;
    const void *b = (const char *)other + option->offset;
    if (kinds[option->kind].store == store_text)
        return str_eq(*(const struct str *)a, *(const struct str *)b);
    return memcmp(a, b, kinds[option->kind].size) == 0;
}

const char *value_kind_name(enum option_kind kind)
{
    return kinds[kind].name;
}
