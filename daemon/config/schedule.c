#include "config/schedule.h"

#include "base/suggest.h"

enum { EVERY = -1, NAME_MAX_LEN = 64, MINUTE_MS = 60 * 1000 };

/* Which copies a block is for: a lane or EVERY, a kind or EVERY. */
struct scope {
    int lane, kind;
};

static const char *const lanes[RETRY_LANES] = {"transactional", "bulk"};

/* What is ordinary has no name: it is what lanes and `retry` are for. */
static const char *const kinds[RETRY_KINDS] = {
    [RETRY_ORDINARY] = "",
    [RETRY_GREYLISTED] = "greylisted",
    [RETRY_MAILBOX_FULL] = "mailbox_full",
    [RETRY_UNREACHABLE] = "unreachable",
    [RETRY_IN_DOUBT] = "in_doubt",
};

/*
 * Greylisting should let a retry in from one minute on (RFC 6647 §5); in use are 1 to 5 minutes,
 * seldom 25 and more, and some forget the first attempt after 4 hours. Waits of 4, 6, 9, 14, 20 and
 * 30 minutes meet each of these soon after it opens.
 */
static const struct retry_schedule greylisted = {4 * MINUTE_MS, 1.5, 30 * MINUTE_MS};

static int name_index(const char *const *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (name.len && str_eq(str_of(names[i]), name))
            return (int)i;
    return EVERY;
}

/* name = lane / kind / ( lane SP kind ) */
static bool scope_parse(struct str name, struct scope *out)
{
    struct str rest = name, first = str_cut(&rest, ' ');
    bool both = rest.at != NULL;
    out->lane = name_index(lanes, RETRY_LANES, first);
    out->kind = name_index(kinds, RETRY_KINDS, both ? rest : first);
    return both ? out->lane != EVERY && out->kind != EVERY
                : out->lane != EVERY || out->kind != EVERY;
}

/* Keeps in `nearest` what is nearer to `name`. */
static void nearest_try(struct str name, const char *lane, const char *kind,
                        char nearest[NAME_MAX_LEN])
{
    char text[NAME_MAX_LEN];
    snprintf(text, sizeof(text), "%s%s%s", lane, lane[0] && kind[0] ? " " : "", kind);
    if (!text[0] || !suggest_is_near(name, str_of(text)))
        return;
    if (nearest[0] &&
        suggest_distance(name, str_of(nearest)) <= suggest_distance(name, str_of(text)))
        return;
    snprintf(nearest, NAME_MAX_LEN, "%s", text);
}

static void suggest_name(struct str name, char nearest[NAME_MAX_LEN])
{
    nearest[0] = '\0';
    for (size_t k = 0; k < RETRY_KINDS; k++) {
        nearest_try(name, "", kinds[k], nearest);
        for (size_t i = 0; i < RETRY_LANES; i++)
            nearest_try(name, lanes[i], kinds[k], nearest);
    }
}

int schedule_name(struct str name, struct err *err)
{
    struct scope scope;
    char nearest[NAME_MAX_LEN];
    if (scope_parse(name, &scope))
        return 0;
    suggest_name(name, nearest);
    return err_set(
        err,
        "is no lane and no kind of failure%s%s%s: write transactional, bulk, greylisted, "
        "mailbox_full, unreachable or in_doubt, or a lane and a kind with one space "
        "between",
        nearest[0] ? " (did you mean \"" : "", nearest, nearest[0] ? "\"?)" : "");
}

/* The block for exactly these copies, or NULL. */
static const struct schedule_block *block_find_for(const struct config *config, int lane, int kind)
{
    struct scope scope;
    for (size_t i = 0; i < config->schedule_count; i++)
        if (scope_parse(config->schedules[i].name, &scope) && scope.lane == lane &&
            scope.kind == kind)
            return &config->schedules[i];
    return NULL;
}

/* Puts what the block has over what was there. What was there gives way where the two would not fit
 * together: a longest wait is never shorter than the first. */
static void overlay(struct retry_schedule *s, const struct schedule_block *block)
{
    if (!block)
        return;
    const struct retry_schedule *own = &block->waits;
    s->first_ms = own->first_ms ? own->first_ms : s->first_ms;
    s->max_ms = own->max_ms ? own->max_ms : s->max_ms;
    s->factor = own->factor > 0 ? own->factor : s->factor;
    if (s->max_ms >= s->first_ms)
        return;
    if (own->first_ms)
        s->max_ms = s->first_ms;
    else
        s->first_ms = s->max_ms;
}

static void shorten(struct retry_schedule *s, const struct retry_schedule *at_most)
{
    s->first_ms = s->first_ms < at_most->first_ms ? s->first_ms : at_most->first_ms;
    s->max_ms = s->max_ms < at_most->max_ms ? s->max_ms : at_most->max_ms;
    s->factor = s->factor < at_most->factor ? s->factor : at_most->factor;
}

static struct retry_schedule resolve(const struct config *config, int lane, int kind)
{
    const struct retry_config *plain = &config->retry;
    struct retry_schedule s = {plain->first_ms, plain->factor, plain->max_ms};
    overlay(&s, block_find_for(config, lane, EVERY));
    if (kind == RETRY_ORDINARY)
        return s;
    if (kind == RETRY_GREYLISTED)
        shorten(&s, &greylisted);
    overlay(&s, block_find_for(config, EVERY, kind));
    overlay(&s, block_find_for(config, lane, kind));
    return s;
}

void schedules_resolve(struct config *config)
{
    struct retry_config *retry = &config->retry;
    for (int lane = 0; lane < RETRY_LANES; lane++) {
        const struct schedule_block *own = block_find_for(config, lane, EVERY);
        retry->max_ages_ms[lane] = own && own->max_age_ms ? own->max_age_ms : retry->max_age_ms;
        for (int kind = 0; kind < RETRY_KINDS; kind++)
            retry->schedules[lane][kind] = resolve(config, lane, kind);
    }
}

int schedule_check(const struct schedule_block *block, const struct retry_config *retry,
                   struct err *err)
{
    struct scope scope = {EVERY, EVERY};
    scope_parse(block->name, &scope);
    const char *name = block->name.at;
    if (block->max_age_ms && scope.kind != EVERY)
        return err_set(err,
                       "schedule \"%s\" cannot have a max_age, for a copy has one age whatever it "
                       "fails of: set it in retry or for a lane.",
                       name);
    if (block->waits.max_ms && block->waits.max_ms < block->waits.first_ms)
        return err_set(err,
                       "schedule \"%s\" has a max that is shorter than its first: make it at least "
                       "as long.",
                       name);
    if (scope.kind == EVERY &&
        retry->max_ages_ms[scope.lane] < retry->schedules[scope.lane][RETRY_ORDINARY].first_ms)
        return err_set(err,
                       "schedule \"%s\" comes to a max_age that is shorter than the first wait: "
                       "nothing would be tried again.",
                       name);
    return 0;
}
