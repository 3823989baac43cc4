#include "mail/verbatim.h"

#include "mail/lines.h"

/* What can be seen in a text. LINE_END is only looked for in what is yet to be written. */
enum { HIGH = 1, NUL = 2, LONG_LINE = 4, BAD_START = 8, LINE_END = 16 };

static const unsigned char kinds[256] = {
    ['\0'] = NUL,
    ['\n'] = LINE_END,
    ['\r'] = LINE_END,
    [0x80 ... 0xFF] = HIGH,
};

static const char mbox_start[] = "From ";
static const char boundary_start[] = "--=_";

enum { START_MAX = sizeof(mbox_start) - 1 }; /* no longer start is looked at */

static unsigned kinds_of(struct str text)
{
    unsigned seen = 0;
    for (size_t i = 0; i < text.len; i++)
        seen |= kinds[(unsigned char)text.at[i]];
    return seen;
}

static unsigned start_of(struct str line)
{
    if (line.len == 0 || (line.at[0] != 'F' && line.at[0] != '-'))
        return 0;
    bool bad = str_starts(line, str_from(mbox_start, sizeof(mbox_start) - 1)) ||
               str_starts(line, str_from(boundary_start, sizeof(boundary_start) - 1));
    return bad ? BAD_START : 0;
}

static unsigned length_of(size_t line)
{
    return line > VERBATIM_LINE_MAX ? LONG_LINE : 0;
}

static enum mail_encoding encoding_of(unsigned seen)
{
    if (seen & (NUL | LONG_LINE | BAD_START))
        return ENCODING_QUOTED;
    return seen & HIGH ? ENCODING_8BIT : ENCODING_7BIT;
}

void verbatim_begin(struct verbatim *v, struct buf *out)
{
    *v = (struct verbatim){.out = out, .line = out->len};
}

/* A start may come in parts: as long as the line was shorter than any, its whole start is seen. */
static void see_start(struct verbatim *v, size_t column)
{
    if (column < START_MAX)
        v->seen |= start_of(str_from(v->out->at + v->line, v->out->len - v->line));
}

/* Something without line ends. */
static void add_run(struct verbatim *v, struct str run)
{
    size_t column = v->out->len - v->line;
    buf_add_str(v->out, run);
    v->seen |= length_of(column + run.len);
    see_start(v, column);
}

static void end_line(struct verbatim *v)
{
    buf_add(v->out, "\r\n", 2);
    v->line = v->out->len;
}

void verbatim_add(struct verbatim *v, struct str text)
{
    unsigned seen = kinds_of(text);
    v->seen |= seen & ~(unsigned)LINE_END;
    if (!(seen & LINE_END)) {
        add_run(v, text);
        return;
    }
    while (text.len) {
        bool ended;
        add_run(v, lines_take(&text, &ended));
        if (ended)
            end_line(v);
    }
}

void verbatim_put(struct verbatim *v, const struct verbatim_piece *piece)
{
    size_t start = v->out->len;
    size_t column = start - v->line;
    buf_add_str(v->out, piece->bytes);
    v->seen |= piece->seen | length_of(column + piece->first);
    see_start(v, column);
    if (piece->last)
        v->line = start + piece->last;
}

void verbatim_prepare(struct verbatim_piece *piece, struct str text, struct arena *memory)
{
    struct buf out = BUF_INIT;
    struct verbatim v;
    bool ended;
    verbatim_begin(&v, &out);
    struct str first = lines_take(&text, &ended);
    buf_add_str(&out, first);
    v.seen = kinds_of(first) | length_of(first.len);
    if (ended) {
        end_line(&v);
        verbatim_add(&v, text);
    }
    piece->bytes = arena_str(memory, buf_str(&out));
    piece->first = first.len;
    piece->last = v.line;
    piece->seen = v.seen;
    buf_release(&out);
}

enum mail_encoding verbatim_encoding(const struct verbatim *v)
{
    return encoding_of(v->seen);
}

enum mail_encoding verbatim_piece_encoding(const struct verbatim_piece *piece)
{
    return encoding_of(piece->seen);
}

enum mail_encoding verbatim_choose(struct str text)
{
    unsigned seen = 0;
    while (text.len) {
        bool ended;
        struct str line = lines_take(&text, &ended);
        seen |= kinds_of(line) | length_of(line.len) | start_of(line);
    }
    return encoding_of(seen);
}
