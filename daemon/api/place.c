#include "api/place.h"

static bool find_named(const struct survey *survey, struct str name, struct place *out)
{
    for (const struct site_view *s = survey->sites; s; s = s->next)
        if (str_eq_nocase(s->key, name)) {
            *out = (struct place){RESTRAINT_AT_SITE, s->key};
            return true;
        } else if (s->provider.len && str_eq_nocase(s->provider, name)) {
            *out = (struct place){RESTRAINT_AT_PROVIDER, s->provider};
            return true;
        }
    return false;
}

static bool find_source(const struct config *config, struct str name, struct place *out)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (str_eq_nocase(config->sources[i].name, name)) {
            *out = (struct place){RESTRAINT_EVERYWHERE, config->sources[i].name};
            return true;
        }
    return false;
}

/* What a restraint is lifted by. */
static struct str name_of(const struct restraint_record *r)
{
    return r->scope == RESTRAINT_EVERYWHERE ? r->source : r->place;
}

static bool find_restrained(const struct survey *survey, struct str name, struct place *out)
{
    for (const struct restraint_view *r = survey->restraints; r; r = r->next)
        if (str_eq_nocase(name_of(&r->is), name)) {
            *out = (struct place){r->is.scope, name_of(&r->is)};
            return true;
        }
    return false;
}

bool place_find(const struct config *config, const struct survey *survey, struct str name,
                struct place *out)
{
    const struct provider *provider = config_provider_named(config, name);
    if (provider) {
        *out = (struct place){RESTRAINT_AT_PROVIDER, provider->name};
        return true;
    }
    return find_named(survey, name, out) || find_source(config, name, out) ||
           find_restrained(survey, name, out);
}

struct place place_unknown(struct str name)
{
    return (struct place){RESTRAINT_AT_SITE, name};
}

const char *place_scope_name(enum restraint_scope scope)
{
    switch (scope) {
    case RESTRAINT_AT_SITE:
        return "site";
    case RESTRAINT_AT_PROVIDER:
        return "provider";
    case RESTRAINT_EVERYWHERE:
        return "source";
    }
    return "";
}

struct restraint_record place_suspension(const struct place *place)
{
    bool source = place->scope == RESTRAINT_EVERYWHERE;
    return (struct restraint_record){.scope = place->scope,
                                     .action = RESTRAINT_SUSPEND,
                                     .place = source ? STR("") : place->name,
                                     .source = source ? place->name : STR(""),
                                     .rule = STR("")};
}

bool restraint_is_of(const struct restraint_record *restraint, const struct place *place)
{
    return restraint->scope == place->scope && str_eq_nocase(name_of(restraint), place->name);
}

size_t place_count(const struct survey *survey, const struct place *place)
{
    size_t count = 0;
    for (const struct restraint_view *r = survey->restraints; r; r = r->next)
        count += restraint_is_of(&r->is, place);
    return count;
}

bool restraint_concerns(const struct restraint_record *restraint, const struct site_view *site)
{
    switch (restraint->scope) {
    case RESTRAINT_AT_SITE:
        return str_eq_nocase(restraint->place, site->key);
    case RESTRAINT_AT_PROVIDER:
        return site->provider.len && str_eq_nocase(restraint->place, site->provider);
    case RESTRAINT_EVERYWHERE:
        return true;
    }
    return false;
}

bool restraint_is_elsewhere(const struct restraint_record *restraint, const struct survey *survey)
{
    for (const struct site_view *s = survey->sites; s; s = s->next)
        if (restraint_concerns(restraint, s))
            return false;
    return true;
}

bool restraint_recovers(const struct restraint_record *restraint, uint32_t now_s)
{
    return restraint->until != RESTRAINT_UNTIL_RESUMED && restraint->until <= now_s;
}

/* -- What is said of a site. */

static bool is_slower(const struct restraint_record *r, uint32_t now_s)
{
    bool stops = r->action == RESTRAINT_SUSPEND || r->action == RESTRAINT_BLOCK;
    return r->action == RESTRAINT_SLOW || (stops && restraint_recovers(r, now_s));
}

static bool is_stopper(const struct restraint_record *r, uint32_t now_s)
{
    bool stops = r->action == RESTRAINT_SUSPEND || r->action == RESTRAINT_BLOCK;
    return stops && !restraint_recovers(r, now_s);
}

/* Of those that concern the site, the one that lasts longest. */
static const struct restraint_record *
longest_of(const struct survey *survey, const struct site_view *site,
           bool (*fits)(const struct restraint_record *r, uint32_t now_s), uint32_t now_s)
{
    const struct restraint_record *found = NULL;
    for (const struct restraint_view *r = survey->restraints; r; r = r->next)
        if (restraint_concerns(&r->is, site) && fits(&r->is, now_s) &&
            (!found || r->is.until > found->until))
            found = &r->is;
    return found;
}

/* What slows the site down, if something does that still sends. */
static const struct restraint_record *slowed_by(const struct survey *survey,
                                                const struct site_view *site, uint32_t now_s)
{
    if (site->state != SITE_SENDING && site->state != SITE_WAITING && site->state != SITE_LIMITED)
        return NULL;
    return longest_of(survey, site, is_slower, now_s);
}

static const struct restraint_record *suspended_by(const struct survey *survey,
                                                   const struct site_view *site, uint32_t now_s)
{
    return site->state == SITE_SUSPENDED ? longest_of(survey, site, is_stopper, now_s) : NULL;
}

const char *site_state_word(const struct survey *survey, const struct site_view *site,
                            uint32_t now_s)
{
    return slowed_by(survey, site, now_s) ? "slowed" : site_state_name(site->state);
}

static void say_cause(struct buf *out, const char *what, const struct restraint_record *r)
{
    if (r->rule.len)
        buf_addf(out, "%s rule %.*s", what, STR_ARG(r->rule));
    else
        buf_addf(out, "%s hand", what);
    buf_addf(out, "%s%.*s", r->text.len ? ": " : ".", STR_ARG(r->text));
}

void site_say_why(struct buf *out, const struct survey *survey, const struct site_view *site,
                  uint32_t now_s)
{
    const struct restraint_record *slow = slowed_by(survey, site, now_s);
    const struct restraint_record *stop = suspended_by(survey, site, now_s);
    if (stop)
        say_cause(out, stop->action == RESTRAINT_BLOCK ? "Blocked by" : "Suspended by", stop);
    else if (slow && restraint_recovers(slow, now_s))
        say_cause(out, "Comes back step by step after a suspension by", slow);
    else if (slow)
        say_cause(out, "Slowed by", slow);
    else
        buf_add_str(out, site->why);
}
