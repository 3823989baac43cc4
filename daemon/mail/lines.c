#include "mail/lines.h"

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

struct str lines_take(struct str *rest, bool *ended)
{
    struct str line = {rest->at, 0};
    while (line.len < rest->len && !is_line_end(rest->at[line.len]))
        line.len++;
    *ended = line.len < rest->len;
    struct str after = str_skip(*rest, line.len);
    bool crlf = after.len > 1 && after.at[0] == '\r' && after.at[1] == '\n';
    *rest = str_skip(after, crlf ? 2 : 1);
    return line;
}
