#include "sink/session.h"

#include "sink/command.h"

enum { COMMAND_MAX = 2048 };

void session_reply(struct session *s, unsigned code, const char *text)
{
    size_t before = s->out.len;
    buf_add_u64(&s->out, code);
    buf_add_byte(&s->out, ' ');
    buf_add_text(&s->out, text);
    buf_add_text(&s->out, "\r\n");
    s->said += s->out.len - before;
    if (code == 421)
        s->fate = FATE_CLOSE;
}

void session_fault(struct session *s, const char *sentence)
{
    record_fault(s->record, s->id, sentence);
}

void session_obey(struct session *s, const struct fault_rule *rule)
{
    tally_add(&s->record->tally.injected, 1);
    switch (rule->act) {
    case ACT_REPLY:
        session_reply(s, rule->code, rule->text);
        break;
    case ACT_GARBAGE:
        buf_add_text(&s->out, rule->text);
        buf_add_text(&s->out, "\r\n");
        s->said += strlen(rule->text) + 2;
        break;
    case ACT_STALL:
        s->mode = MODE_IGNORED;
        break;
    case ACT_BREAK_TLS:
        session_reply(s, 220, "2.0.0 Go ahead");
        s->fate = FATE_BREAK_TLS;
        break;
    case ACT_CLOSE:
    case ACT_LOG_AND_CLOSE:
        s->fate = FATE_CUT;
        break;
    }
}

bool session_draw(struct session *s, enum stage stage)
{
    const struct fault_rule *rule = fault_draw(&s->options->faults, stage, s->id, s->draws++);
    if (rule)
        session_obey(s, rule);
    return rule != NULL;
}

void session_init(struct session *s, const struct options *options, struct record *record,
                  bool tls_offered, uint64_t id)
{
    *s = (struct session){
        .options = options, .record = record, .tls_offered = tls_offered, .id = id};
    body_init(&s->body);
    s->must_wait = true;
    if (session_draw(s, STAGE_BANNER)) {
        s->fate = s->fate == FATE_GO_ON && s->mode != MODE_IGNORED ? FATE_CLOSE : s->fate;
        return;
    }
    session_reply(s, 220, "sink.example ESMTP ready");
}

void session_release(struct session *s)
{
    buf_release(&s->line);
    buf_release(&s->out);
    buf_release(&s->envelope.from);
    buf_release(&s->envelope.to);
    body_release(&s->body);
}

void session_secured(struct session *s)
{
    session_reset(s);
    buf_reset(&s->line);
    s->tls = true;
    s->hello = s->extended = false;
    s->must_wait = true;
    s->fate = FATE_GO_ON;
}

void session_delivered(struct session *s, size_t bytes)
{
    s->delivered += bytes;
}

void session_check_turn(struct session *s)
{
    bool pipelining = s->extended && !s->options->no_pipelining;
    if (s->delivered == s->said)
        return;
    tally_add(&s->record->tally.pipelined, 1);
    if (!pipelining)
        session_fault(s, "a command before the last one was answered, without PIPELINING");
    else if (s->must_wait)
        session_fault(s, "bytes before the answer to a command that ends a group");
}

void session_reset(struct session *s)
{
    struct envelope *e = &s->envelope;
    e->open = e->refused = e->eight_bit = e->utf8 = e->chunked = false;
    e->recipients = 0;
    e->end = NULL;
    buf_reset(&e->from);
    buf_reset(&e->to);
    s->body_open = false;
}

void session_open_body(struct session *s)
{
    s->keep = record_choose(s->record);
    s->body_open = true;
    s->body_begun = false;
    s->dots.at = DOTS_LINE_START;
    body_begin(&s->body, (struct body_wants){.id = s->options->log != NULL,
                                             .judgment = s->options->strict,
                                             .keep = s->keep != 0,
                                             .digest = s->options->digest});
}

static void record_body_faults(struct session *s)
{
    unsigned faults = s->body.faults;
    if (s->envelope.eight_bit)
        faults &= ~(unsigned)BODY_EIGHT_BIT;
    for (unsigned bit = 1; bit <= BODY_UNFINISHED; bit <<= 1)
        if (faults & bit)
            session_fault(s, body_fault_text(bit));
}

static void accept_message(struct session *s)
{
    char digest[65];
    body_digest(&s->body, digest);
    struct record_message m = {
        .from = buf_str(&s->envelope.from),
        .recipients = buf_str(&s->envelope.to),
        .recipient_count = s->envelope.recipients,
        .id = buf_str(&s->body.id),
        .bytes = s->body.bytes,
        .digest = digest,
        .tls = s->tls,
        .bdat = s->envelope.chunked,
        .utf8 = s->envelope.utf8,
        .connection = s->id,
    };
    s->messages++;
    if (s->keep)
        record_keep(s->record, s->keep, buf_str(&s->body.keep));
    record_message(s->record, &m);
}

/* The end of the message: judge it, log it, and only then answer. */
static void finish_message(struct session *s)
{
    const struct fault_rule *rule = s->envelope.end;
    body_end(&s->body);
    record_body_faults(s);
    if (!rule)
        rule = fault_draw(&s->options->faults, STAGE_DATA, s->id, s->draws++);
    if (s->body.bytes > MESSAGE_MAX) {
        session_reply(s, 552, "5.3.4 Message too big");
    } else if (rule) {
        if (rule->act == ACT_LOG_AND_CLOSE)
            accept_message(s);
        session_obey(s, rule);
    } else {
        accept_message(s);
        session_reply(s, 250, "2.0.0 Accepted");
    }
    session_reset(s);
}

/* Finds an end of command; *line is what came before it, and its length is returned. */
static size_t cut_command(struct session *s, struct str in, struct str *line)
{
    const char *lf = memchr(in.at, '\n', in.len);
    size_t len = lf ? (size_t)(lf - in.at) + 1 : in.len;
    struct str part = str_from(in.at, len);
    *line = (struct str){NULL, 0};
    if (lf && s->line.len == 0) {
        *line = part;
        return len;
    }
    if (s->line.len <= COMMAND_MAX)
        buf_add_str(&s->line, part);
    if (lf)
        *line = buf_str(&s->line);
    return len;
}

static size_t take_command(struct session *s, struct str in)
{
    struct str line;
    size_t taken = cut_command(s, in, &line);
    if (!line.at)
        return taken;
    session_check_turn(s);
    s->must_wait = false;
    if (line.len > COMMAND_MAX) {
        session_fault(s, "a command line of more than 2048 octets");
        session_reply(s, 500, "5.5.6 Line too long");
    } else if (!str_ends(line, STR("\r\n"))) {
        session_fault(s, "a command that ends with LF alone");
        session_reply(s, 500, "5.5.2 Lines end with CR LF");
    } else {
        command_run(s, str_from(line.at, line.len - 2));
    }
    buf_reset(&s->line);
    return taken;
}

/* Draws once a message, at its first bytes; true if that ends it. */
static bool fails_in_body(struct session *s)
{
    if (s->body_begun)
        return false;
    s->body_begun = true;
    return session_draw(s, STAGE_BODY);
}

static size_t take_data(struct session *s, struct str in)
{
    if (!s->body_begun)
        session_check_turn(s);
    s->must_wait = false;
    if (fails_in_body(s))
        return in.len;
    size_t taken = dots_take(&s->dots, &s->body, in);
    if (s->dots.at == DOTS_END) {
        s->mode = MODE_COMMAND;
        finish_message(s);
    }
    return taken;
}

static size_t take_chunk(struct session *s, struct str in)
{
    size_t len = in.len < s->chunk_left ? in.len : (size_t)s->chunk_left;
    if (!s->chunk_refused && fails_in_body(s))
        return in.len;
    if (!s->chunk_refused)
        body_add(&s->body, str_from(in.at, len));
    s->chunk_left -= len;
    if (s->chunk_left == 0)
        session_end_chunk(s);
    return len;
}

void session_end_chunk(struct session *s)
{
    s->mode = MODE_COMMAND;
    if (s->chunk_refused) {
        command_refuse_chunk(s);
        if (s->chunk_last)
            session_reset(s);
    } else if (s->chunk_last) {
        finish_message(s);
    } else {
        session_reply(s, 250, "2.0.0 Chunk taken");
    }
}

void session_take(struct session *s, struct str in)
{
    while (in.len && s->fate == FATE_GO_ON && s->mode != MODE_IGNORED) {
        size_t taken = s->mode == MODE_COMMAND ? take_command(s, in)
                       : s->mode == MODE_DATA  ? take_data(s, in)
                                               : take_chunk(s, in);
        in = str_skip(in, taken);
    }
    if (in.len && s->fate == FATE_START_TLS)
        session_fault(s, "bytes behind STARTTLS before its answer");
}
