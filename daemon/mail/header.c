#include "mail/header.h"

#include <assert.h>

#include "mail/word.h"

enum { FOLD_AT = 78 }; /* RFC 5322 §2.1.1 */

static size_t begin_field(struct buf *out, const char *name)
{
    size_t len = strlen(name);
    assert(len > 0 && len <= HEADER_NAME_MAX && !strchr(name, ':'));
    buf_add(out, name, len);
    buf_add_text(out, ": ");
    return len + 2;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The blanks in front and the run of others behind them: what a fold cannot divide. */
static size_t chunk_len(struct str text)
{
    size_t n = 0;
    while (n < text.len && is_blank(text.at[n]))
        n++;
    while (n < text.len && !is_blank(text.at[n]))
        n++;
    return n;
}

/*
 * Appends trimmed text, folded before blanks (RFC 5322 §2.2.3), never before the first word: a line
 * with nothing but the field's name confuses some readers. False if a line became too long.
 */
static bool add_folded(struct buf *out, size_t column, struct str text)
{
    bool fits = true;
    bool first = true;
    while (text.len) {
        size_t n = chunk_len(text);
        if (!first && column + n > FOLD_AT) {
            buf_add_text(out, "\r\n");
            column = 0;
        }
        buf_add(out, text.at, n);
        column += n;
        fits = fits && column <= FOLD_AT;
        first = false;
        text = str_skip(text, n);
    }
    return fits;
}

void header_add_text(struct buf *out, const char *name, struct str value, struct buf *scratch)
{
    size_t column = begin_field(out, name);
    size_t start = out->len;
    struct str text = str_trim(word_clean(value, scratch));
    if (word_needed(text) || !add_folded(out, column, text)) {
        buf_cut(out, start);
        word_add(out, column, text);
    }
    buf_add_text(out, "\r\n");
}

static bool is_atom_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* Words of letters, digits and hyphens with single spaces: a phrase that needs no quotes. */
static bool is_plain_phrase(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == ' ' && i + 1 < name.len && name.at[i + 1] != ' ')
            continue;
        if (!is_atom_character(name.at[i]))
            return false;
    }
    return true;
}

/* RFC 5322 §3.2.4. Returns its length in columns. */
static size_t add_quoted(struct buf *out, struct str name)
{
    size_t start = out->len;
    buf_add_byte(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '"' || name.at[i] == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, name.at[i]);
    }
    buf_add_byte(out, '"');
    return out->len - start;
}

/* A name too long for the first line is encoded: encoded words fold, quoted strings hardly do. */
static size_t add_name(struct buf *out, size_t column, struct str name)
{
    size_t start = out->len;
    if (word_needed(name))
        return word_add(out, column, name);
    if (is_plain_phrase(name))
        buf_add_str(out, name);
    else
        add_quoted(out, name);
    if (column + (out->len - start) <= FOLD_AT)
        return column + (out->len - start);
    buf_cut(out, start);
    return word_add(out, column, name);
}

/* As a header shows the address; `scratch` is only touched where that is not its normal form. */
static struct str shown_address(const struct address *address, struct buf *scratch)
{
    if (!address->utf8_local)
        return address_text(address);
    buf_add_str(scratch, address_local(address));
    buf_add_byte(scratch, '@');
    domain_add_unicode(scratch, address_domain(address));
    return buf_str(scratch);
}

bool header_add_mailbox(struct buf *out, const char *name, const struct mailbox *mailbox)
{
    struct buf scratch = BUF_INIT;
    struct buf shown = BUF_INIT;
    struct str address = shown_address(&mailbox->address, &shown);
    struct str display = str_trim(word_clean(mailbox->name, &scratch));
    size_t column = begin_field(out, name);
    if (display.len == 0) {
        buf_add_str(out, address);
    } else {
        column = add_name(out, column, display);
        /* 76, not 78: the line may hold an encoded word. */
        buf_add_text(out, column + address.len + 3 > WORD_LINE_MAX ? "\r\n <" : " <");
        buf_add_str(out, address);
        buf_add_byte(out, '>');
    }
    buf_add_text(out, "\r\n");
    buf_release(&scratch);
    buf_release(&shown);
    return mailbox->address.utf8_local;
}

void header_add_raw(struct buf *out, const char *name, struct str value)
{
    assert(!str_find(value, '\r') && !str_find(value, '\n') && !str_find(value, '\0'));
    size_t column = begin_field(out, name);
    add_folded(out, column, str_trim(value));
    buf_add_text(out, "\r\n");
}

void header_add_date(struct buf *out, const char *name, int64_t seconds)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t;
    time_t when = (time_t)seconds;
    bool known = gmtime_r(&when, &t) && t.tm_year >= 0 && t.tm_year <= 9999 - 1900;
    assert(known);
    (void)known;
    begin_field(out, name);
    buf_addf(out, "%s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[t.tm_wday], t.tm_mday,
             months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}
