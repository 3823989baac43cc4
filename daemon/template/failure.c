/* Where something is wrong, and the sentence about it: valid UTF-8 in one line, whatever it quotes.
 */
#include "template/program.h"
#include "template/utf8.h"

static struct str shown(struct str name)
{
    return (struct str){name.at, name.len < 60 ? name.len : 60};
}

/* The last unit that starts at or before the offset. */
static const struct unit *unit_at(const struct template *t, size_t at)
{
    const struct unit *found = &t->main;
    for (const struct unit *unit = t->main.next; unit && unit->base <= at; unit = unit->next)
        found = unit;
    return found;
}

const struct unit *template_position(const struct template *t, size_t at, unsigned *line,
                                     unsigned *column)
{
    const struct unit *unit = unit_at(t, at);
    struct str source = unit->source;
    size_t end = at - unit->base < source.len ? at - unit->base : source.len, line_start = 0;
    *line = unit == &t->main && t->first_line ? t->first_line : 1;
    for (size_t i = 0; i < end; i++) {
        if (source.at[i] != '\n')
            continue;
        ++*line;
        line_start = i + 1;
    }
    struct str before = {source.at + line_start, end - line_start};
    *column = (unsigned)(before.len ? utf8_count(before) : 0) + 1;
    return unit;
}

/* C0, DEL, C1, and the two line ends of Unicode. */
static bool is_control(int32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029;
}

/* Adds as many whole characters of s as there is room for, with a space for each control character
 * and U+FFFD for each broken byte. */
static void add_clean(char *out, size_t size, struct str s)
{
    size_t used = strlen(out), n;
    for (size_t at = 0; at < s.len; at += n) {
        int32_t point;
        n = utf8_next(s, at, &point);
        struct str add = {s.at + at, n};
        if (point < 0)
            add = STR("\xef\xbf\xbd");
        else if (is_control(point))
            add = STR(" ");
        if (used + add.len >= size)
            break;
        memcpy(out + used, add.at, add.len);
        used += add.len;
    }
    out[used] = '\0';
}

int template_fail(const struct template *t, size_t at, struct template_error *error,
                  const char *format, ...)
{
    char sentence[sizeof(error->text)];
    struct template_error e = {0};
    va_list args;
    if (!error)
        return -1;
    const struct unit *unit = template_position(t, at, &e.line, &e.column);
    struct str name = shown(unit->name);
    int n = unit == &t->main ? snprintf(sentence, sizeof(sentence), "Line %u", e.line)
                             : snprintf(sentence, sizeof(sentence), "Partial \"%.*s\", line %u",
                                        STR_ARG(name), e.line);
    n += snprintf(sentence + n, sizeof(sentence) - (size_t)n, ", column %u: ", e.column);
    va_start(args, format);
    vsnprintf(sentence + n, sizeof(sentence) - (size_t)n, format, args);
    va_end(args);
    add_clean(e.text, sizeof(e.text), str_of(sentence));
    *error = e;
    return -1;
}

void template_say(const struct template *t, size_t at, struct template_error *error,
                  struct str text)
{
    if (!error)
        return;
    template_position(t, at, &error->line, &error->column);
    error->text[0] = '\0';
    add_clean(error->text, sizeof(error->text), str_trim(text));
}
