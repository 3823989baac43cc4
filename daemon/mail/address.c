#include "mail/address.h"

#include <utf8proc.h>

/* What a byte is in an unquoted local part. */
enum { OTHER = 0, ATEXT = 1, DOT = 2, AT = 4, BEYOND = 8 };

static const unsigned char kinds[256] = {
    ['a' ... 'z'] = ATEXT,
    ['A' ... 'Z'] = ATEXT,
    ['0' ... '9'] = ATEXT,
    ['!'] = ATEXT,
    ['#' ... '\''] = ATEXT,
    ['*'] = ATEXT,
    ['+'] = ATEXT,
    ['-'] = ATEXT,
    ['/'] = ATEXT,
    ['='] = ATEXT,
    ['?'] = ATEXT,
    ['^' ... '`'] = ATEXT,
    ['{' ... '~'] = ATEXT,
    ['.'] = DOT,
    ['@'] = AT,
    [0x80 ... 0xFF] = BEYOND,
};

static const struct str nothing = {NULL, 0};

/* An address without any @ is told so first: what else is wrong with it would only mislead. */
static int local_fault(struct str text, struct address_fault *why, enum address_fault_kind kind,
                       struct str part)
{
    if (!str_find(text, '@'))
        return address_fault_set(why, ADDRESS_NO_AT, nothing);
    return address_fault_set(why, kind, part);
}

static int character_fault(struct str text, size_t at, struct address_fault *why)
{
    unsigned char c = (unsigned char)text.at[at];
    if (c < 0x20 || c == 0x7F)
        return address_fault_set(why, ADDRESS_CONTROL, nothing);
    enum address_fault_kind kind = c == ' ' ? ADDRESS_SPACE : ADDRESS_LOCAL_CHARACTER;
    return local_fault(text, why, kind, str_from(text.at + at, 1));
}

/*
 * RFC 6531 takes any character beyond ASCII. Those that nobody can see are refused all the same,
 * for they come from copying and pasting; the joiners stay, since some scripts are written with
 * them.
 */
static enum address_fault_kind beyond_fault(utf8proc_int32_t point)
{
    if (point == 0x200C || point == 0x200D)
        return ADDRESS_OK;
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC:
        return ADDRESS_CONTROL;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return ADDRESS_SPACE;
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
        return ADDRESS_INVISIBLE;
    default:
        return ADDRESS_OK;
    }
}

static int utf8_check(struct str local, struct address_fault *why)
{
    while (local.len) {
        utf8proc_int32_t point;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)local.at,
                                              (utf8proc_ssize_t)local.len, &point);
        if (n <= 0)
            return address_fault_set(why, ADDRESS_NOT_UTF8, nothing);
        enum address_fault_kind kind = point < 0x80 ? ADDRESS_OK : beyond_fault(point);
        if (kind != ADDRESS_OK)
            return address_fault_set(why, kind, str_from(local.at, (size_t)n));
        local = str_skip(local, (size_t)n);
    }
    return 0;
}

/*
 * RFC 5321 §4.1.2 and RFC 6531 §3.3:
 *
 *     Dot-string = Atom *("." Atom)
 *     Atom       = 1*( atext / UTF8-non-ascii )
 *
 * Copies it to out->text and returns where the @ is in `text`, or -1.
 */
static int take_dot_string(struct str text, struct address *out, struct address_fault *why)
{
    unsigned last = DOT;
    unsigned seen = 0;
    size_t i;
    for (i = 0; i < text.len && i <= ADDRESS_LOCAL_MAX; i++) {
        unsigned kind = kinds[(unsigned char)text.at[i]];
        if (kind == AT)
            break;
        if (kind == OTHER)
            return character_fault(text, i, why);
        if (kind == DOT && last == DOT)
            return local_fault(text, why, ADDRESS_LOCAL_DOT, nothing);
        out->text[i] = text.at[i];
        seen |= kind;
        last = kind;
    }
    if (i > ADDRESS_LOCAL_MAX)
        return local_fault(text, why, ADDRESS_LOCAL_TOO_LONG, nothing);
    if (last == DOT)
        return local_fault(text, why, i ? ADDRESS_LOCAL_DOT : ADDRESS_NO_LOCAL, nothing);
    out->local_len = (uint16_t)i;
    out->utf8_local = (seen & BEYOND) != 0;
    return (int)i;
}

/*
 * RFC 5321 §4.1.2 and RFC 6531 §3.3:
 *
 *     Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
 *     QcontentSMTP   = qtextSMTP / quoted-pairSMTP
 *     quoted-pairSMTP = "\" %d32-126
 *     qtextSMTP      = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii
 *
 * Puts what the quotes hold to `raw`, its length to *raw_len, and returns the length of the whole
 * with its quotes, or -1.
 */
static int unquote(struct str text, char raw[static ADDRESS_LOCAL_MAX], size_t *raw_len,
                   struct address_fault *why)
{
    *raw_len = 0;
    for (size_t i = 1; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (i >= ADDRESS_LOCAL_MAX || (i + 1 == ADDRESS_LOCAL_MAX && c != '"'))
            return local_fault(text, why, ADDRESS_LOCAL_TOO_LONG, nothing);
        if (c == '"')
            return (int)i + 1;
        if (c == '\\' && i + 1 < text.len) {
            c = (unsigned char)text.at[++i];
            if (c >= 0x80)
                return local_fault(text, why, ADDRESS_QUOTE_ESCAPE, nothing);
        }
        if (c < 0x20 || c == 0x7F)
            return address_fault_set(why, ADDRESS_CONTROL, nothing);
        raw[(*raw_len)++] = (char)c;
    }
    return local_fault(text, why, ADDRESS_QUOTE_OPEN, nothing);
}

static bool is_dot_string(struct str raw)
{
    unsigned last = DOT;
    for (size_t i = 0; i < raw.len; i++) {
        unsigned kind = kinds[(unsigned char)raw.at[i]];
        if (kind == OTHER || kind == AT || (kind == DOT && last == DOT))
            return false;
        last = kind;
    }
    return last != DOT;
}

/* The normal form: without quotes if they are not needed, else with as few escapes as there can be.
 */
static size_t requote(struct str raw, char *out)
{
    size_t n = 0;
    if (is_dot_string(raw)) {
        memcpy(out, raw.at, raw.len);
        return raw.len;
    }
    out[n++] = '"';
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.at[i] == '"' || raw.at[i] == '\\')
            out[n++] = '\\';
        out[n++] = raw.at[i];
    }
    out[n++] = '"';
    return n;
}

/* As take_dot_string, for a local part that begins with a quote. */
static int take_quoted(struct str text, struct address *out, struct address_fault *why)
{
    char raw[ADDRESS_LOCAL_MAX];
    size_t raw_len;
    int end = unquote(text, raw, &raw_len, why);
    if (end < 0)
        return -1;
    if ((size_t)end == text.len || text.at[end] != '@')
        return local_fault(text, why, ADDRESS_AFTER_QUOTE, nothing);
    out->local_len = (uint16_t)requote(str_from(raw, raw_len), out->text);
    out->utf8_local = !str_is_ascii(str_from(raw, raw_len));
    return end;
}

int address_parse(struct str text, struct address *out, struct address_fault *why)
{
    if (text.len == 0)
        return address_fault_set(why, ADDRESS_EMPTY, nothing);
    int at = text.at[0] == '"' ? take_quoted(text, out, why) : take_dot_string(text, out, why);
    if (at < 0)
        return -1;
    if ((size_t)at == text.len)
        return address_fault_set(why, ADDRESS_NO_AT, nothing);
    if (out->utf8_local && utf8_check(str_from(text.at, (size_t)at), why))
        return -1;
    struct str domain = str_skip(text, (size_t)at + 1);
    int len = domain_parse(domain, out->text + out->local_len + 1, why);
    if (len < 0)
        return -1;
    out->text[out->local_len] = '@';
    out->len = (uint16_t)(out->local_len + 1 + len);
    out->literal = domain.at[0] == '[';
    if (out->len > ADDRESS_MAX)
        return address_fault_set(why, ADDRESS_TOO_LONG, nothing);
    return 0;
}

struct str address_key(const struct address *a, char out[static ADDRESS_MAX + 1])
{
    memcpy(out, a->text, (size_t)a->len + 1);
    for (size_t i = 0; i < a->local_len; i++)
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = (char)(out[i] | 0x20);
    return (struct str){out, a->len};
}
