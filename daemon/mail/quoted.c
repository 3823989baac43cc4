#include "mail/quoted.h"

#include "mail/lines.h"

enum { CONTENT_MAX = QUOTED_LINE_MAX - 1 };

/* RFC 2045 §6.7 rules (1) to (3): what stands for itself, except blanks at the end of a line. */
static const bool plain[256] = {
    ['\t'] = true,
    [' ' ... '<'] = true,
    ['>' ... '~'] = true,
};

bool quoted_is_plain(char c)
{
    return plain[(unsigned char)c];
}

void quoted_begin(struct quoted *q, struct buf *out)
{
    q->out = out;
    q->column = 0;
}

/* At the start of a line: a dot would be stuffed by SMTP, "From " be changed by mbox writers. What
 * follows the text is not known, so its beginning is enough. */
static bool wants_guard(struct str rest)
{
    static const char from[] = "From ";
    size_t n = rest.len < strlen(from) ? rest.len : strlen(from);
    return rest.at[0] == '.' || memcmp(rest.at, from, n) == 0;
}

static char *escape(char *to, unsigned char c)
{
    static const char hex[] = "0123456789ABCDEF";
    *to++ = '=';
    *to++ = hex[c >> 4];
    *to++ = hex[c & 15];
    return to;
}

/*
 * One line without its end (RFC 2045 §6.7), from *column on. `to` has room for three columns a byte
 * and the soft breaks; returns its new end. The inner loop copies what stands for itself; a blank
 * at the very end never gets there, since that must be escaped.
 */
static char *add_line(char *to, struct str line, size_t *column)
{
    const unsigned char *from = (const unsigned char *)line.at;
    size_t at = *column;
    for (size_t i = 0; i < line.len;) {
        size_t run = i, run_end = i + (CONTENT_MAX - at);
        if (run_end > line.len - 1)
            run_end = line.len - 1;
        if (at > 0)
            while (i < run_end && plain[from[i]])
                *to++ = (char)from[i++];
        at += i - run;
        bool blank_end = i + 1 == line.len && (from[i] == ' ' || from[i] == '\t');
        bool escaped = !plain[from[i]] || blank_end;
        if (at + (escaped ? 3 : 1) > CONTENT_MAX) {
            memcpy(to, "=\r\n", 3);
            to += 3;
            at = 0;
        }
        escaped = escaped || (at == 0 && wants_guard(str_skip(line, i)));
        if (escaped)
            to = escape(to, from[i]);
        else
            *to++ = (char)from[i];
        at += escaped ? 3 : 1;
        i++;
    }
    *column = at;
    return to;
}

/* Most values: some characters that stand for themselves and fit on the line. */
static bool add_short(struct quoted *q, struct str text)
{
    if (q->column == 0 || q->column + text.len > CONTENT_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!plain[(unsigned char)text.at[i]])
            return false;
    char last = text.at[text.len - 1];
    if (last == ' ' || last == '\t')
        return false;
    buf_add_str(q->out, text);
    q->column += text.len;
    return true;
}

void quoted_add(struct quoted *q, struct str text)
{
    if (text.len && add_short(q, text))
        return;
    while (text.len) {
        bool ended;
        struct str line = lines_take(&text, &ended);
        /* Three columns a byte, and three more for each break after at least 73 columns. */
        char *start = buf_reserve(q->out, line.len * 3 + line.len / 8 + 8);
        char *end = add_line(start, line, &q->column);
        *end = '\0';
        q->out->len += (size_t)(end - start);
        if (ended) {
            buf_add(q->out, "\r\n", 2);
            q->column = 0;
        }
    }
}

void quoted_put(struct quoted *q, const struct quoted_piece *piece)
{
    if (q->column + piece->first > CONTENT_MAX) {
        buf_add(q->out, "=\r\n", 3);
        q->column = 0;
    }
    buf_add_str(q->out, piece->bytes);
    q->column = piece->has_ends ? piece->last : q->column + piece->last;
}

void quoted_prepare(struct quoted_piece *piece, struct str text, struct arena *memory)
{
    struct buf encoded = BUF_INIT;
    struct quoted q;
    quoted_begin(&q, &encoded);
    quoted_add(&q, text);
    piece->bytes = arena_str(memory, buf_str(&encoded));
    buf_release(&encoded);
    const char *end = memchr(piece->bytes.at, '\r', piece->bytes.len);
    piece->has_ends = end != NULL;
    piece->last = q.column;
    piece->first = end ? (size_t)(end - piece->bytes.at) : q.column;
    if (end && end > piece->bytes.at && end[-1] == '=')
        piece->first--;
}
