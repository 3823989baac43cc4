#include "audience/csv_field.h"

static bool needs_quotes(struct str text, char separator)
{
    /* Outer spaces would be lost on the way back in. */
    if (text.len && (text.at[0] == ' ' || text.at[0] == '\t' || text.at[text.len - 1] == ' ' ||
                     text.at[text.len - 1] == '\t'))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == separator || text.at[i] == '"' || text.at[i] == '\n' ||
            text.at[i] == '\r')
            return true;
    return false;
}

void csv_field_add(struct buf *out, struct str text, char separator)
{
    if (!needs_quotes(text, separator)) {
        buf_add_str(out, text);
        return;
    }
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, text.at[i]);
    }
    buf_add_byte(out, '"');
}

static bool is_formula(struct str text)
{
    if (text.len == 0 || !memchr("=+-@\t\r", text.at[0], 6))
        return false;
    if (text.at[0] != '+' && text.at[0] != '-')
        return true;
    for (size_t i = 1; i < text.len; i++)
        if (!memchr("0123456789 ().,-/", text.at[i], 17))
            return true;
    return false;
}

void csv_field_add_guarded(struct buf *out, struct str text, char separator)
{
    if (!is_formula(text)) {
        csv_field_add(out, text, separator);
        return;
    }
    struct buf safe = BUF_INIT;
    buf_add_byte(&safe, '\'');
    buf_add_str(&safe, text);
    csv_field_add(out, buf_str(&safe), separator);
    buf_release(&safe);
}
