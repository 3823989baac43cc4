#include "delivery/failure.h"

enum { PLAIN_SIZE = 1024, LONGEST_S = 7 * 86400, DIGITS_MAX = 7 };

/* A text in lower case, with one space for each run of spaces and line ends. */
struct plain {
    char at[PLAIN_SIZE];
    size_t len;
};

static void plain_init(struct plain *p, struct str text)
{
    p->len = 0;
    for (size_t i = 0; i < text.len && p->len < PLAIN_SIZE; i++) {
        char c = text.at[i];
        bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (space && (p->len == 0 || p->at[p->len - 1] == ' '))
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        p->at[p->len++] = space ? ' ' : c;
    }
}

static struct str plain_str(const struct plain *p)
{
    return str_from(p->at, p->len);
}

/* The list ends with NULL. */
static bool has_one_of(struct str text, const char *const *words)
{
    for (; *words; words++)
        if (memmem(text.at, text.len, *words, strlen(*words)))
            return true;
    return false;
}

static bool starts_one_of(struct str text, const char *const *words)
{
    for (; *words; words++)
        if (str_starts(text, str_of(*words)))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Takes up to `most` digits from the front; false when there are none, or more. */
static bool take_number(struct str *text, size_t most, uint32_t *out)
{
    size_t n = 0;
    uint32_t number = 0;
    for (; n < text->len && is_digit(text->at[n]); n++) {
        if (n == most)
            return false;
        number = number * 10 + (uint32_t)(text->at[n] - '0');
    }
    *text = str_skip(*text, n);
    *out = number;
    return n > 0;
}

static bool take(struct str *text, struct str word)
{
    if (!str_starts(*text, word))
        return false;
    *text = str_skip(*text, word.len);
    return true;
}

/* The letters at the front, as a unit: its seconds, or 0. */
static uint32_t take_unit(struct str *text)
{
    static const struct {
        const char *name;
        uint32_t seconds;
    } units[] = {{"s", 1},       {"sec", 1},  {"second", 1}, {"m", 60},     {"min", 60},
                 {"minute", 60}, {"h", 3600}, {"hr", 3600},  {"hour", 3600}};
    size_t n = 0;
    while (n < text->len && is_letter(text->at[n]))
        n++;
    struct str word = str_from(text->at, n);
    if (n > 1 && str_ends(word, STR("s")))
        word.len--;
    *text = str_skip(*text, n);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (str_eq(word, str_of(units[i].name)))
            return units[i].seconds;
    return 0;
}

static uint64_t take_amount(struct str *text)
{
    uint32_t number = 0;
    if (!take_number(text, DIGITS_MAX, &number))
        return 0;
    take(text, STR(" "));
    return (uint64_t)number * take_unit(text);
}

static uint64_t take_amounts(struct str text)
{
    uint64_t seconds = take_amount(&text);
    take(&text, STR(","));
    if (seconds && take(&text, STR(" "))) {
        take(&text, STR("and "));
        seconds += take_amount(&text);
    }
    return seconds;
}

static uint64_t take_clock(struct str text)
{
    uint32_t hours, minutes, seconds;
    if (!take_number(&text, 2, &hours) || !take(&text, STR(":")) ||
        !take_number(&text, 2, &minutes) || !take(&text, STR(":")) ||
        !take_number(&text, 2, &seconds))
        return 0;
    return hours * 3600u + minutes * 60u + seconds;
}

/* What follows a word like "in". */
static uint64_t time_at(struct str text)
{
    take(&text, STR("about "));
    uint64_t seconds = take_clock(text);
    return seconds ? seconds : take_amounts(text);
}

uint32_t failure_time(struct str text)
{
    static const char *const words[] = {"in ", "for ", "after "};
    for (size_t i = 0; i < text.len; i++) {
        if (i > 0 && is_letter(text.at[i - 1]))
            continue;
        struct str rest = str_skip(text, i);
        for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
            uint64_t seconds = 0;
            if (str_starts(rest, str_of(words[w])))
                seconds = time_at(str_skip(rest, strlen(words[w])));
            if (seconds)
                return seconds < LONGEST_S ? (uint32_t)seconds : LONGEST_S;
        }
    }
    return 0;
}

static bool is_code(const struct smtp_reply *r, int subject, int detail)
{
    return r->enhanced.class == 4 && r->enhanced.subject == subject && r->enhanced.detail == detail;
}

/* Says what it is. Before the code for a full mailbox, which some use for greylisting. */
static bool says_greylisted(struct str text)
{
    static const char *const words[] = {"greylist",  "graylist",  "grey-list", "gray-list",
                                        "grey list", "gray list", NULL};
    return has_one_of(text, words);
}

/*
 * Greylisting that says something else: rspamd, Plesk (4.7.1), postscreen (4.3.2), greylistd,
 * OpenBSD's spamd, Mimecast, qmail's envelope scanner.
 */
static bool is_disguised(const struct smtp_reply *r, struct str text)
{
    static const char *const policy[] = {"try again later", "please try again later",
                                         "please try later",
                                         "service unavailable - try again later", NULL};
    static const char *const screen[] = {"service currently unavailable", NULL};
    static const char *const starts[] = {"temporary failure, please try again later",
                                         "internal resource is temporarily unavailable",
                                         "internal resources are temporarily unavailable",
                                         "internal resource temporarily unavailable",
                                         "temporary envelope failure",
                                         NULL};
    static const char *const anywhere[] = {"not yet authorized to deliver mail from", NULL};
    if (r->code == 450 && is_code(r, 3, 2))
        return starts_one_of(text, screen);
    if (is_code(r, 7, 1) && starts_one_of(text, policy))
        return true;
    return starts_one_of(text, starts) || has_one_of(text, anywhere);
}

/* Names a time to return at, and not because we were too fast: that is the site's pace to settle.
 */
static bool asks_to_return(struct str text)
{
    static const char *const words[] = {"try again", "try in", "retry", "come back",
                                        "return in", "resend", NULL};
    static const char *const pace[] = {"too many", "too much", "rate", "limit", "throttl", NULL};
    return has_one_of(text, words) && !has_one_of(text, pace) && failure_time(text) > 0;
}

/* X.2.2 (RFC 3463 §3.3); words only where no code says that it is about something else. */
static bool is_mailbox_full(const struct smtp_reply *r, struct str text)
{
    static const char *const words[] = {"over quota",       "overquota",
                                        "quota exceeded",   "exceeded quota",
                                        "exceeds quota",    "mailbox full",
                                        "mailbox is full",  "inbox is full",
                                        "full mailbox",     "out of storage",
                                        "storage full",     "disk quota",
                                        "exceeded storage", NULL};
    if (is_code(r, 2, 2))
        return true;
    return (r->enhanced.class == 0 || r->enhanced.subject == 2) && has_one_of(text, words);
}

struct failure failure_of_reply(const struct smtp_reply *reply)
{
    struct plain plain;
    plain_init(&plain, reply->text);
    struct str text = plain_str(&plain);
    if (says_greylisted(text))
        return (struct failure){RETRY_GREYLISTED, failure_time(text)};
    if (is_mailbox_full(reply, text))
        return (struct failure){RETRY_MAILBOX_FULL, 0};
    if (is_disguised(reply, text) || asks_to_return(text))
        return (struct failure){RETRY_GREYLISTED, failure_time(text)};
    return (struct failure){RETRY_ORDINARY, 0};
}
