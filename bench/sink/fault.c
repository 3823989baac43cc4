#include "sink/fault.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/hash.h"

static const char *const stage_names[STAGES] = {"banner",   "ehlo", "starttls", "mail",
                                                "overlap",  "rcpt", "pipeline", "bdat",
                                                "go-ahead", "body", "data"};

static const struct {
    const char *name;
    enum stage stage;
    enum act act;
} short_names[] = {
    {"greet-close", STAGE_BANNER, ACT_CLOSE},
    {"starttls-fail", STAGE_STARTTLS, ACT_BREAK_TLS},
    {"stall", STAGE_MAIL, ACT_STALL},
    {"garbage", STAGE_MAIL, ACT_GARBAGE},
    {"close-mid-body", STAGE_BODY, ACT_CLOSE},
    {"drop-before-log", STAGE_DATA, ACT_CLOSE},
    {"drop-after-log", STAGE_DATA, ACT_LOG_AND_CLOSE},
};

static const struct {
    const char *word;
    bool limited;
    struct fault_rule rule;
} words[] = {
    {"bounce", false, {STAGE_RCPT, ACT_REPLY, 550, "5.1.1 No such user here", 0}},
    {"defer", true, {STAGE_RCPT, ACT_REPLY, 450, "4.2.0 Mailbox busy", 0}},
    {"spam", false, {STAGE_DATA, ACT_REPLY, 554, "5.7.1 Looks like spam", 0}},
    {"late", true, {STAGE_DATA, ACT_REPLY, 451, "4.3.0 Try again later", 0}},
    {"drop", true, {STAGE_DATA, ACT_CLOSE, 0, NULL, 0}},
    {"lost", true, {STAGE_DATA, ACT_LOG_AND_CLOSE, 0, NULL, 0}},
    {"hang", true, {STAGE_DATA, ACT_STALL, 0, NULL, 0}},
};

static const char *default_text(const struct fault_rule *rule)
{
    if (rule->act == ACT_GARBAGE)
        return "\x16\x03 this is no reply";
    if (rule->code == 421)
        return "4.3.2 Closing, come back later";
    if (rule->code < 500)
        return "4.2.0 Deferred on request";
    if (rule->stage == STAGE_BDAT)
        return "5.5.1 A command that is unknown here, on request";
    if (rule->stage == STAGE_OVERLAP)
        return "5.5.1 Out of order on request";
    return rule->stage == STAGE_RCPT ? "5.1.1 No such user here" : "5.7.1 Refused on request";
}

static bool find_short_name(struct str kind, struct fault_rule *rule)
{
    for (size_t i = 0; i < sizeof short_names / sizeof *short_names; i++) {
        if (!str_eq(kind, str_of(short_names[i].name)))
            continue;
        rule->stage = short_names[i].stage;
        rule->act = short_names[i].act;
        return true;
    }
    return false;
}

static bool parse_act(struct str text, struct fault_rule *rule)
{
    uint64_t code;
    if (str_eq(text, STR("close")))
        rule->act = ACT_CLOSE;
    else if (str_eq(text, STR("stall")))
        rule->act = ACT_STALL;
    else if (rule->stage == STAGE_BODY)
        return false;
    else if (str_eq(text, STR("garbage")))
        rule->act = ACT_GARBAGE;
    else if (str_to_u64(text, &code) && code >= 400 && code <= 599)
        rule->code = (unsigned)code;
    else
        return false;
    return true;
}

static bool parse_kind(struct str kind, struct fault_rule *rule)
{
    if (find_short_name(kind, rule))
        return true;
    for (size_t i = 0; i < STAGES; i++) {
        struct str name = str_of(stage_names[i]);
        if (!str_starts(kind, name) || kind.len < name.len + 2 || kind.at[name.len] != '-')
            continue;
        rule->stage = (enum stage)i;
        return parse_act(str_skip(kind, name.len + 1), rule);
    }
    return false;
}

static bool parse_share(struct str text, uint32_t *share)
{
    char digits[16], *end;
    if (text.len == 0 || text.len >= sizeof digits)
        return false;
    memcpy(digits, text.at, text.len);
    digits[text.len] = '\0';
    double percent = strtod(digits, &end);
    if (*end != '\0' || !(percent >= 0 && percent <= 100))
        return false;
    *share = (uint32_t)(percent * 100 + 0.5);
    return true;
}

int faults_add(struct faults *f, const char *text, struct err *err)
{
    struct fault_rule rule = {.act = ACT_REPLY, .share = 10000};
    struct str rest = str_of(text);
    struct str kind = str_cut(&rest, ':');
    if (f->count == FAULT_RULES_MAX)
        return err_set(err, "At most %d faults can be asked for.", FAULT_RULES_MAX);
    if (!parse_kind(kind, &rule))
        return err_set(err, "Fault '%.*s' is unknown: see --help.", STR_ARG(kind));
    if (rest.at && !parse_share(str_cut(&rest, ':'), &rule.share))
        return err_set(err, "Fault '%s' needs a percentage from 0 to 100.", text);
    rule.text = rest.at ? rest.at : default_text(&rule);
    f->rules[f->count++] = rule;
    return 0;
}

bool faults_have(const struct faults *f, enum stage stage)
{
    bool found = false;
    for (size_t i = 0; i < f->count; i++)
        found |= f->rules[i].stage == stage;
    return found;
}

/* splitmix64's finisher: spreads every bit of x over the result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

const struct fault_rule *fault_draw(const struct faults *f, enum stage stage, uint64_t connection,
                                    uint64_t draw)
{
    for (size_t i = 0; i < f->count; i++) {
        uint64_t chance = mix(mix(mix(f->seed + i) + connection) + draw);
        if (f->rules[i].stage == stage && chance % 10000 < f->rules[i].share)
            return &f->rules[i];
    }
    return NULL;
}

struct seen {
    UT_hash_handle hh;
    unsigned times;
    char address[];
};

static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen *seen;

/* How often this address was counted before. */
static unsigned count_address(struct str address)
{
    struct seen *found;
    pthread_mutex_lock(&seen_lock);
    HASH_FIND(hh, seen, address.at, address.len, found);
    if (!found) {
        found = alloc_zero(1, sizeof *found + address.len);
        memcpy(found->address, address.at, address.len);
        HASH_ADD_KEYPTR(hh, seen, found->address, address.len, found);
    }
    unsigned before = found->times++;
    pthread_mutex_unlock(&seen_lock);
    return before;
}

void fault_release(void)
{
    struct seen *each = seen;
    HASH_CLEAR(hh, seen); /* the table; its entries stay linked */
    while (each) {
        struct seen *next = each->hh.next;
        free(each);
        each = next;
    }
}

static bool starts_with_word(struct str address, struct str word)
{
    if (!str_starts_nocase(address, word) || address.len == word.len)
        return false;
    unsigned char after = (unsigned char)address.at[word.len];
    return !(after >= 'a' && after <= 'z') && !(after >= 'A' && after <= 'Z') && after < 0x80;
}

const struct fault_rule *fault_for_recipient(struct str address, unsigned times)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!starts_with_word(address, str_of(words[i].word)))
            continue;
        if (words[i].limited && count_address(address) >= times)
            return NULL;
        return &words[i].rule;
    }
    return NULL;
}
