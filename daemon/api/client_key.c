#include "api/client_key.h"

/* Control characters in UTF-8: C0 and DEL in one byte, C1 (U+0080 to U+009F) in two. */
static bool has_control(struct str text)
{
    unsigned char before = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x20 || c == 0x7F || (before == 0xC2 && c < 0xA0))
            return true;
        before = c;
    }
    return false;
}

int client_key_check(struct str key, struct err *err)
{
    if (key.len == 0 || key.len > CLIENT_KEY_MAX || !str_is_utf8(key) || has_control(key))
        return err_set(err, "must have 1 to %d bytes of UTF-8 without control characters",
                       CLIENT_KEY_MAX);
    return 0;
}
