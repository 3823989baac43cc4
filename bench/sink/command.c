#include "sink/command.h"

#include "sink/envelope.h"

/* The client went on before it could know the last answer. */
static bool is_ahead(const struct session *s)
{
    return s->said != s->delivered;
}

/* Bad manners are drawn only where they were asked for, so that all other draws stay as they are
 * however the client speaks. */
static bool misbehave(struct session *s, enum stage stage)
{
    return faults_have(&s->options->faults, stage) && session_draw(s, stage);
}

/* A command at the wrong time: the client's fault, unless it was pipelined behind a refusal. */
static void refuse_sequence(struct session *s, const char *text)
{
    if (!s->envelope.refused)
        session_fault(s, text);
    session_reply(s, 503, text);
}

static void refuse_syntax(struct session *s, unsigned code, const char *text)
{
    session_fault(s, text);
    session_reply(s, code, text);
}

static void reply_line(struct session *s, const char *text)
{
    buf_add_text(&s->out, text);
    s->said += strlen(text);
}

static void say_extensions(struct session *s)
{
    reply_line(s, "250-sink.example greets you\r\n");
    if (!s->options->no_pipelining)
        reply_line(s, "250-PIPELINING\r\n");
    reply_line(s, "250-SIZE 104857600\r\n");
    if (!s->options->no_8bitmime)
        reply_line(s, "250-8BITMIME\r\n");
    if (!s->options->no_smtputf8)
        reply_line(s, "250-SMTPUTF8\r\n");
    if (!s->options->no_chunking)
        reply_line(s, "250-CHUNKING\r\n");
    if (s->tls_offered && !s->tls)
        reply_line(s, "250-STARTTLS\r\n");
    session_reply(s, 250, "ENHANCEDSTATUSCODES");
}

static void run_ehlo(struct session *s, struct str args)
{
    session_reset(s);
    if (args.len == 0) {
        refuse_syntax(s, 501, "5.5.4 EHLO needs a name");
        return;
    }
    if (session_draw(s, STAGE_EHLO))
        return;
    s->hello = s->extended = true;
    say_extensions(s);
}

static void run_helo(struct session *s, struct str args)
{
    session_reset(s);
    if (args.len == 0) {
        refuse_syntax(s, 501, "5.5.4 HELO needs a name");
        return;
    }
    s->hello = true;
    s->extended = false;
    session_reply(s, 250, "sink.example");
}

static void run_starttls(struct session *s, struct str args)
{
    if (args.len) {
        refuse_syntax(s, 501, "5.5.4 STARTTLS takes no argument");
        return;
    }
    if (!s->tls_offered || !s->extended || s->tls) {
        refuse_sequence(s, "5.5.1 STARTTLS was not offered");
        return;
    }
    if (session_draw(s, STAGE_STARTTLS))
        return;
    session_reply(s, 220, "2.0.0 Go ahead");
    s->fate = FATE_START_TLS;
}

static bool check_params(struct session *s, enum envelope_result result,
                         const struct mail_params *params)
{
    bool utf8_unoffered = params && params->utf8 && s->options->no_smtputf8;
    bool unextended = params && !s->extended && (params->utf8 || params->eight_bit || params->size);
    if (result == ENVELOPE_SYNTAX)
        refuse_syntax(s, 501, "5.5.4 The path cannot be read");
    else if (result == ENVELOPE_ADDRESS)
        refuse_syntax(s, 553, "5.1.3 The address cannot be read");
    else if (result == ENVELOPE_PARAMETER || utf8_unoffered || unextended)
        refuse_syntax(s, 555, "5.5.4 A parameter that was not offered");
    else
        return true;
    s->envelope.refused = true;
    return false;
}

static bool at_message_limit(const struct session *s)
{
    return s->options->max_messages && s->messages >= s->options->max_messages;
}

static void run_mail(struct session *s, struct str args)
{
    struct mail_params params;
    if (!s->hello) {
        refuse_sequence(s, "5.5.1 EHLO comes first");
        return;
    }
    if (s->envelope.open) {
        refuse_sequence(s, "5.5.1 A transaction is open already");
        return;
    }
    session_reset(s);
    if (!check_params(s, envelope_mail(args, &params), &params))
        return;
    s->envelope.refused = true;
    if (at_message_limit(s)) {
        session_reply(s, 421, "4.7.0 Too many messages on this connection");
        return;
    }
    if (params.size > MESSAGE_MAX) {
        session_reply(s, 552, "5.3.4 Message too big");
        return;
    }
    tally_add(&s->record->tally.overlapped, is_ahead(s));
    if ((is_ahead(s) && misbehave(s, STAGE_OVERLAP)) || session_draw(s, STAGE_MAIL))
        return;
    s->envelope.refused = false;
    s->envelope.open = true;
    s->envelope.eight_bit = params.eight_bit;
    s->envelope.utf8 = params.utf8;
    record_escape(&s->envelope.from, params.address.len ? params.address : STR("<>"));
    session_reply(s, 250, "2.1.0 Sender ok");
}

static void add_recipient(struct session *s, struct str address)
{
    struct envelope *e = &s->envelope;
    if (e->recipients++)
        buf_add_byte(&e->to, ',');
    record_escape(&e->to, address);
    session_reply(s, 250, "2.1.5 Recipient ok");
}

static void run_rcpt(struct session *s, struct str args)
{
    struct envelope *e = &s->envelope;
    struct str address;
    if (!e->open || s->body_open) {
        refuse_sequence(s, "5.5.1 MAIL comes first");
        return;
    }
    if (!check_params(s, envelope_rcpt(args, e->utf8, &address), NULL))
        return;
    if (e->recipients == RECIPIENTS_MAX) {
        session_reply(s, 452, "4.5.3 Too many recipients");
        return;
    }
    const struct fault_rule *rule = fault_for_recipient(address, s->options->defer_times);
    if (!rule || rule->stage != STAGE_RCPT)
        e->end = rule ? rule : e->end;
    else
        session_obey(s, rule);
    bool refused = (rule && rule->stage == STAGE_RCPT) ||
                   (is_ahead(s) && misbehave(s, STAGE_PIPELINE)) || session_draw(s, STAGE_RCPT);
    if (refused)
        e->refused = true;
    else
        add_recipient(s, address);
}

static void run_data(struct session *s, struct str args)
{
    struct envelope *e = &s->envelope;
    if (args.len) {
        refuse_syntax(s, 501, "5.5.4 DATA takes no argument");
        return;
    }
    if (e->open && e->recipients == 0 && e->refused) {
        session_reply(s, 554, "5.5.1 No valid recipients");
        return;
    }
    if (!e->open || e->recipients == 0 || s->body_open) {
        refuse_sequence(s, "5.5.1 MAIL and RCPT come first, and no BDAT");
        return;
    }
    if (session_draw(s, STAGE_GO_AHEAD))
        return;
    session_open_body(s);
    s->mode = MODE_DATA;
    session_reply(s, 354, "End with a dot on a line of its own");
}

/* RFC 3030 §2: the octets are read and thrown away before a refusal is said. */
void command_refuse_chunk(struct session *s)
{
    if (s->envelope.open && s->envelope.refused)
        session_reply(s, 554, "5.5.1 No valid recipients");
    else
        refuse_sequence(s, "5.5.1 MAIL and RCPT come before BDAT");
}

static void run_bdat(struct session *s, struct str args)
{
    struct envelope *e = &s->envelope;
    if (misbehave(s, STAGE_BDAT))
        return;
    if (!envelope_bdat(args, &s->chunk_left, &s->chunk_last)) {
        refuse_syntax(s, 501, "5.5.4 BDAT needs a size, and LAST or nothing");
        s->fate = FATE_CLOSE;
        return;
    }
    if (s->options->no_chunking)
        session_fault(s, "BDAT without CHUNKING");
    s->chunk_refused = s->options->no_chunking || !e->open || e->recipients == 0;
    if (!s->chunk_refused && !s->body_open) {
        session_open_body(s);
        e->chunked = true;
    }
    s->mode = MODE_CHUNK;
    if (s->chunk_left == 0)
        session_end_chunk(s);
}

static void run_rset(struct session *s, struct str args)
{
    if (args.len) {
        refuse_syntax(s, 501, "5.5.4 RSET takes no argument");
        return;
    }
    session_reset(s);
    session_reply(s, 250, "2.0.0 Reset");
}

static void run_noop(struct session *s, struct str args)
{
    (void)args;
    session_reply(s, 250, "2.0.0 Ok");
}

static void run_vrfy(struct session *s, struct str args)
{
    (void)args;
    session_reply(s, 252, "2.1.5 Send, and we will see");
}

static void run_quit(struct session *s, struct str args)
{
    (void)args;
    session_reply(s, 221, "2.0.0 Bye");
    s->fate = FATE_CLOSE;
}

static const struct verb {
    const char *name;
    void (*run)(struct session *s, struct str args);
    bool ends_group; /* RFC 2920 §3.1 */
} verbs[] = {
    {"MAIL", run_mail, false}, {"RCPT", run_rcpt, false},        {"BDAT", run_bdat, false},
    {"DATA", run_data, true},  {"RSET", run_rset, false},        {"EHLO", run_ehlo, true},
    {"HELO", run_helo, true},  {"STARTTLS", run_starttls, true}, {"NOOP", run_noop, true},
    {"VRFY", run_vrfy, true},  {"QUIT", run_quit, true},
};

void command_run(struct session *s, struct str line)
{
    struct str args = line;
    struct str name = str_cut(&args, ' ');
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!str_eq_nocase(name, str_of(verbs[i].name)))
            continue;
        s->must_wait = verbs[i].ends_group;
        verbs[i].run(s, args);
        return;
    }
    refuse_syntax(s, 500, "5.5.2 A command that is unknown here");
}
