#include "template/lexer.h"

#include "template/space.h"

static struct str trim(struct str s)
{
    return space_cut(space_skip(s));
}

/* The offset of "{{" or "{%" from `at` on, or the source's length. */
static size_t find_open(struct str s, size_t at)
{
    while (at + 1 < s.len) {
        const char *brace = memchr(s.at + at, '{', s.len - at - 1);
        if (!brace)
            break;
        if (brace[1] == '{' || brace[1] == '%')
            return (size_t)(brace - s.at);
        at = (size_t)(brace - s.at) + 1;
    }
    return s.len;
}

/* The offset of `first` followed by "}" from `at` on, or the source's length. */
static size_t find_close(struct str s, size_t at, char first)
{
    while (at + 1 < s.len) {
        const char *c = memchr(s.at + at, first, s.len - at - 1);
        if (!c)
            break;
        if (c[1] == '}')
            return (size_t)(c - s.at);
        at = (size_t)(c - s.at) + 1;
    }
    return s.len;
}

/* A tag's name: letters, digits and underscores, or "#". */
static void split_name(struct piece *p)
{
    struct str s = trim(p->inside);
    size_t n = 0;
    if (s.len && s.at[0] == '#')
        n = 1;
    else
        while (n < s.len &&
               (s.at[n] == '_' || (s.at[n] >= 'a' && s.at[n] <= 'z') ||
                (s.at[n] >= 'A' && s.at[n] <= 'Z') || (s.at[n] >= '0' && s.at[n] <= '9')))
            n++;
    p->name = (struct str){s.at, n};
    p->inside = trim(str_skip(s, n));
}

static void take_open(struct lexer *l, struct piece *p, bool tag)
{
    p->kind = tag ? PIECE_OPEN_TAG : PIECE_OPEN_OUTPUT;
    p->whole = p->inside = str_skip(l->source, p->at);
    l->at = l->source.len;
}

static void take_markup(struct lexer *l, struct piece *p)
{
    bool tag = l->source.at[p->at + 1] == '%';
    size_t end = find_close(l->source, p->at + 2, tag ? '%' : '}');
    if (end == l->source.len) {
        take_open(l, p, tag);
        return;
    }
    p->kind = tag ? PIECE_TAG : PIECE_OUTPUT;
    p->whole = (struct str){l->source.at + p->at, end + 2 - p->at};
    p->inside = (struct str){p->whole.at + 2, p->whole.len - 4};
    p->trim_before = p->inside.len && p->inside.at[0] == '-';
    if (p->trim_before)
        p->inside = str_skip(p->inside, 1);
    p->trim_after = p->inside.len && p->inside.at[p->inside.len - 1] == '-';
    if (p->trim_after)
        p->inside.len--;
    if (tag)
        split_name(p);
    l->at = end + 2;
}

struct lexer lexer_lines(struct str source, struct str inside)
{
    size_t at = inside.len ? (size_t)(inside.at - source.at) : 0;
    return (struct lexer){.source = {source.at, at + inside.len}, .at = at, .lines = true};
}

/* The next line that is not empty, as a tag. */
static bool next_line(struct lexer *l, struct piece *p)
{
    struct str line = {NULL, 0};
    while (line.len == 0 && l->at < l->source.len) {
        struct str rest = str_skip(l->source, l->at);
        line = str_cut(&rest, '\n');
        l->at += line.len + 1;
        line = trim(line);
    }
    if (line.len == 0)
        return false;
    *p = (struct piece){.kind = PIECE_TAG, .whole = line, .inside = line};
    p->at = (size_t)(line.at - l->source.at);
    split_name(p);
    return true;
}

bool lexer_next(struct lexer *l, struct piece *p)
{
    if (l->lines)
        return next_line(l, p);
    if (l->at >= l->source.len)
        return false;
    *p = (struct piece){.kind = PIECE_TEXT, .at = l->at};
    size_t open = find_open(l->source, l->at);
    if (open == l->at) {
        take_markup(l, p);
        return true;
    }
    p->whole = p->inside = (struct str){l->source.at + l->at, open - l->at};
    l->at = open;
    return true;
}

static size_t skip_spaces(struct str s, size_t at)
{
    while (at < s.len && byte_is_space(s.at[at]))
        at++;
    return at;
}

/* True if at `at` there is a tag `{% name %}` and nothing more in it. */
static bool is_bare_tag(struct str s, size_t at, struct str name)
{
    at += 2;
    at = skip_spaces(s, at < s.len && s.at[at] == '-' ? at + 1 : at);
    if (!str_starts(str_skip(s, at), name))
        return false;
    at = skip_spaces(s, at + name.len);
    at += at < s.len && s.at[at] == '-';
    return str_starts(str_skip(s, at), STR("%}"));
}

/* Among the lines of a {% liquid %} tag. */
static bool lines_until(struct lexer *l, struct str name, struct str *text, struct piece *end)
{
    size_t from = l->at;
    while (next_line(l, end)) {
        if (!str_eq(end->name, name))
            continue;
        *text = (struct str){l->source.at + from, end->at - from};
        return true;
    }
    return false;
}

bool lexer_verbatim(struct lexer *l, struct str name, struct str *text, struct piece *end)
{
    if (l->lines)
        return lines_until(l, name, text, end);
    for (size_t at = l->at; (at = find_open(l->source, at)) < l->source.len; at++) {
        if (l->source.at[at + 1] != '%' || !is_bare_tag(l->source, at, name))
            continue;
        *text = (struct str){l->source.at + l->at, at - l->at};
        l->at = at;
        return lexer_next(l, end);
    }
    return false;
}

bool lexer_comment(struct lexer *l, struct piece *end)
{
    struct str ignored;
    for (size_t depth = 1; lexer_next(l, end);) {
        if (end->kind != PIECE_TAG)
            continue;
        if (str_eq(end->name, STR("raw")) && !l->lines &&
            !lexer_verbatim(l, STR("endraw"), &ignored, end))
            return false;
        if (str_eq(end->name, STR("comment")))
            depth++;
        if (str_eq(end->name, STR("endcomment")) && --depth == 0)
            return true;
    }
    return false;
}

/* Goes to after the end of the block that the tag opens. 1 if the tag opens none of the kind, -1 if
 * it has no end. */
static int skip_whole(struct lexer *l, struct str name)
{
    struct piece end;
    struct str ignored;
    if (str_eq(name, STR("raw")))
        return lexer_verbatim(l, STR("endraw"), &ignored, &end) ? 0 : -1;
    if (str_eq(name, STR("doc")))
        return lexer_verbatim(l, STR("enddoc"), &ignored, &end) ? 0 : -1;
    if (str_eq(name, STR("comment")))
        return lexer_comment(l, &end) ? 0 : -1;
    return 1;
}

bool lexer_next_whole(struct lexer *l, struct piece *p)
{
    if (!lexer_next(l, p))
        return false;
    if (p->kind != PIECE_TAG || l->gave_up)
        return true;
    struct lexer ahead = *l;
    int skipped = skip_whole(&ahead, p->name);
    if (skipped > 0)
        return true;
    if (skipped < 0) {
        l->gave_up = true;
        return true;
    }
    l->at = ahead.at;
    p->whole.len = l->at - p->at;
    return true;
}

size_t lexer_count_whole(struct str source)
{
    struct lexer lexer = {.source = source};
    struct piece p;
    size_t count = 0;
    while (lexer_next_whole(&lexer, &p))
        count++;
    return count;
}
