#include "cli/excerpt.h"

#include "cli/text.h"

enum {
    EXCERPT_MAX = 120, /* characters shown */
    BEFORE_MAX = 60,   /* of them before the caret, where the line is longer */
};

static struct str find_line(struct str text, unsigned line)
{
    struct str found = STR("");
    for (unsigned n = 0; n < line; n++) {
        if (!text.at)
            return STR("");
        found = str_cut(&text, '\n');
    }
    return found.len && found.at[found.len - 1] == '\r' ? str_from(found.at, found.len - 1) : found;
}

/* The character that valid UTF-8 begins with. */
static struct str cut_character(struct str *rest)
{
    size_t len = 1;
    while (len < rest->len && ((unsigned char)rest->at[len] & 0xC0) == 0x80)
        len++;
    struct str character = str_from(rest->at, len);
    *rest = str_skip(*rest, len);
    return character;
}

static unsigned count_characters(struct str s)
{
    unsigned count = 0;
    while (s.len > 0) {
        cut_character(&s);
        count++;
    }
    return count;
}

/* Adds the character to the line, and as much white space as it takes to the line below. */
static void add_character(struct buf *shown, struct buf *below, struct str character)
{
    size_t start = shown->len;
    if (str_eq(character, STR("\t"))) {
        buf_add_byte(shown, '\t');
        buf_add_byte(below, '\t');
        return;
    }
    text_clean(shown, character);
    unsigned width = text_width(str_from(shown->at + start, shown->len - start));
    for (unsigned i = 0; i < width; i++)
        buf_add_byte(below, ' ');
}

static void add_window(struct buf *shown, struct buf *below, struct str line, unsigned column)
{
    unsigned length = count_characters(line), first = 1;
    if (length > EXCERPT_MAX && column > BEFORE_MAX)
        first = column - BEFORE_MAX;
    if (first > 1)
        add_character(shown, below, STR("…"));
    size_t caret = below->len;
    for (unsigned n = 1; line.len > 0 && n < first + EXCERPT_MAX; n++) {
        struct str character = cut_character(&line);
        if (n < first)
            continue;
        if (n == column)
            caret = below->len;
        add_character(shown, below, character);
    }
    if (line.len > 0)
        buf_add_str(shown, STR("…"));
    if (column <= length)
        buf_cut(below, caret);
}

void excerpt_add(struct buf *out, struct str text, unsigned line, unsigned column)
{
    struct buf shown = BUF_INIT, below = BUF_INIT;
    struct str at = find_line(text, line);
    if (line == 1 && str_starts(at, STR("\xEF\xBB\xBF")))
        at = str_skip(at, 3);
    if (str_trim(at).len > 0) {
        add_window(&shown, &below, at, column);
        buf_addf(out, "  %s\n", shown.at);
        if (column)
            buf_addf(out, "  %s^\n", below.at ? below.at : "");
    }
    buf_release(&shown);
    buf_release(&below);
}
