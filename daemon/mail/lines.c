#include "mail/lines.h"

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* True if one of eight bytes is LF or CR: where a byte is 0, taking 1 off sets its high bit. */
static bool has_line_end(const char *at)
{
    const uint64_t ones = 0x0101010101010101, highs = ones << 7;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof(bytes));
    uint64_t lf = bytes ^ (ones * '\n');
    uint64_t cr = bytes ^ (ones * '\r');
    return (((lf - ones) & ~lf) | ((cr - ones) & ~cr)) & highs;
}

struct str lines_take(struct str *rest, bool *ended)
{
    struct str line = {rest->at, 0};
    while (rest->len - line.len >= sizeof(uint64_t) && !has_line_end(rest->at + line.len))
        line.len += sizeof(uint64_t);
    while (line.len < rest->len && !is_line_end(rest->at[line.len]))
        line.len++;
    *ended = line.len < rest->len;
    struct str after = str_skip(*rest, line.len);
    bool crlf = after.len > 1 && after.at[0] == '\r' && after.at[1] == '\n';
    *rest = str_skip(after, crlf ? 2 : 1);
    return line;
}
