#include "compose/gate.h"

static int refuse(struct copy *copy, enum skip_reason reason)
{
    copy->result = COPY_SKIP;
    copy->reason = reason;
    return err_set(&copy->why, "%s", skip_reason_text(reason));
}

static int refuse_named(struct copy *copy, enum skip_reason reason, const char *what,
                        struct str name)
{
    refuse(copy, reason);
    return err_set(&copy->why, "the contact left the %s \"%.*s\"", what, STR_ARG(name));
}

static int check_flags(uint8_t flags, bool consent_needed, struct copy *copy)
{
    if (flags & CONTACT_SUPPRESSED)
        return refuse(copy, SKIP_SUPPRESSED);
    if (flags & CONTACT_UNSUBSCRIBED)
        return refuse(copy, SKIP_UNSUBSCRIBED);
    if (flags & CONTACT_CONSENT_REFUSED)
        return refuse(copy, SKIP_CONSENT_REFUSED);
    if (consent_needed && !(flags & CONTACT_CONSENTED))
        return refuse(copy, SKIP_NO_CONSENT);
    return 0;
}

/* Most lists were never left by anybody, and then this is one look at a chunk that is not there. */
static int check_lists(struct txn *txn, struct gate_memory *memory, struct copy *copy)
{
    const struct mailing_audience *a = &copy->mailing->audience;
    for (size_t i = 0; i < a->list_count; i++) {
        uint32_t list = name_recall(&memory->names, txn, NAME_LIST, a->lists[i]);
        if (list && set_recall(&memory->sets, txn, SET_LEFT_LIST, list, copy->contact) &&
            !a->holds(a->ctx, txn, copy->contact))
            return refuse_named(copy, SKIP_LEFT_LIST, "list", a->lists[i]);
    }
    return 0;
}

static int check_topic(struct txn *txn, struct gate_memory *memory, struct copy *copy)
{
    struct str topic = copy->mailing->topic;
    uint32_t id = topic.len ? name_recall(&memory->names, txn, NAME_TOPIC, topic) : 0;
    if (id && set_recall(&memory->sets, txn, SET_LEFT_TOPIC, id, copy->contact))
        return refuse_named(copy, SKIP_LEFT_TOPIC, "topic", copy->mailing->message->topic);
    return 0;
}

int gate_pass(struct txn *txn, struct gate_memory *memory, bool consent_needed, struct copy *copy,
              struct contact *out)
{
    if (!contact_read(txn, copy->contact, out))
        return refuse(copy, SKIP_NO_CONTACT);
    buf_add_str(&copy->recipient, out->address);
    if (check_flags(out->flags, consent_needed, copy) != 0 || check_lists(txn, memory, copy) != 0)
        return -1;
    return check_topic(txn, memory, copy);
}
