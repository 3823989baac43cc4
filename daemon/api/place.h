/*
 * What a name in /v1/sites/NAME stands for, and what of a survey (delivery/survey.h) is in force
 * there. Pure; everything here is a view of the survey or the configuration.
 */
#ifndef TOCSIN_API_PLACE_H
#define TOCSIN_API_PLACE_H

#include "base/buf.h"
#include "delivery/survey.h"

struct place {
    enum restraint_scope scope; /* RESTRAINT_EVERYWHERE: all receivers, from one source */
    struct str name;            /* the site's key, the provider's name or the source's */
};

/* The name of a provider that the configuration or a site has, the key of a site, the name of a
 * source, or a place that something is in force for; letters in either case. False if it is none of
 * them. */
bool place_find(const struct config *config, const struct survey *survey, struct str name,
                struct place *out);

/* What stands in for a name that nobody knows yet: a site's key. */
struct place place_unknown(struct str name);

/* "site", "provider" or "source". */
const char *place_scope_name(enum restraint_scope scope);

/* What puts a suspension by hand in force there; its times and its text are the caller's. */
struct restraint_record place_suspension(const struct place *place);

/* Whether a restraint was put in force for this place, and not for one that it is part of. */
bool restraint_is_of(const struct restraint_record *restraint, const struct place *place);
size_t place_count(const struct survey *survey, const struct place *place);

/* Whether it concerns the site: its own, its provider's, or a source.s, which hold everywhere. */
bool restraint_concerns(const struct restraint_record *restraint, const struct site_view *site);

/* Whether it concerns no site of the survey. */
bool restraint_is_elsewhere(const struct restraint_record *restraint, const struct survey *survey);

/* Its time is over, and what it lessened comes back step by step. */
bool restraint_recovers(const struct restraint_record *restraint, uint32_t now_s);

/* "sending", or "slowed" where a restraint lets only a part of the mail go. */
const char *site_state_word(const struct survey *survey, const struct site_view *site,
                            uint32_t now_s);

/* A sentence that says why not everything goes; nothing if it does. */
void site_say_why(struct buf *out, const struct survey *survey, const struct site_view *site,
                  uint32_t now_s);

#endif
