#include "dns/name.h"

enum { LABEL_MAX = 63, POINTER = 0xC0 };

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

/* Appends a label of at most 63 octets; the empty one ends the name. */
static int add_label(struct dns_name *name, const char *at, size_t len)
{
    if (name->len + 1 + len > DNS_NAME_MAX)
        return -1;
    name->at[name->len++] = (unsigned char)len;
    for (size_t i = 0; i < len; i++)
        name->at[name->len++] = lower((unsigned char)at[i]);
    return 0;
}

/*
 * RFC 1035 §3.1 and §4.1.4:
 *
 *     name    = *label ( %x00 / pointer )
 *     label   = %x01-3F 1*63OCTET              ; its length in front
 *     pointer = %xC0-FF OCTET                  ; 14 bits: an offset from the message's first byte
 *
 * A pointer must lead to a place before the run of labels that it ends, which names that were
 * written one after the other always do, and which makes circles impossible.
 */
int dns_name_read(struct str message, size_t *at, struct dns_name *out)
{
    size_t from = *at, run = *at;
    bool jumped = false;
    out->len = 0;
    for (;;) {
        if (from >= message.len)
            return -1;
        unsigned length = (unsigned char)message.at[from];
        if (length >= POINTER) {
            if (from + 1 >= message.len)
                return -1;
            size_t target =
                (length & ~(unsigned)POINTER) << 8 | (unsigned char)message.at[from + 1];
            if (!jumped)
                *at = from + 2;
            if (target >= run)
                return -1;
            jumped = true;
            from = run = target;
            continue;
        }
        if (length > LABEL_MAX || length >= message.len - from ||
            add_label(out, message.at + from + 1, length))
            return -1;
        from += 1 + length;
        if (length == 0)
            break;
    }
    if (!jumped)
        *at = from;
    return 0;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* One label of a host name, in lower case; *number: it has nothing but digits. */
static bool label_is_host(const unsigned char *at, size_t len, bool *number)
{
    *number = true;
    if (len == 0 || len > LABEL_MAX || at[0] == '-' || at[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = at[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
            return false;
        *number = *number && is_digit(c);
    }
    return true;
}

int dns_name_host(const struct dns_name *name, char out[static DNS_HOST_MAX + 1])
{
    size_t len = 0;
    bool number = true; /* the last label is, or there is none */
    for (size_t at = 0; name->at[at]; at += 1 + (size_t)name->at[at]) {
        if (!label_is_host(name->at + at + 1, name->at[at], &number))
            return -1;
        if (len)
            out[len++] = '.';
        memcpy(out + len, name->at + at + 1, name->at[at]);
        len += name->at[at];
    }
    out[len] = '\0';
    return number ? -1 : (int)len;
}

int dns_name_parse(struct str host, struct dns_name *out)
{
    char text[DNS_HOST_MAX + 1];
    if (str_ends(host, STR(".")))
        host.len--;
    out->len = 0;
    while (host.at) {
        struct str label = str_cut(&host, '.');
        if (label.len == 0 || label.len > LABEL_MAX || add_label(out, label.at, label.len))
            return -1;
    }
    if (add_label(out, NULL, 0))
        return -1;
    return dns_name_host(out, text) < 0 ? -1 : 0;
}

bool dns_name_eq(const struct dns_name *a, const struct dns_name *b)
{
    return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}
