#include "floor/replies.h"

/*
 * Reply-line = *( "250-" [ textstring ] CRLF ) "250" [ SP textstring ] CRLF   (RFC 5321 §4.2)
 */
static int take_line(struct str line, unsigned *count, struct err *err)
{
    struct str text = str_trim(line);
    if (!str_starts(line, STR("250")) || !str_ends(line, STR("\r\n")) ||
        !strchr(" -\r", line.at[3]))
        return err_set(err, "The receiver said '%.*s' and not 250.", STR_ARG(text));
    *count += line.at[3] != '-';
    return 0;
}

/* A part of a line: its beginning, which waits for the next read, or more of one that waits. */
static int take_part(struct replies *r, struct str part, unsigned *count, struct err *err)
{
    if (part.len > sizeof r->line - r->len)
        return err_set(err, "The receiver's reply has a line of more than %d octets.",
                       REPLIES_LINE_MAX);
    memcpy(r->line + r->len, part.at, part.len);
    r->len += part.len;
    if (part.at[part.len - 1] != '\n')
        return 0;
    struct str line = str_from(r->line, r->len);
    r->len = 0;
    return take_line(line, count, err);
}

int replies_take(struct replies *r, struct str in, unsigned *count, struct err *err)
{
    while (in.len) {
        const char *lf = str_find(in, '\n');
        struct str line = str_from(in.at, lf ? (size_t)(lf - in.at) + 1 : in.len);
        bool whole = lf && r->len == 0;
        if (whole ? take_line(line, count, err) : take_part(r, line, count, err))
            return -1;
        in = str_skip(in, line.len);
    }
    return 0;
}
