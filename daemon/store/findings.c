#include "store/findings.h"

void findings_release(struct findings *findings)
{
    buf_release(&findings->text);
}

void finding_add(struct findings *findings, const char *format, ...)
{
    if (findings->count++ >= findings->keep)
        return;
    size_t from = findings->text.len;
    va_list args;
    va_start(args, format);
    buf_addv(&findings->text, format, args);
    va_end(args);
    for (size_t i = from; i < findings->text.len; i++)
        if ((unsigned char)findings->text.at[i] < ' ' || findings->text.at[i] == '\x7f')
            findings->text.at[i] = '?';
    buf_add_byte(&findings->text, '\n');
}
