#include "compose/compose.h"

#include "base/random.h"
#include "compose/scope.h"
#include "mail/header.h"
#include "mail/mime.h"

/* One copy while it is made. */
struct work {
    struct composer *composer;
    struct copy *copy;
    const struct sender *sender;
    struct scope scope;
    int64_t now;
    char message_token[TOKEN_LENGTH + 1];
    char bounce_token[TOKEN_LENGTH + 1];
};

void composer_init(struct composer *composer)
{
    *composer = (struct composer){0};
}

void composer_release(struct composer *c)
{
    signers_release(&c->signers);
    arena_release(&c->scratch);
    struct buf *all[] = {&c->subject, &c->html, &c->text, &c->headers, &c->body, &c->value};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_release(all[i]);
}

int composer_use(struct composer *composer, const struct senders *senders, struct err *err)
{
    struct signers fresh = {0};
    if (signers_init(&fresh, senders, err) != 0)
        return -1;
    signers_release(&composer->signers);
    composer->signers = fresh;
    composer->senders = senders;
    return 0;
}

static int skip(struct copy *copy, enum skip_reason reason)
{
    copy->result = COPY_SKIP;
    copy->reason = reason;
    return -1;
}

/* A render failure keeps the sentence that says where. */
static int fail(struct copy *copy)
{
    return skip(copy, SKIP_RENDER);
}

static int find_contact(struct txn *txn, struct copy *copy, struct contact *out)
{
    if (!contact_read(txn, copy->contact, out)) {
        err_set(&copy->why, "%s", skip_reason_text(SKIP_NO_CONTACT));
        return skip(copy, SKIP_NO_CONTACT);
    }
    buf_add_str(&copy->recipient, out->address);
    if (out->flags & CONTACT_SUPPRESSED) {
        err_set(&copy->why, "%s", skip_reason_text(SKIP_SUPPRESSED));
        return skip(copy, SKIP_SUPPRESSED);
    }
    return 0;
}

static int render(struct work *w, const char *part, const struct template *t,
                  enum render_escape escape, struct buf *out)
{
    struct template_error error;
    struct template_scope scope = scope_for(&w->scope);
    struct render_options options = {.escape = escape, .now_s = w->now};
    buf_reset(out);
    if (template_render(t, &scope, &options, &w->composer->scratch, out, &error) == 0)
        return 0;
    err_set(&w->copy->why, "The %s could not be rendered: %s", part, error.text);
    return fail(w->copy);
}

static int render_parts(struct work *w)
{
    struct composer *c = w->composer;
    const struct message *m = w->copy->mailing->message;
    if (render(w, "subject", m->subject, ESCAPE_NONE, &c->subject) != 0)
        return -1;
    if (str_trim(buf_str(&c->subject)).len == 0) {
        err_set(&w->copy->why, "The subject is empty for this contact: give its names a default.");
        return fail(w->copy);
    }
    if (render(w, "HTML made from the message", m->html, ESCAPE_HTML, &c->html) != 0)
        return -1;
    return render(w, "text made from the message", m->text, ESCAPE_NONE, &c->text);
}

/* Boundaries begin with "=_", which neither quoted-printable nor base64 can hold, and end in a
 * token. A 7-bit part that quotes a whole mail of ours could hold one: then chance makes another.
 */
static void add_parts(struct work *w)
{
    struct composer *c = w->composer;
    char boundary[MIME_BOUNDARY_MAX + 1];
    int n = snprintf(boundary, sizeof(boundary), "=_%s", w->message_token);
    while (mime_alternative(&c->headers, &c->body, str_from(boundary, (size_t)n), buf_str(&c->text),
                            buf_str(&c->html)) != 0)
        n = snprintf(boundary, sizeof(boundary), "=_%s_%016llx", w->message_token,
                     (unsigned long long)random_u64());
}

static void add_identity_fields(struct work *w)
{
    struct buf *out = &w->composer->headers;
    const struct message *m = w->copy->mailing->message;
    header_add_date(out, "Date", w->now);
    header_add_mailbox(out, "From", m->has_from ? &m->from : &w->sender->from);
    if (m->has_reply_to)
        header_add_mailbox(out, "Reply-To", &m->reply_to);
}

static void add_value(struct work *w, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_value(struct work *w, const char *name, const char *format, ...)
{
    struct buf *value = &w->composer->value;
    va_list args;
    va_start(args, format);
    buf_reset(value);
    buf_addv(value, format, args);
    va_end(args);
    header_add_raw(&w->composer->headers, name, buf_str(value));
}

/* What the list is called in List-Id and Feedback-ID. */
static struct str list_label(const struct message *m)
{
    if (m->list_id.len)
        return m->list_id;
    return m->topic.len ? m->topic : STR("mail");
}

/* RFC 2919, 2369 and 8058. */
static void add_list_fields(struct work *w)
{
    const struct identity *identity = w->sender->identity;
    const struct mailing *mailing = w->copy->mailing;
    struct str label = list_label(mailing->message);
    add_value(w, "List-Id", "<%.*s.%s>", STR_ARG(label), identity->domain.at);
    if (identity->list_unsubscribe_mailto.len)
        add_value(w, "List-Unsubscribe", "<%.*s>, <mailto:%s?subject=unsubscribe>",
                  STR_ARG(w->scope.unsubscribe), identity->list_unsubscribe_mailto.at);
    else
        add_value(w, "List-Unsubscribe", "<%.*s>", STR_ARG(w->scope.unsubscribe));
    header_add_raw(&w->composer->headers, "List-Unsubscribe-Post",
                   STR("List-Unsubscribe=One-Click"));
    add_value(w, "Feedback-ID", "%u:%.*s:%s:%s", mailing->job, STR_ARG(label),
              job_lane_name(mailing->lane), identity->domain.at);
}

/* The address was checked when the contact came in; a record that no longer parses is skipped. */
static int add_to(struct work *w)
{
    struct mailbox to = {0};
    if (address_parse(w->scope.contact->address, &to.address, NULL) != 0) {
        err_set(&w->copy->why, "The stored address is not a valid one.");
        return fail(w->copy);
    }
    w->copy->needs_smtputf8 = to.address.utf8_local;
    header_add_mailbox(&w->composer->headers, "To", &to);
    return 0;
}

static int add_headers(struct work *w)
{
    struct composer *c = w->composer;
    buf_reset(&c->headers);
    buf_reset(&c->body);
    add_identity_fields(w);
    if (add_to(w) != 0)
        return -1;
    header_add_text(&c->headers, "Subject", buf_str(&c->subject));
    add_value(w, "Message-ID", "<%s@%s>", w->message_token, w->sender->identity->domain.at);
    add_list_fields(w);
    header_add_raw(&c->headers, "MIME-Version", STR("1.0"));
    add_parts(w);
    return 0;
}

static int sign(struct work *w)
{
    struct composer *c = w->composer;
    struct dkim_signer **signers = signers_of(&c->signers, w->sender);
    unsigned char hash[DKIM_HASH_SIZE];
    if (w->sender->key_count == 0)
        return 0;
    if (dkim_body_hash(signers[0], buf_str(&c->body), hash, &w->copy->why) != 0)
        return fail(w->copy);
    for (size_t i = 0; i < w->sender->key_count; i++)
        if (dkim_sign_hashed(signers[i], buf_str(&c->headers), hash, w->now, &w->copy->text,
                             &w->copy->why) != 0)
            return fail(w->copy);
    return 0;
}

static void join(struct work *w)
{
    struct copy *copy = w->copy;
    buf_add_str(&copy->text, buf_str(&w->composer->headers));
    buf_add_text(&copy->text, "\r\n");
    buf_add_str(&copy->text, buf_str(&w->composer->body));
    buf_reset(&copy->sender);
    buf_addf(&copy->sender, "b-%s@%s", w->bounce_token, w->sender->identity->domain.at);
    copy->result = COPY_READY;
}

static int find_sender(struct work *w)
{
    struct copy *copy = w->copy;
    w->sender = senders_find(w->composer->senders, copy->mailing->identity);
    if (w->sender && (w->sender->has_from || copy->mailing->message->has_from))
        return 0;
    err_set(&copy->why,
            "The identity \"%.*s\" is no longer in the configuration, or lost its From.",
            STR_ARG(copy->mailing->identity));
    return fail(copy);
}

void compose_copy(struct composer *composer, struct txn *txn, struct copy *copy, int64_t now)
{
    struct work w = {.composer = composer, .copy = copy, .now = now};
    struct contact contact;
    char token[TOKEN_LENGTH + 1], unsubscribe[512];
    copy->result = COPY_HELD;
    copy->reason = SKIP_NONE;
    buf_reset(&copy->text);
    buf_reset(&copy->recipient);
    arena_reset(&composer->scratch);
    if (mailing_gate(copy->mailing) != GATE_OPEN)
        return;
    if (find_contact(txn, copy, &contact) != 0 || find_sender(&w) != 0)
        return;
    const struct token_key *key = &composer->senders->tokens;
    token_make(key, TOKEN_UNSUBSCRIBE, copy->mailing->job, copy->contact, token);
    token_make(key, TOKEN_MESSAGE, copy->mailing->job, copy->contact, w.message_token);
    token_make(key, TOKEN_BOUNCE, copy->mailing->job, copy->contact, w.bounce_token);
    int n = snprintf(unsubscribe, sizeof(unsubscribe), "%.*s/u/%s",
                     STR_ARG(w.sender->identity->base_url), token);
    w.scope = (struct scope){.txn = txn,
                             .contact = &contact,
                             .mailing = copy->mailing,
                             .unsubscribe = str_from(unsubscribe, (size_t)n)};
    if (render_parts(&w) == 0 && add_headers(&w) == 0 && sign(&w) == 0)
        join(&w);
}
