#include "mail/domain.h"

#include <arpa/inet.h>
#include <idn2.h>

enum { IDN_TEXT_MAX = 1020 }; /* four bytes for each octet that a domain may have */

/* What a byte is in a domain label; UPPER's bit 5 is what makes it lower case. */
enum { NOT_LDH = 0, LOWER = 1, DIGIT = 2, HYPHEN = 4, UPPER = 0x21 };

static const unsigned char ldh[256] = {
    ['a' ... 'z'] = LOWER,
    ['A' ... 'Z'] = UPPER,
    ['0' ... '9'] = DIGIT,
    ['-'] = HYPHEN,
};

static int label_check(struct str label, struct address_fault *why)
{
    if (label.len == 0)
        return address_fault_set(why, ADDRESS_DOMAIN_DOT, label);
    if (label.len > DOMAIN_LABEL_MAX)
        return address_fault_set(why, ADDRESS_LABEL_TOO_LONG, label);
    if (label.at[0] == '-' || label.at[label.len - 1] == '-')
        return address_fault_set(why, ADDRESS_LABEL_HYPHEN, label);
    return 0;
}

static int character_fault(struct str text, size_t label_start, char c, struct address_fault *why)
{
    struct str label = str_skip(text, label_start);
    if ((unsigned char)c < 0x20 || c == 0x7F)
        return address_fault_set(why, ADDRESS_CONTROL, (struct str){NULL, 0});
    if (c == ' ')
        return address_fault_set(why, ADDRESS_SPACE, (struct str){NULL, 0});
    return address_fault_set(why, ADDRESS_LABEL_CHARACTER, str_cut(&label, '.'));
}

/*
 * RFC 5321 §4.1.2, with the limits of RFC 1035 §2.3.4 and the rule of RFC 1123 §2.1 that the last
 * label is no number:
 *
 *     Domain     = sub-domain *("." sub-domain)
 *     sub-domain = Let-dig [Ldh-str]
 *     Ldh-str    = *( ALPHA / DIGIT / "-" ) Let-dig
 */
static int ascii_domain(struct str text, char *out, struct address_fault *why)
{
    size_t start = 0;
    unsigned kinds = 0;
    if (text.len > DOMAIN_MAX)
        return address_fault_set(why, ADDRESS_DOMAIN_TOO_LONG, text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '.') {
            if (label_check(str_from(text.at + start, i - start), why))
                return -1;
            start = i + 1;
            kinds = 0;
        } else if (!ldh[c]) {
            return character_fault(text, start, (char)c, why);
        }
        kinds |= ldh[c];
        out[i] = (char)(c | (ldh[c] & 0x20));
    }
    if (label_check(str_skip(text, start), why))
        return -1;
    if (start == 0)
        return address_fault_set(why, ADDRESS_DOMAIN_SINGLE, text);
    if (kinds == DIGIT)
        return address_fault_set(why, ADDRESS_DOMAIN_NUMERIC, text);
    out[text.len] = '\0';
    return (int)text.len;
}

/*
 * U-labels (RFC 5890 §2.3.2.1, RFC 6531 §3.3): libidn2 maps case and width (UTS #46,
 * non-transitional) and checks each label; what it gives must then be a domain like any other.
 */
static int idn_domain(struct str text, char *out, struct address_fault *why)
{
    if (text.len > IDN_TEXT_MAX)
        return address_fault_set(why, ADDRESS_DOMAIN_TOO_LONG, text);
    if (!str_is_utf8(text))
        return address_fault_set(why, ADDRESS_NOT_UTF8, text);
    unsigned char given[IDN_TEXT_MAX + 1];
    for (size_t i = 0; i < text.len; i++) {
        given[i] = (unsigned char)text.at[i];
        if (given[i] <= ' ' || given[i] == 0x7F)
            return character_fault(text, 0, text.at[i], why);
    }
    given[text.len] = '\0';
    unsigned char *ascii = NULL;
    if (idn2_lookup_u8(given, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return address_fault_set(why, ADDRESS_DOMAIN_IDNA, text);
    int len = ascii_domain(str_of((const char *)ascii), out, why);
    idn2_free(ascii);
    /* A reason may quote a label of the text just freed, so it quotes what was given instead. */
    if (len < 0 && why)
        why->part = text;
    return len;
}

/* Groups of an IPv6 address as written; a dotted quad at its end counts for two. */
static int ipv6_groups(const char *text)
{
    int groups = 0;
    for (const char *p = text; *p; p++) {
        if (*p != ':' && (p == text || p[-1] == ':'))
            groups++;
        if (*p == '.')
            return groups + 1;
    }
    return groups;
}

/* IPv6-addr of RFC 5321 §4.1.3: as RFC 4291 has it, but "::" stands for two groups at least. */
static int ipv6_literal(const char *text, char *out)
{
    struct in6_addr address;
    char canonical[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, text, &address) != 1)
        return -1;
    if (strstr(text, "::") && ipv6_groups(text) > 6)
        return -1;
    if (!inet_ntop(AF_INET6, &address, canonical, sizeof(canonical)))
        return -1;
    return snprintf(out, DOMAIN_MAX + 1, "[IPv6:%s]", canonical);
}

/*
 * RFC 5321 §4.1.3; of the general literals none is registered, so none is taken:
 *
 *     address-literal = "[" ( IPv4-address-literal / "IPv6:" IPv6-addr ) "]"
 */
static int literal_domain(struct str text, char *out)
{
    char inside[INET6_ADDRSTRLEN + 1];
    const struct str tag = STR("IPv6:");
    if (text.len < 3 || text.at[text.len - 1] != ']')
        return -1;
    struct str body = {text.at + 1, text.len - 2};
    bool six = str_starts_nocase(body, tag);
    if (six)
        body = str_skip(body, tag.len);
    if (body.len >= sizeof(inside) || (body.len && memchr(body.at, '\0', body.len)))
        return -1;
    if (body.len)
        memcpy(inside, body.at, body.len);
    inside[body.len] = '\0';
    if (six)
        return ipv6_literal(inside, out);
    struct in_addr four;
    if (inet_pton(AF_INET, inside, &four) != 1)
        return -1;
    return snprintf(out, DOMAIN_MAX + 1, "[%s]", inside);
}

int domain_parse(struct str text, char out[static DOMAIN_MAX + 1], struct address_fault *why)
{
    if (text.len == 0)
        return address_fault_set(why, ADDRESS_NO_DOMAIN, text);
    if (text.at[0] == '[') {
        int len = literal_domain(text, out);
        return len > 0 ? len : address_fault_set(why, ADDRESS_LITERAL, text);
    }
    return str_is_ascii(text) ? ascii_domain(text, out, why) : idn_domain(text, out, why);
}

/* An A-label that nobody registered may hold anything: only what we would take ourselves is shown.
 */
static bool is_same_domain(struct str unicode, struct str domain)
{
    char again[DOMAIN_MAX + 1];
    int len = unicode.len <= DOMAIN_MAX ? domain_parse(unicode, again, NULL) : -1;
    return len >= 0 && str_eq(str_from(again, (size_t)len), domain);
}

void domain_add_unicode(struct buf *out, struct str domain)
{
    char given[DOMAIN_MAX + 1];
    char *unicode = NULL;
    bool shown = false;
    if (domain.len && domain.len <= DOMAIN_MAX && memmem(domain.at, domain.len, "xn--", 4)) {
        memcpy(given, domain.at, domain.len);
        given[domain.len] = '\0';
        shown = idn2_to_unicode_8z8z(given, &unicode, 0) == IDN2_OK &&
                is_same_domain(str_of(unicode), domain);
    }
    buf_add_str(out, shown ? str_of(unicode) : domain);
    idn2_free(unicode);
}
