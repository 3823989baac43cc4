#include "smtp/command.h"

#define LOCAL_REPLY(number, cls, subj, det, sentence)                                       \
    {                                                                                       \
        .code = (number), .enhanced = {.class = (cls), .subject = (subj), .detail = (det)}, \
        .text = {                                                                           \
            "" sentence,                                                                    \
            sizeof(sentence) - 1                                                            \
        }                                                                                   \
    }

static const struct smtp_reply bad_sender =
    LOCAL_REPLY(553, 5, 1, 7, "The sender's address cannot be written in SMTP; not sent.");
static const struct smtp_reply bad_recipient =
    LOCAL_REPLY(553, 5, 1, 3, "The recipient's address cannot be written in SMTP; not sent.");
static const struct smtp_reply too_big =
    LOCAL_REPLY(552, 5, 3, 4, "The message is bigger than the server's SIZE limit; not sent.");
static const struct smtp_reply no_smtputf8 = LOCAL_REPLY(
    550, 5, 6, 7, "The server does not offer SMTPUTF8, which this mail needs; not sent.");

/*
 * RFC 5321 §4.1.2, with §3.3 of RFC 6531 for the bytes above 127:
 *
 *     Path          = "<" Mailbox ">"
 *     Mailbox       = Local-part "@" ( Domain / address-literal )
 *     Local-part    = Dot-string / Quoted-string
 *     QcontentSMTP  = qtextSMTP / quoted-pairSMTP
 *
 * Whether a mailbox is well-formed is decided where addresses are read. Here stands only what keeps
 * one from ending its line or its brackets early: no controls at all, and no space or bracket
 * outside a quoted string.
 */
static bool fits_in_brackets(struct str address)
{
    bool quoted = false;
    if (address.len > SMTP_ADDRESS_MAX || !str_is_utf8(address))
        return false;
    for (size_t i = 0; i < address.len; i++) {
        unsigned char c = (unsigned char)address.at[i];
        if (c < 0x20 || c == 0x7f)
            return false;
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ' ' || c == '<' || c == '>' || c == '\\'))
            return false;
        else if (c == '\\' && ++i < address.len && (address.at[i] < 0x20 || address.at[i] > 0x7e))
            return false;
    }
    return !quoted;
}

static bool needs_smtputf8(const struct smtp_transaction *tx)
{
    return tx->needs_smtputf8 || !str_is_ascii(tx->sender) || !str_is_ascii(tx->recipient);
}

const struct smtp_reply *smtp_command_refusal(const struct smtp_transaction *tx,
                                              const struct smtp_extensions *offers,
                                              enum smtp_phase *phase)
{
    *phase = SMTP_PHASE_MAIL;
    if (!fits_in_brackets(tx->sender))
        return &bad_sender;
    if (needs_smtputf8(tx) && !offers->smtputf8)
        return &no_smtputf8;
    if (offers->size_limit > 0 && smtp_message_size(tx) > offers->size_limit)
        return &too_big;
    *phase = SMTP_PHASE_RCPT;
    if (tx->recipient.len == 0 || !fits_in_brackets(tx->recipient))
        return &bad_recipient;
    return NULL;
}

void smtp_command_mail(const struct smtp_transaction *tx, const struct smtp_extensions *offers,
                       struct smtp_output *out)
{
    smtp_output_copy(out, STR("MAIL FROM:<"));
    smtp_output_copy(out, tx->sender);
    smtp_output_copy(out, STR(">"));
    if (offers->size) {
        smtp_output_copy(out, STR(" SIZE="));
        smtp_output_copy_u64(out, smtp_message_size(tx));
    }
    if (tx->eight_bit && offers->eightbitmime)
        smtp_output_copy(out, STR(" BODY=8BITMIME"));
    if (needs_smtputf8(tx))
        smtp_output_copy(out, STR(" SMTPUTF8"));
    smtp_output_copy(out, STR("\r\n"));
}

void smtp_command_rcpt(const struct smtp_transaction *tx, struct smtp_output *out)
{
    smtp_output_copy(out, STR("RCPT TO:<"));
    smtp_output_copy(out, tx->recipient);
    smtp_output_copy(out, STR(">\r\n"));
}

/* The last n bytes of the message, which may lie in several parts, are `end`? */
static bool message_ends(const struct smtp_transaction *tx, struct str end)
{
    size_t left = end.len;
    for (size_t i = tx->body_count; i > 0 && left > 0; i--) {
        struct str part = tx->body[i - 1];
        for (size_t n = part.len; n > 0 && left > 0; n--, left--)
            if (part.at[n - 1] != end.at[left - 1])
                return false;
    }
    return left == 0;
}

static struct str missing_line_end(const struct smtp_transaction *tx)
{
    return message_ends(tx, STR("\r\n")) ? STR("") : STR("\r\n");
}

uint64_t smtp_message_size(const struct smtp_transaction *tx)
{
    uint64_t size = missing_line_end(tx).len;
    for (size_t i = 0; i < tx->body_count; i++)
        size += tx->body[i].len;
    return size;
}

void smtp_command_bdat(const struct smtp_transaction *tx, struct smtp_output *out)
{
    smtp_output_copy(out, STR("BDAT "));
    smtp_output_copy_u64(out, smtp_message_size(tx));
    smtp_output_copy(out, STR(" LAST\r\n"));
    for (size_t i = 0; i < tx->body_count; i++)
        smtp_output_refer(out, tx->body[i]);
    smtp_output_copy(out, missing_line_end(tx));
}

/*
 * Doubles each dot at the start of a line. A line starts after any LF, also a bare one, so that no
 * server, however lenient, sees the end of the message before its end (SMTP smuggling).
 */
static void stuff_part(struct str part, bool *at_line_start, struct smtp_output *out)
{
    while (part.len > 0) {
        if (*at_line_start && part.at[0] == '.')
            smtp_output_refer(out, STR("."));
        const char *dot = memmem(part.at, part.len, "\n.", 2);
        size_t n = dot ? (size_t)(dot - part.at) + 1 : part.len;
        *at_line_start = part.at[n - 1] == '\n';
        smtp_output_refer(out, str_from(part.at, n));
        part = str_skip(part, n);
    }
}

void smtp_command_body(const struct smtp_transaction *tx, struct smtp_output *out)
{
    bool at_line_start = true;
    for (size_t i = 0; i < tx->body_count; i++)
        stuff_part(tx->body[i], &at_line_start, out);
    smtp_output_copy(out, missing_line_end(tx));
    smtp_output_copy(out, STR(".\r\n"));
}
