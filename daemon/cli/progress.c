#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/term.h"
#include "cli/text.h"

enum { REDRAW_MS = 100, BAR_MAX = 30 };

void progress_init(struct progress *progress, bool utf8)
{
    *progress = (struct progress){.live = term_is_live(STDERR_FILENO), .utf8 = utf8};
}

bool progress_due(struct progress *progress)
{
    int64_t now = clock_mono_ms();
    if (!progress->live || now < progress->next_ms)
        return false;
    progress->next_ms = now + REDRAW_MS;
    return true;
}

void progress_line(struct buf *out, const char *label, uint64_t part, uint64_t whole,
                   struct str detail, unsigned columns, bool utf8)
{
    struct buf line = BUF_INIT;
    unsigned cells = columns / 3 < BAR_MAX ? columns / 3 : BAR_MAX;
    buf_addf(&line, "%s ", label);
    if (whole > 0) {
        part = part < whole ? part : whole;
        text_bar(&line, part, whole, cells, utf8);
        buf_add_text(&line, "  ");
        text_percent(&line, part, whole);
        buf_add_text(&line, "  ");
    }
    buf_add_str(&line, detail);
    text_cut(out, buf_str(&line), columns);
    buf_release(&line);
}

void progress_draw(struct progress *progress, const char *label, uint64_t part, uint64_t whole,
                   struct str detail)
{
    struct buf out = BUF_INIT;
    buf_add_byte(&out, '\r');
    /* In the last column some terminals already wrap. */
    progress_line(&out, label, part, whole, detail, term_columns(STDERR_FILENO) - 1,
                  progress->utf8);
    buf_add_text(&out, "\033[K");
    fwrite(out.at, 1, out.len, stderr);
    fflush(stderr);
    progress->drawn = true;
    buf_release(&out);
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
