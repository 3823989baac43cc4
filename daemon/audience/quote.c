#include "audience/quote.h"

void quote_add(struct buf *out, struct str text)
{
    struct str shown = text;
    if (text.len > QUOTE_MAX) {
        shown.len = QUOTE_MAX;
        while (shown.len && ((unsigned char)text.at[shown.len] & 0xC0) == 0x80)
            shown.len--;
    }
    buf_add_byte(out, '"');
    for (size_t i = 0; i < shown.len; i++) {
        unsigned char byte = (unsigned char)shown.at[i];
        buf_add_byte(out, byte < 0x20 || byte == 0x7F ? ' ' : (char)byte);
    }
    buf_add_text(out, shown.len < text.len ? "…\"" : "\"");
}
