/*
 * POST /v1/contacts/ADDRESS/suppress and its like: one contact is changed in one write, and the
 * answer is the contact as it is then. What each does is a row below.
 */
#include "api/answer.h"
#include "api/contacts.h"
#include "audience/contacts.h"
#include "audience/quote.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "compose/message.h"
#include "http/url.h"
#include "store/choices.h"
#include "store/erasure.h"
#include "store/names.h"
#include "store/writer.h"

struct change;

struct change_kind {
    const char *event; /* in the log */
    /* In the writer; sets `changed`, or a refusal. `contact` is NULL when there is none. */
    void (*apply)(struct txn *txn, struct change *change, const struct contact *contact);
    const char *params[2]; /* of the query, that it knows */
    bool nameless;         /* the log says no address */
};

struct change {
    struct write_op op;
    struct letter letter;
    struct loop *front;
    struct call call;
    const struct change_kind *kind;
    struct str address;     /* with its NUL, from malloc */
    struct str list, topic; /* the same; at == NULL: not said */
    uint8_t consent;        /* a flag, or 0 */
    bool keep_suppressed;

    /* the result */
    uint32_t contact;
    bool changed, gone;
    unsigned status; /* of the refusal that is in `err`; 0: none */
    struct err err;
};

/* -- In the writer. */

static void set_flags(struct txn *txn, struct change *c, const struct contact *contact, uint8_t set,
                      uint8_t clear)
{
    c->changed = ((contact->flags & ~clear) | set) != contact->flags;
    if (c->changed)
        contact_set_flags(txn, contact->id, set, clear, (uint32_t)clock_wall_s());
}

static void apply_suppress(struct txn *txn, struct change *c, const struct contact *contact)
{
    if (contact)
        set_flags(txn, c, contact, CONTACT_SUPPRESSED, 0);
}

/* Also for who was erased and barred: there is no contact then, and there is none afterwards. */
static void apply_unsuppress(struct txn *txn, struct change *c, const struct contact *contact)
{
    if (contact)
        set_flags(txn, c, contact, 0, CONTACT_SUPPRESSED);
    else
        c->gone = c->changed = contact_unbar(txn, c->address);
}

static uint32_t find_list(struct txn *txn, struct change *c)
{
    struct buf say = BUF_INIT;
    uint32_t list = name_find(txn, NAME_LIST, c->list);
    if (list)
        return list;
    quote_add(&say, c->list);
    c->status = 404;
    err_set(&c->err, "There is no list %s.", say.at);
    buf_release(&say);
    return 0;
}

static void apply_unsubscribe(struct txn *txn, struct change *c, const struct contact *contact)
{
    uint32_t list = contact && c->list.at ? find_list(txn, c) : 0;
    if (list)
        c->changed = list_leave(txn, list, contact->id);
    else if (contact && c->topic.at)
        c->changed = topic_leave(txn, c->topic, contact->id);
    else if (contact && !c->list.at)
        set_flags(txn, c, contact, CONTACT_UNSUBSCRIBED, 0);
}

static void apply_resubscribe(struct txn *txn, struct change *c, const struct contact *contact)
{
    uint32_t list = contact && c->list.at ? find_list(txn, c) : 0;
    if (list)
        c->changed = list_join(txn, list, contact->id);
    else if (contact && c->topic.at)
        c->changed = topic_return(txn, c->topic, contact->id);
    else if (contact && !c->list.at)
        set_flags(txn, c, contact, 0, CONTACT_UNSUBSCRIBED);
}

static void apply_consent(struct txn *txn, struct change *c, const struct contact *contact)
{
    if (contact)
        set_flags(txn, c, contact, c->consent, CONTACT_CONSENT_FLAGS);
}

static void apply_erase(struct txn *txn, struct change *c, const struct contact *contact)
{
    if (!contact)
        return;
    c->gone = true;
    /* Who wanted no mail must not come back with the next old file. */
    c->keep_suppressed |= (contact->flags & CONTACT_WANTS_NONE) != 0;
    c->changed = contact_erase(txn, contact->id, c->keep_suppressed, (uint32_t)clock_wall_s());
}

static const struct change_kind suppress = {"suppressed", apply_suppress, {NULL, NULL}, false};
static const struct change_kind unsuppress = {
    "unsuppressed", apply_unsuppress, {NULL, NULL}, false};
static const struct change_kind unsubscribe = {
    "unsubscribed", apply_unsubscribe, {"list", "topic"}, false};
static const struct change_kind resubscribe = {
    "resubscribed", apply_resubscribe, {"list", "topic"}, false};
static const struct change_kind consent = {"consent", apply_consent, {"state", NULL}, false};
static const struct change_kind erase = {"erased", apply_erase, {"keep_suppressed", NULL}, true};

/* May run more than once. */
static void change_apply(struct txn *txn, struct write_op *op)
{
    struct change *c = (struct change *)(void *)op;
    struct contact contact;
    c->changed = c->gone = false;
    c->status = 0;
    bool found = contact_lookup(txn, c->address, &contact, &c->err) == 0;
    c->contact = found ? contact.id : 0;
    c->kind->apply(txn, c, found ? &contact : NULL);
    if (!found && !c->gone)
        c->status = contact_refusal(c->address);
}

/* -- On the front loop. */

static void change_done(struct write_op *op)
{
    struct change *c = (struct change *)(void *)op;
    loop_post(c->front, &c->letter);
}

static void log_change(const struct change *c)
{
    struct log_line line;
    if (!log_begin(&line, LOG_INFO, c->kind->event))
        return;
    log_u64(&line, "contact", c->contact);
    if (!c->kind->nameless)
        log_str(&line, "address", c->address);
    if (c->list.at)
        log_str(&line, "list", c->list);
    if (c->topic.at)
        log_str(&line, "topic", c->topic);
    if (c->kind == &consent)
        log_text(&line, "state", contact_consent_name(c->consent));
    log_end(&line);
}

/* There is no contact to show. */
static void answer_gone(const struct change *c)
{
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    json_open_object(&json, NULL);
    json_add_text(&json, "email", c->address);
    json_add_bool(&json, "erased", true);
    json_add_bool(&json, "suppressed", c->keep_suppressed);
    json_close_object(&json);
    answer_json(c->call.request, 200, &text);
}

static void answer(const struct change *c)
{
    if (c->status)
        http_respond_error(c->call.request, c->status, "%s", c->err.text);
    else if (c->gone)
        answer_gone(c);
    else
        contact_answer(c->call.request, c->address);
}

static void change_free(struct change *c)
{
    free((void *)(uintptr_t)c->address.at);
    free((void *)(uintptr_t)c->list.at);
    free((void *)(uintptr_t)c->topic.at);
    free(c);
}

static void change_arrive(struct letter *letter)
{
    struct change *c = LETTER_OF(letter, struct change, letter);
    if (c->changed)
        log_change(c);
    if (c->call.request)
        answer(c);
    change_free(c);
}

/* -- The request. */

static struct str keep(struct str text)
{
    return text.at ? str_from(str_dup(text), text.len) : text;
}

static struct change *change_new(struct http_request *request, const struct change_kind *kind)
{
    struct change *c = NEW(struct change);
    c->op =
        (struct write_op){.apply = change_apply, .done = change_done, .records = 1, .urgent = true};
    c->letter.deliver = change_arrive;
    c->front = api_of(request)->parts.front;
    c->kind = kind;
    c->address = keep(http_request_param(request, "address"));
    c->list = keep(http_request_query_param(request, "list"));
    c->topic = keep(http_request_query_param(request, "topic"));
    return c;
}

static bool knows(const struct change_kind *kind, struct str name)
{
    for (size_t i = 0; i < 2; i++)
        if (kind->params[i] && str_eq(name, str_of(kind->params[i])))
            return true;
    return false;
}

static bool says(struct str query, struct str name)
{
    struct url_param param;
    while (url_param_next(&query, &param))
        if (str_eq(param.name, name))
            return true;
    return false;
}

/* A misspelt "list" must not make somebody leave everything, nor a second one be passed over. */
static bool refuse_params(struct http_request *request, const struct change_kind *kind)
{
    struct str query = http_request_query(request);
    struct url_param param;
    while (url_param_next(&query, &param)) {
        bool known = knows(kind, param.name);
        if (known && !says(query, param.name))
            continue;
        http_respond_error(request, 400,
                           known ? "The parameter \"%.*s\" is there twice: make a request for each."
                                 : "There is no parameter \"%.*s\" here.",
                           (int)(param.name.len < 40 ? param.name.len : 40), param.name.at);
        return true;
    }
    return false;
}

static bool refuse(struct http_request *request, const struct change_kind *kind)
{
    return refuse_unwritable(request) || refuse_params(request, kind);
}

static void submit(struct http_request *request, struct change *c)
{
    call_begin(&c->call, request);
    store_submit(store_of(request), &c->op);
}

static void change_flags(struct http_request *request, const struct change_kind *kind)
{
    if (!refuse(request, kind))
        submit(request, change_new(request, kind));
}

void contact_suppress(struct http_request *request)
{
    change_flags(request, &suppress);
}

void contact_unsuppress(struct http_request *request)
{
    change_flags(request, &unsuppress);
}

/* A list or a topic that is said must be one; both at once are none. */
static int check_choice(struct http_request *request, struct err *err)
{
    struct str list = http_request_query_param(request, "list");
    struct str topic = http_request_query_param(request, "topic");
    bool says_list = says(http_request_query(request), STR("list"));
    bool says_topic = says(http_request_query(request), STR("topic"));
    if (says_list && says_topic)
        return err_set(err, "Name a list or a topic, not both.");
    if (says_list && list.len == 0)
        return err_set(err, "The name of the list is empty, or badly encoded.");
    if (says_topic && topic.len == 0)
        return err_set(err, "The name of the topic is empty, or badly encoded.");
    return topic.len ? message_label_check("The topic", topic, err) : 0;
}

static void change_choice(struct http_request *request, const struct change_kind *kind)
{
    struct err err;
    if (refuse(request, kind))
        return;
    if (check_choice(request, &err) != 0)
        http_respond_error(request, 400, "%s", err.text);
    else
        submit(request, change_new(request, kind));
}

void contact_unsubscribe(struct http_request *request)
{
    change_choice(request, &unsubscribe);
}

void contact_resubscribe(struct http_request *request)
{
    change_choice(request, &resubscribe);
}

void contact_consent(struct http_request *request)
{
    uint8_t flag;
    if (refuse(request, &consent))
        return;
    if (!contact_consent_parse(http_request_query_param(request, "state"), &flag)) {
        http_respond_error(request, 400,
                           "The parameter \"state\" must be granted, refused or unknown.");
        return;
    }
    struct change *c = change_new(request, &consent);
    c->consent = flag;
    submit(request, c);
}

void contact_erasure(struct http_request *request)
{
    struct str text = http_request_query_param(request, "keep_suppressed");
    if (refuse(request, &erase))
        return;
    if (says(http_request_query(request), STR("keep_suppressed")) && !str_eq(text, STR("true")) &&
        !str_eq(text, STR("false"))) {
        http_respond_error(request, 400,
                           "The parameter \"keep_suppressed\" must be true or false.");
        return;
    }
    struct change *c = change_new(request, &erase);
    c->keep_suppressed = str_eq(text, STR("true"));
    submit(request, c);
}
