#include "mail/param.h"

#include <assert.h>

#include "mail/word.h"

enum { LINE_MAX_COLUMNS = 78 };

/* RFC 2231 §7: attribute-char, what needs no escape in an extended value. */
static const bool attribute_char[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['!'] = true,
    ['#'] = true,         ['$'] = true,         ['&'] = true,         ['+'] = true,
    ['-'] = true,         ['.'] = true,         ['^' ... '`'] = true, ['{' ... '~'] = true,
};

/* One form in which a value is written. */
struct form {
    const char *begin; /* before the first section */
    const char *mark;  /* behind name or number, before the = */
    const char *quote; /* around each section */
    size_t (*size)(char c);
    void (*add)(struct buf *out, char c);
};

static size_t quoted_size(char c)
{
    return c == '"' || c == '\\' ? 2 : 1;
}

static void quoted_add_char(struct buf *out, char c)
{
    if (c == '"' || c == '\\')
        buf_add_byte(out, '\\');
    buf_add_byte(out, c);
}

static size_t extended_size(char c)
{
    return attribute_char[(unsigned char)c] ? 1 : 3;
}

static void extended_add_char(struct buf *out, char c)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    if (attribute_char[byte])
        buf_add_byte(out, c);
    else
        buf_add(out, (char[]){'%', hex[byte >> 4], hex[byte & 15]}, 3);
}

static const struct form quoted = {"", "", "\"", quoted_size, quoted_add_char};
static const struct form extended = {"utf-8''", "*", "", extended_size, extended_add_char};

static size_t size_in(const struct form *form, struct str text)
{
    size_t size = 0;
    for (size_t i = 0; i < text.len; i++)
        size += form->size(text.at[i]);
    return size;
}

/* The longest run of whole characters that fits in `room`. */
static struct str take_fitting(const struct form *form, struct str *rest, size_t room)
{
    struct str part = {rest->at, 0};
    while (part.len < rest->len) {
        struct str next = str_skip(*rest, part.len);
        next.len = word_character_len(next);
        size_t size = size_in(form, next);
        if (size > room)
            break;
        room -= size;
        part.len += next.len;
    }
    *rest = str_skip(*rest, part.len);
    return part;
}

static void add_value(struct buf *out, const struct form *form, const char *begin, struct str part)
{
    buf_add_text(out, begin);
    buf_add_text(out, form->quote);
    for (size_t i = 0; i < part.len; i++)
        form->add(out, part.at[i]);
    buf_add_text(out, form->quote);
}

/*
 * RFC 2231 §3 and §4.1; the charset stands before the first section only:
 *
 *     name*0*=utf-8''…; name*1*=…        or        name*0="…"; name*1="…"
 */
static void add_sections(struct buf *out, const struct form *form, const char *name,
                         struct str text)
{
    for (unsigned section = 0; text.len; section++) {
        const char *begin = section == 0 ? form->begin : "";
        size_t line = out->len + 3; /* ";" and CRLF belong to the line before */
        buf_addf(out, ";\r\n %s*%u%s=", name, section, form->mark);
        /* One more for the ";" that may follow. */
        size_t used = out->len - line + strlen(begin) + 2 * strlen(form->quote) + 1;
        add_value(out, form, begin, take_fitting(form, &text, LINE_MAX_COLUMNS - used));
    }
}

/*
 * RFC 2045 §5.1:
 *
 *     parameter := attribute "=" value
 *     value     := token / quoted-string
 */
void param_add(struct buf *out, const char *name, struct str value)
{
    struct buf scratch = BUF_INIT;
    struct str text = word_clean(value, &scratch);
    assert(strlen(name) <= PARAM_NAME_MAX);
    const struct form *form = word_needed(text) ? &extended : &quoted;
    /* A blank, the name, the =, and a ";" behind. */
    size_t around =
        strlen(name) + 3 + strlen(form->mark) + strlen(form->begin) + 2 * strlen(form->quote);
    if (around + size_in(form, text) > LINE_MAX_COLUMNS) {
        add_sections(out, form, name, text);
    } else {
        buf_addf(out, ";\r\n %s%s=", name, form->mark);
        add_value(out, form, form->begin, text);
    }
    buf_release(&scratch);
}
