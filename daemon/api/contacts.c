#include "api/contacts.h"

#include "api/answer.h"
#include "audience/contacts.h"
#include "mail/address.h"
#include "store/names.h"
#include "store/sets.h"

unsigned contact_refusal(struct str address)
{
    struct address parsed;
    return address_parse(str_trim(address), &parsed, NULL) == 0 ? 404 : 400;
}

struct membership {
    struct txn *txn;
    struct json *json;
    uint32_t contact;
    enum set_kind kind;
};

static bool write_membership(void *ctx, uint32_t id, struct str name)
{
    struct membership *m = ctx;
    if (set_has(m->txn, m->kind, id, m->contact))
        json_add_text(m->json, NULL, name);
    return true;
}

/* The names of the sets of a kind that the contact is in. */
static void write_memberships(struct membership *m, const char *key, enum name_kind names,
                              enum set_kind kind)
{
    m->kind = kind;
    json_open_array(m->json, key);
    name_each(m->txn, names, write_membership, m);
    json_close_array(m->json);
}

static void write_attributes(struct json *json, struct txn *txn, const struct contact *contact)
{
    struct str rest = contact->attributes;
    struct contact_attribute attribute;
    json_open_object(json, "attributes");
    while (contact_next_attribute(&rest, &attribute))
        json_add_pair(json, name_text(txn, NAME_ATTRIBUTE, attribute.id), attribute.value);
    json_close_object(json);
}

static void write_contact(struct json *json, struct txn *txn, const struct contact *contact)
{
    struct membership membership = {.txn = txn, .json = json, .contact = contact->id};
    json_open_object(json, NULL);
    json_add_u64(json, "id", contact->id);
    json_add_text(json, "email", contact->address);
    json_add_time(json, "created_at", contact->created);
    json_add_time(json, "updated_at", contact->updated);
    json_add_bool(json, "suppressed", contact->flags & CONTACT_SUPPRESSED);
    json_add_bool(json, "unsubscribed", contact->flags & CONTACT_UNSUBSCRIBED);
    json_add_text(json, "consent", str_of(contact_consent_name(contact->flags)));
    write_attributes(json, txn, contact);
    write_memberships(&membership, "lists", NAME_LIST, SET_LIST);
    write_memberships(&membership, "left_lists", NAME_LIST, SET_LEFT_LIST);
    write_memberships(&membership, "left_topics", NAME_TOPIC, SET_LEFT_TOPIC);
    json_close_object(json);
}

void contact_answer(struct http_request *request, struct str address)
{
    struct view view;
    struct contact contact;
    struct err err;
    view_begin(&view, request);
    if (contact_lookup(&view.txn, address, &contact, &err) != 0) {
        view_refuse(&view, contact_refusal(address), "%s", err.text);
        return;
    }
    write_contact(&view.json, &view.txn, &contact);
    view_end(&view);
}

void contact_show(struct http_request *request)
{
    contact_answer(request, http_request_param(request, "address"));
}
