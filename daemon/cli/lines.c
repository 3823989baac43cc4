#include "cli/lines.h"

static int hold(struct lines *lines, struct str bytes, struct err *err)
{
    if (lines->held.len + bytes.len > LINES_LONGEST)
        return err_set(err, "A line of the daemon's answer is longer than %d KiB.",
                       LINES_LONGEST >> 10);
    buf_add_str(&lines->held, bytes);
    return 0;
}

int lines_feed(struct lines *lines, struct str bytes, struct err *err)
{
    while (bytes.len > 0) {
        struct str line = str_cut(&bytes, '\n');
        bool ended = bytes.at != NULL;
        if (!ended)
            return hold(lines, line, err);
        if (lines->held.len > 0) {
            if (hold(lines, line, err) != 0)
                return -1;
            line = buf_str(&lines->held);
        }
        if (lines->take(lines->ctx, line, err) != 0)
            return -1;
        buf_reset(&lines->held);
    }
    return 0;
}

int lines_end(struct lines *lines, struct err *err)
{
    int status = 0;
    if (lines->held.len > 0)
        status = lines->take(lines->ctx, buf_str(&lines->held), err);
    buf_release(&lines->held);
    return status;
}
