/*
 * What a template sees of one copy, each looked up when it is used:
 *
 *     contact     every attribute; email, address, id
 *     job         id, name
 *     message     topic, language, preheader, and (but in the subject itself) subject
 *     identity    name, domain, footer
 *     links       unsubscribe and preferences (one page), web (this mail as a page), share (the
 * same for everybody), tracked (whether clicks are), click (each tracked link, by its number)
 *     counters    each counter as it stands now; 0 where there is none
 *     topics      whether the contact still wants mail about a topic: topics.torture
 */
#ifndef TOCSIN_COMPOSE_SCOPE_H
#define TOCSIN_COMPOSE_SCOPE_H

#include "compose/mailing.h"
#include "compose/token.h"
#include "store/contacts.h"
#include "store/names.h"
#include "template/value.h"

struct scope {
    struct txn *txn;
    const struct contact *contact;
    const struct mailing *mailing;
    const struct identity *identity;
    struct str sender;      /* the name in From; else the identity's */
    struct str subject;     /* rendered; empty while it is not */
    struct str unsubscribe; /* the URL */
    struct name_memory *names;
    struct token_maker *tokens;
    struct arena *memory; /* for URLs that are asked for */
};

/* For template_render; `scope` must stay as long as the rendering. */
struct template_scope scope_for(struct scope *scope);

/* Which of the names above it is, from 0 to 31; -1: none. */
int scope_number(struct str root);

static inline bool scope_knows(struct str root)
{
    return scope_number(root) >= 0;
}

/* Whether this copy's links lead through the daemon. */
bool scope_tracks(const struct scope *scope);

#endif
