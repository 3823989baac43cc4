#include "sink/envelope.h"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 255, CHUNK_DIGITS_MAX = 12 };

/*
 * Path = "<" [ A-d-l ":" ] Mailbox ">"   (RFC 5321 §4.1.2; source routes are not taken)
 *
 * Cuts the path off *rest. A quoted local part may hold ">" and escaped quotes.
 */
static bool cut_path(struct str *rest, struct str *path)
{
    bool quoted = false;
    if (rest->len == 0 || rest->at[0] != '<')
        return false;
    for (size_t i = 1; i < rest->len; i++) {
        char byte = rest->at[i];
        if (quoted && byte == '\\')
            i++;
        else if (byte == '"')
            quoted = !quoted;
        else if (byte == '>' && !quoted) {
            *path = str_from(rest->at + 1, i - 1);
            *rest = str_skip(*rest, i + 1);
            return true;
        }
    }
    return false;
}

static bool is_alnum(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

/* sub-domain = Let-dig [Ldh-str]; with RFC 6531 §3.3 also a U-label. */
static bool is_label(struct str label, bool utf8)
{
    if (label.len == 0 || label.len > 63 || label.at[0] == '-' || label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        unsigned char byte = (unsigned char)label.at[i];
        if (!is_alnum(byte) && byte != '-' && !(utf8 && byte >= 0x80))
            return false;
    }
    return true;
}

static bool is_domain(struct str domain, bool utf8)
{
    if (domain.len == 0 || domain.len > DOMAIN_MAX)
        return false;
    if (domain.at[0] == '[')
        return domain.len > 2 && domain.at[domain.len - 1] == ']';
    struct str rest = domain;
    while (rest.at)
        if (!is_label(str_cut(&rest, '.'), utf8))
            return false;
    return true;
}

/* Quoted-string = DQUOTE *(qtextSMTP / quoted-pairSMTP) DQUOTE */
static bool is_quoted(struct str local)
{
    if (local.len < 2 || local.at[local.len - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < local.len; i++) {
        if (local.at[i] == '\\' && ++i + 1 >= local.len)
            return false;
        if ((unsigned char)local.at[i] < 0x20 || local.at[i] == 0x7f)
            return false;
    }
    return true;
}

/* Local-part = Dot-string / Quoted-string; atext of RFC 5322 §3.2.3, and UTF-8 with RFC 6531. */
static bool is_local(struct str local, bool utf8)
{
    if (local.len == 0 || local.len > LOCAL_MAX || (!utf8 && !str_is_ascii(local)))
        return false;
    if (local.at[0] == '"')
        return is_quoted(local);
    char before = '.';
    for (size_t i = 0; i < local.len; i++) {
        unsigned char byte = (unsigned char)local.at[i];
        if (byte == '.'
                ? before == '.'
                : byte < 0x80 && !is_alnum(byte) && !(byte && strchr("!#$%&'*+-/=?^_`{|}~", byte)))
            return false;
        before = (char)byte;
    }
    return before != '.';
}

static bool is_mailbox(struct str address, bool utf8)
{
    for (size_t i = address.len; i > 0; i--)
        if (address.at[i - 1] == '@')
            return is_local(str_from(address.at, i - 1), utf8) &&
                   is_domain(str_skip(address, i), utf8) && (!utf8 || str_is_utf8(address));
    return false;
}

/* esmtp-param = esmtp-keyword ["=" esmtp-value], those that our EHLO offers. */
static bool take_param(struct str param, struct mail_params *out)
{
    struct str value = param;
    struct str keyword = str_cut(&value, '=');
    if (str_eq_nocase(keyword, STR("SIZE")))
        return str_to_u64(value, &out->size);
    if (str_eq_nocase(keyword, STR("SMTPUTF8")) && !value.at) {
        out->utf8 = true;
        return true;
    }
    if (!str_eq_nocase(keyword, STR("BODY")))
        return false;
    out->eight_bit = str_eq_nocase(value, STR("8BITMIME"));
    return out->eight_bit || str_eq_nocase(value, STR("7BIT"));
}

enum envelope_result envelope_mail(struct str args, struct mail_params *out)
{
    *out = (struct mail_params){0};
    struct str rest = str_skip(args, 5);
    if (!str_starts_nocase(args, STR("FROM:")) || !cut_path(&rest, &out->address))
        return ENVELOPE_SYNTAX;
    if (rest.len && rest.at[0] != ' ')
        return ENVELOPE_SYNTAX;
    rest = str_skip(rest, 1);
    while (rest.len)
        if (!take_param(str_cut(&rest, ' '), out))
            return ENVELOPE_PARAMETER;
    if (out->address.len && !is_mailbox(out->address, out->utf8))
        return ENVELOPE_ADDRESS;
    return ENVELOPE_OK;
}

enum envelope_result envelope_rcpt(struct str args, bool utf8, struct str *address)
{
    struct str rest = str_skip(args, 3);
    if (!str_starts_nocase(args, STR("TO:")) || !cut_path(&rest, address))
        return ENVELOPE_SYNTAX;
    if (rest.len)
        return rest.at[0] == ' ' ? ENVELOPE_PARAMETER : ENVELOPE_SYNTAX;
    if (!str_eq_nocase(*address, STR("postmaster")) && !is_mailbox(*address, utf8))
        return ENVELOPE_ADDRESS;
    return ENVELOPE_OK;
}

/* bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF   (RFC 3030 §2) */
bool envelope_bdat(struct str args, uint64_t *size, bool *last)
{
    struct str rest = args;
    struct str digits = str_cut(&rest, ' ');
    *last = rest.at != NULL;
    if (*last && !str_eq_nocase(rest, STR("LAST")))
        return false;
    return digits.len <= CHUNK_DIGITS_MAX && str_to_u64(digits, size);
}
