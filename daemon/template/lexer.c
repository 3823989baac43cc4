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

bool lexer_next(struct lexer *l, struct piece *p)
{
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

/* Where the `{% endraw %}` that starts at `at` ends, or 0 if none does. */
static size_t endraw_end(struct str s, size_t at)
{
    at += 2;
    at = skip_spaces(s, at < s.len && s.at[at] == '-' ? at + 1 : at);
    if (!str_starts(str_skip(s, at), STR("endraw")))
        return 0;
    at = skip_spaces(s, at + sizeof("endraw") - 1);
    at += at < s.len && s.at[at] == '-';
    return str_starts(str_skip(s, at), STR("%}")) ? at + 2 : 0;
}

bool lexer_raw(struct lexer *l, struct str *text, struct piece *end)
{
    for (size_t at = l->at; (at = find_open(l->source, at)) < l->source.len; at++) {
        if (l->source.at[at + 1] != '%' || !endraw_end(l->source, at))
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
        if (str_eq(end->name, STR("raw")) && !lexer_raw(l, &ignored, end))
            return false;
        if (str_eq(end->name, STR("comment")))
            depth++;
        if (str_eq(end->name, STR("endcomment")) && --depth == 0)
            return true;
    }
    return false;
}

bool lexer_next_whole(struct lexer *l, struct piece *p)
{
    if (!lexer_next(l, p))
        return false;
    if (p->kind != PIECE_TAG || l->gave_up)
        return true;
    struct lexer ahead = *l;
    struct piece end;
    struct str ignored;
    bool raw = str_eq(p->name, STR("raw"));
    if (!raw && !str_eq(p->name, STR("comment")))
        return true;
    if (!(raw ? lexer_raw(&ahead, &ignored, &end) : lexer_comment(&ahead, &end))) {
        l->gave_up = true;
        return true;
    }
    l->at = ahead.at;
    p->whole.len = l->at - p->at;
    return true;
}
