#include "mail/fault.h"

#include <utf8proc.h>

enum { PART_SHOWN_MAX = 80 };

/* The sentence part before and after what is quoted; a NULL `after` quotes nothing. */
struct fault_words {
    const char *before;
    const char *after;
};

static const struct fault_words words[ADDRESS_FAULTS] = {
    [ADDRESS_OK] = {"is valid", NULL},
    [ADDRESS_EMPTY] = {"is empty", NULL},
    [ADDRESS_TOO_LONG] = {"is longer than 254 bytes", NULL},
    [ADDRESS_NO_AT] = {"has no @", NULL},
    [ADDRESS_NO_LOCAL] = {"has nothing before the @", NULL},
    [ADDRESS_NO_DOMAIN] = {"has nothing after the @", NULL},
    [ADDRESS_NOT_UTF8] = {"is not valid UTF-8", NULL},
    [ADDRESS_CONTROL] = {"has a control character in it", NULL},
    [ADDRESS_SPACE] = {"has a space in it", NULL},
    [ADDRESS_INVISIBLE] = {"has an invisible or unknown character in it", NULL},
    [ADDRESS_LOCAL_TOO_LONG] = {"has more than 64 bytes before the @", NULL},
    [ADDRESS_LOCAL_DOT] = {"has a dot at the start, just before the @, or next to another", NULL},
    [ADDRESS_LOCAL_CHARACTER] = {"has the character ", ", which cannot stand before the @"},
    [ADDRESS_QUOTE_OPEN] = {"has a double quote that is not closed", NULL},
    [ADDRESS_QUOTE_ESCAPE] = {"has a backslash before a character that cannot be escaped", NULL},
    [ADDRESS_AFTER_QUOTE] = {"has something between the closing quote and the @", NULL},
    [ADDRESS_DOMAIN_TOO_LONG] = {"has a domain of more than 255 bytes", NULL},
    [ADDRESS_DOMAIN_DOT] = {"has a domain with a dot at its start, at its end or next to another",
                            NULL},
    [ADDRESS_DOMAIN_SINGLE] = {"has the domain ", ", which has no dot"},
    [ADDRESS_DOMAIN_NUMERIC] = {"has the domain ", ", which ends in a number"},
    [ADDRESS_DOMAIN_IDNA] = {"has the domain ", ", which is not a valid international name"},
    [ADDRESS_LABEL_TOO_LONG] = {"has the domain label ", ", which is longer than 63 bytes"},
    [ADDRESS_LABEL_HYPHEN] = {"has the domain label ", ", which begins or ends with a hyphen"},
    [ADDRESS_LABEL_CHARACTER] = {"has the domain label ",
                                 ", which may hold only letters, digits and hyphens"},
    [ADDRESS_LITERAL] = {"has the domain ", ", which is neither [IPv4] nor [IPv6:address]"},
};

int address_fault_set(struct address_fault *why, enum address_fault_kind kind, struct str part)
{
    if (why)
        *why = (struct address_fault){kind, part};
    return -1;
}

static void add_quoted(struct buf *out, struct str part)
{
    size_t end = out->len + PART_SHOWN_MAX;
    buf_add_byte(out, '"');
    while (part.len && out->len < end) {
        utf8proc_int32_t point;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)part.at, (utf8proc_ssize_t)part.len, &point);
        if (n <= 0 || point < 0x20 || (point >= 0x7F && point < 0xA0)) {
            buf_add_byte(out, '?');
            n = 1;
        } else {
            buf_add(out, part.at, (size_t)n);
        }
        part = str_skip(part, (size_t)n);
    }
    buf_add_text(out, part.len ? "…\"" : "\"");
}

void address_fault_text(const struct address_fault *why, struct buf *out)
{
    const struct fault_words *w = &words[why->kind];
    buf_add_text(out, w->before);
    if (!w->after)
        return;
    add_quoted(out, why->part);
    buf_add_text(out, w->after);
}
