#include "base/err.h"

#include <stdarg.h>

#include "base/str.h"

/* A sentence that was cut must not end in half a character. */
static void mend_end(struct err *err)
{
    size_t len = strlen(err->text);
    size_t start = len;
    while (start > 0 && ((unsigned char)err->text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && !str_is_utf8(str_from(err->text + start - 1, len - start + 1)))
        err->text[start - 1] = '\0';
}

int err_set(struct err *err, const char *format, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    mend_end(err);
    return -1;
}

int err_prefix(struct err *err, const char *format, ...)
{
    if (!err)
        return -1;
    struct err was = *err;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    size_t at = n < 0 ? 0 : (size_t)n;
    if (at < sizeof(err->text))
        snprintf(err->text + at, sizeof(err->text) - at, ": %s", was.text);
    mend_end(err);
    return -1;
}
