/* What a template sees of one copy: the names `contact`, `job`, `message` and `links`. */
#ifndef TOCSIN_COMPOSE_SCOPE_H
#define TOCSIN_COMPOSE_SCOPE_H

#include "compose/mailing.h"
#include "store/contacts.h"
#include "store/names.h"
#include "template/value.h"

struct scope {
    struct txn *txn;
    const struct contact *contact;
    const struct mailing *mailing;
    struct str unsubscribe; /* the URL */
    struct name_memory *names;
};

/* For template_render; `scope` must stay as long as the rendering. */
struct template_scope scope_for(struct scope *scope);

#endif
