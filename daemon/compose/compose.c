#include "compose/compose.h"

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

void sheet_free(struct sheet *sheet)
{
    if (!sheet)
        return;
    buf_release(&sheet->head);
    buf_release(&sheet->body);
    free(sheet);
}

void composer_init(struct composer *composer)
{
    *composer = (struct composer){0};
    letterhead_init(&composer->letterhead);
}

void composer_release(struct composer *c)
{
    signers_release(&c->signers);
    token_maker_free(c->tokens);
    letterhead_release(&c->letterhead);
    set_memory_release(&c->gate.sets);
    arena_release(&c->scratch);
    struct buf *all[] = {&c->subject, &c->plain, &c->headers, &c->value, &c->unsubscribe};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_release(all[i]);
}

int composer_use(struct composer *composer, const struct senders *senders, struct err *err)
{
    struct signers fresh = {0};
    if (signers_init(&fresh, senders, err) != 0)
        return -1;
    signers_release(&composer->signers);
    token_maker_free(composer->tokens);
    letterhead_forget(&composer->letterhead);
    composer->tokens = token_maker_new(&senders->tokens);
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

static int fail(struct copy *copy)
{
    return skip(copy, SKIP_RENDER);
}

/* Whatever is rendered of a copy is rendered with these. */
static struct render_options options_of(const struct work *w, enum render_escape escape)
{
    return (struct render_options){.escape = escape,
                                   .now_s = w->now,
                                   .zone = w->composer->senders->zone,
                                   .language = w->copy->mailing->message->words};
}

/* What became of a rendering: 0, or the copy is skipped with the sentence that says why. */
static int rendered(struct work *w, const char *what, int result,
                    const struct template_error *error)
{
    if (result == 0)
        return 0;
    if (result == TEMPLATE_ABORTED) {
        err_set(&w->copy->why, "the message leaves this contact out: %s", error->text);
        return skip(w->copy, SKIP_ABORTED);
    }
    err_set(&w->copy->why, "The %s could not be rendered: %s", what, error->text);
    return fail(w->copy);
}

static int render_subject(struct work *w)
{
    struct composer *c = w->composer;
    struct template_error error;
    struct template_scope scope = scope_for(&w->scope);
    struct render_options options = options_of(w, ESCAPE_TEXT);
    buf_reset(&c->subject);
    int result = template_render(w->copy->mailing->message->subject, &scope, &options, &c->scratch,
                                 &c->subject, &error);
    if (rendered(w, "subject", result, &error) != 0)
        return -1;
    w->scope.subject = buf_str(&c->subject);
    if (str_trim(w->scope.subject).len > 0)
        return 0;
    err_set(&w->copy->why, "The subject is empty for this contact: give its names a default.");
    return fail(w->copy);
}

/* Text number `i` of the body, in the encoding that takes the least and can hold it. */
static int render_part(struct work *w, struct mime *mime, size_t i, const struct part *part,
                       enum render_escape escape)
{
    static const char *const names[] = {"text made from the message", "HTML made from the message"};
    struct composer *c = w->composer;
    struct buf *body = &w->copy->sheet->body;
    struct template_error error;
    struct template_scope scope = scope_for(&w->scope);
    struct render_options options = options_of(w, escape);
    size_t start = body->len;
    int result = PART_UNFIT;
    for (unsigned times = 0; times < 2 && result == PART_UNFIT; times++) {
        if (times > 0)
            mime->texts[i].encoding = part->encoding;
        buf_cut(body, start);
        mime_text(mime, i, body);
        result = part_render(part, mime->texts[i].encoding, &scope, &options, &c->scratch,
                             &c->plain, body, &error);
    }
    return rendered(w, names[i], result, &error);
}

/* Signed mail stays 7-bit: a relay that must encode it on its way would break the signature (RFC
 * 6376 §5.3). */
static bool may_be_8bit(const struct work *w)
{
    return w->copy->may_be_8bit && w->sender->key_count == 0;
}

static bool is_8bit(const struct mime *mime)
{
    return mime->texts[0].encoding == ENCODING_8BIT || mime->texts[1].encoding == ENCODING_8BIT;
}

/* The body, and the fields that say how it is made up. */
static int add_body(struct work *w)
{
    struct buf *body = &w->copy->sheet->body;
    const struct message *m = w->copy->mailing->message;
    struct mime mime = message_mime(m);
    mime.texts[0].encoding = part_encoding(&m->text, may_be_8bit(w));
    mime.texts[1].encoding = part_encoding(&m->html, may_be_8bit(w));
    mime.eight_bit = is_8bit(&mime);
    buf_reset(body);
    mime_begin(&mime, body);
    if (render_part(w, &mime, 0, &m->text, ESCAPE_TEXT) != 0 ||
        render_part(w, &mime, 1, &m->html, ESCAPE_HTML) != 0)
        return -1;
    mime_fields(&mime, &w->composer->headers);
    w->copy->is_8bit = is_8bit(&mime);
    return 0;
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

static void add_message_id(struct work *w)
{
    struct buf *out = &w->composer->headers;
    buf_add_text(out, "Message-ID: <");
    buf_add_text(out, w->message_token);
    buf_add_byte(out, '@');
    buf_add_str(out, w->sender->identity->domain);
    buf_add_text(out, ">\r\n");
}

/* RFC 2369; the URL and the mailbox of RFC 8058. */
static void add_unsubscribe(struct work *w)
{
    const struct identity *identity = w->sender->identity;
    struct buf *value = &w->composer->value;
    buf_reset(value);
    buf_add_byte(value, '<');
    buf_add_str(value, w->scope.unsubscribe);
    buf_add_byte(value, '>');
    if (identity->list_unsubscribe_mailto.len) {
        buf_add_text(value, ", <mailto:");
        buf_add_str(value, identity->list_unsubscribe_mailto);
        buf_add_text(value, "?subject=unsubscribe>");
    }
    header_add_raw(&w->composer->headers, "List-Unsubscribe", buf_str(value));
}

static int add_headers(struct work *w)
{
    struct composer *c = w->composer;
    buf_reset(&c->headers);
    letterhead_add(&c->letterhead, w->copy->mailing, w->sender, w->now, &c->headers);
    if (add_to(w) != 0)
        return -1;
    header_add_text(&c->headers, "Subject", buf_str(&c->subject), &c->value);
    add_message_id(w);
    add_unsubscribe(w);
    return 0;
}

static int sign(struct work *w)
{
    struct composer *c = w->composer;
    struct dkim_signer **signers = signers_of(&c->signers, w->sender);
    unsigned char hash[DKIM_HASH_SIZE];
    if (w->sender->key_count == 0)
        return 0;
    const struct str body[] = {buf_str(&w->copy->sheet->body), w->copy->mailing->message->tail};
    if (dkim_body_hash(signers[0], body, 2, hash, &w->copy->why) != 0)
        return fail(w->copy);
    for (size_t i = 0; i < w->sender->key_count; i++)
        if (dkim_sign_hashed(signers[i], buf_str(&c->headers), hash, w->now, &w->copy->sheet->head,
                             &w->copy->why) != 0)
            return fail(w->copy);
    return 0;
}

static void join(struct work *w)
{
    struct copy *copy = w->copy;
    buf_add_str(&copy->sheet->head, buf_str(&w->composer->headers));
    buf_add_text(&copy->sheet->head, "\r\n");
    buf_reset(&copy->sender);
    buf_add_text(&copy->sender, "b-");
    buf_add_text(&copy->sender, w->bounce_token);
    buf_add_byte(&copy->sender, '@');
    buf_add_str(&copy->sender, w->sender->identity->domain);
    copy->result = COPY_READY;
}

static int check_sender(struct work *w)
{
    struct copy *copy = w->copy;
    if (w->sender && (w->sender->has_from || copy->mailing->message->has_from))
        return 0;
    err_set(&copy->why,
            "The identity \"%.*s\" is no longer in the configuration, or lost its From.",
            STR_ARG(copy->mailing->identity));
    return fail(copy);
}

/* What readers know the sender by. */
static struct str sender_name(const struct work *w)
{
    const struct message *m = w->copy->mailing->message;
    const struct mailbox *from = m->has_from ? &m->from : &w->sender->from;
    return from->name.len ? from->name : w->sender->identity->name;
}

/* The parts once more, for who reads them as they are before they are encoded. */
static int read_along(struct work *w)
{
    struct composer *c = w->composer;
    const struct message *m = w->copy->mailing->message;
    struct template_scope scope = scope_for(&w->scope);
    struct template_error error;
    struct render_options options = options_of(w, ESCAPE_TEXT);
    if (!c->readable)
        return 0;
    buf_reset(&c->readable->text);
    int result = template_render(m->text.template, &scope, &options, &c->scratch,
                                 &c->readable->text, &error);
    if (rendered(w, "text made from the message", result, &error) != 0)
        return -1;
    buf_reset(&c->readable->html);
    options = options_of(w, ESCAPE_HTML);
    result = template_render(m->html.template, &scope, &options, &c->scratch, &c->readable->html,
                             &error);
    return rendered(w, "HTML made from the message", result, &error);
}

void compose_copy(struct composer *composer, struct txn *txn, struct copy *copy, int64_t now)
{
    struct work w = {.composer = composer, .copy = copy, .now = now};
    struct contact contact;
    char token[TOKEN_LENGTH + 1];
    copy->result = COPY_HELD;
    copy->reason = SKIP_NONE;
    buf_reset(&copy->sheet->head);
    buf_reset(&copy->recipient);
    arena_reset(&composer->scratch);
    if (mailing_gate(copy->mailing) != GATE_OPEN)
        return;
    w.sender = senders_find(composer->senders, copy->mailing->identity);
    bool consent_needed = w.sender && w.sender->identity->require_consent;
    if (gate_pass(txn, &composer->gate, consent_needed, copy, &contact) != 0 ||
        check_sender(&w) != 0)
        return;
    struct token_maker *tokens = composer->tokens;
    token_make(tokens, TOKEN_UNSUBSCRIBE, copy->mailing->job, copy->contact, token);
    token_make(tokens, TOKEN_MESSAGE, copy->mailing->job, copy->contact, w.message_token);
    token_make(tokens, TOKEN_BOUNCE, copy->mailing->job, copy->contact, w.bounce_token);
    buf_reset(&composer->unsubscribe);
    buf_add_str(&composer->unsubscribe, w.sender->identity->base_url);
    buf_add_text(&composer->unsubscribe, "/u/");
    buf_add_text(&composer->unsubscribe, token);
    w.scope = (struct scope){.txn = txn,
                             .contact = &contact,
                             .mailing = copy->mailing,
                             .identity = w.sender->identity,
                             .sender = sender_name(&w),
                             .unsubscribe = buf_str(&composer->unsubscribe),
                             .names = &composer->names,
                             .tokens = tokens,
                             .memory = &composer->scratch};
    if (render_subject(&w) == 0 && add_headers(&w) == 0 && add_body(&w) == 0 && sign(&w) == 0 &&
        read_along(&w) == 0)
        join(&w);
}
