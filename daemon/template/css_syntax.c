#include "template/css_syntax.h"

#include "template/space.h"
#include "template/utf8.h"

/*
 * CSS Syntax Module Level 3, section 4 (tokens), as far as cutting needs it:
 *
 *     comment  = "/" "*" … "*" "/"
 *     string   = DQUOTE … DQUOTE / "'" … "'"             "\" takes the byte after it along
 *     escape   = "\" ( 1*6HEXDIG [ space ] / any but newline )
 *     name     = 1*( ALPHA / DIGIT / "_" / "-" / non-ASCII / escape )
 *     ident    = "--" *name / ["-"] ( ALPHA / "_" / non-ASCII / escape ) *name
 *     number   = ["+"/"-"] ( 1*DIGIT ["." 1*DIGIT] / "." 1*DIGIT ) ["e" ["+"/"-"] 1*DIGIT]
 *     url      = "url(" *space ( neither quote nor ")" ) … ")"
 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_name(char c)
{
    char low = (char)(c | 32);
    return (low >= 'a' && low <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
    return starts_name(c) || is_digit(c) || c == '-';
}

static char byte_at(struct str s, size_t at)
{
    return at < s.len ? s.at[at] : '\0';
}

static bool is_escape(struct str s, size_t at)
{
    return at + 1 < s.len && s.at[at] == '\\' && s.at[at + 1] != '\n' && s.at[at + 1] != '\r' &&
           s.at[at + 1] != '\f';
}

/* The length of the escape at s[at]. */
static size_t escape_length(struct str s, size_t at)
{
    size_t n = 1;
    while (n <= 6 && str_hex_value(byte_at(s, at + n)) >= 0)
        n++;
    if (n == 1)
        return 2;
    return n + (at + n < s.len && byte_is_space(s.at[at + n]));
}

static size_t name_end(struct str s, size_t at)
{
    for (;;) {
        if (at < s.len && is_name(s.at[at]))
            at++;
        else if (is_escape(s, at))
            at += escape_length(s, at);
        else
            return at < s.len ? at : s.len;
    }
}

static bool starts_ident(struct str s, size_t at)
{
    if (byte_at(s, at) == '-')
        return byte_at(s, at + 1) == '-' || (at + 1 < s.len && starts_name(s.at[at + 1])) ||
               is_escape(s, at + 1);
    return (at < s.len && starts_name(s.at[at])) || is_escape(s, at);
}

size_t css_name_length(struct str s)
{
    return starts_ident(s, 0) ? name_end(s, 0) : 0;
}

static size_t digits_end(struct str s, size_t at)
{
    while (is_digit(byte_at(s, at)))
        at++;
    return at;
}

static bool starts_number(struct str s)
{
    size_t at = s.at[0] == '+' || s.at[0] == '-';
    return is_digit(byte_at(s, at)) || (byte_at(s, at) == '.' && is_digit(byte_at(s, at + 1)));
}

static size_t number_length(struct str s)
{
    size_t at = digits_end(s, s.at[0] == '+' || s.at[0] == '-');
    if (byte_at(s, at) == '.' && is_digit(byte_at(s, at + 1)))
        at = digits_end(s, at + 1);
    if ((byte_at(s, at) | 32) == 'e') {
        size_t power = at + 1 + (byte_at(s, at + 1) == '+' || byte_at(s, at + 1) == '-');
        if (is_digit(byte_at(s, power)))
            at = digits_end(s, power);
    }
    if (byte_at(s, at) == '%')
        return at + 1;
    return starts_ident(s, at) ? name_end(s, at) : at;
}

static size_t string_length(struct str s, enum css_token *kind)
{
    *kind = CSS_STRING;
    for (size_t at = 1; at < s.len; at++) {
        if (s.at[at] == s.at[0])
            return at + 1;
        if (s.at[at] == '\n' || s.at[at] == '\r' || s.at[at] == '\f') {
            *kind = CSS_BAD_STRING;
            return at;
        }
        at += s.at[at] == '\\';
    }
    *kind = CSS_BAD_STRING;
    return s.len;
}

static size_t comment_length(struct str s)
{
    const char *end = s.len > 2 ? memmem(s.at + 2, s.len - 2, "*/", 2) : NULL;
    return end ? (size_t)(end - s.at) + 2 : s.len;
}

/* After "url(": the length up to and with ")", 0 if a string follows. */
static size_t url_length(struct str s, size_t at, enum css_token *kind)
{
    while (at < s.len && byte_is_space(s.at[at]))
        at++;
    if (byte_at(s, at) == '"' || byte_at(s, at) == '\'')
        return 0;
    *kind = CSS_BAD_STRING;
    while (at < s.len && s.at[at] != ')')
        at += is_escape(s, at) ? 2 : 1;
    if (at >= s.len)
        return s.len;
    *kind = CSS_URL;
    return at + 1;
}

static size_t ident_length(struct str s, enum css_token *kind)
{
    size_t len = name_end(s, 0);
    *kind = CSS_IDENT;
    if (byte_at(s, len) != '(')
        return len;
    *kind = CSS_FUNCTION;
    size_t url =
        str_eq_nocase((struct str){s.at, len}, STR("url")) ? url_length(s, len + 1, kind) : 0;
    return url ? url : len + 1;
}

static size_t space_length(struct str s)
{
    return s.len - space_skip(s).len;
}

size_t css_token(struct str s, enum css_token *kind)
{
    *kind = CSS_END;
    if (s.len == 0)
        return 0;
    if (byte_is_space(s.at[0])) {
        *kind = CSS_SPACE;
        return space_length(s);
    }
    if (str_starts(s, STR("/*"))) {
        *kind = CSS_COMMENT;
        return comment_length(s);
    }
    if (s.at[0] == '"' || s.at[0] == '\'')
        return string_length(s, kind);
    if (starts_number(s)) {
        *kind = CSS_NUMBER;
        return number_length(s);
    }
    *kind = CSS_CD;
    if (str_starts(s, STR("<!--")))
        return 4;
    if (str_starts(s, STR("-->")))
        return 3;
    if (starts_ident(s, 0))
        return ident_length(s, kind);
    *kind = s.at[0] == '#' ? CSS_HASH : CSS_AT;
    if (s.at[0] == '#' && (is_name(byte_at(s, 1)) || is_escape(s, 1)))
        return name_end(s, 1);
    if (s.at[0] == '@' && starts_ident(s, 1))
        return name_end(s, 1);
    *kind = CSS_DELIM;
    return 1;
}

struct str css_skip_space(struct str s)
{
    enum css_token kind;
    for (size_t len; (len = css_token(s, &kind)) && (kind == CSS_SPACE || kind == CSS_COMMENT);)
        s = str_skip(s, len);
    return s;
}

static char closer_of(struct str token, enum css_token kind)
{
    char last = token.at[token.len - 1];
    if (kind != CSS_DELIM && kind != CSS_FUNCTION)
        return '\0';
    return last == '(' ? ')' : last == '[' ? ']' : last == '{' ? '}' : '\0';
}

size_t css_component(struct str s, enum css_token *kind, bool *closed)
{
    char closers[CSS_MAX_NESTING];
    size_t depth = 0, at = css_token(s, kind);
    *closed = true;
    char closer = at ? closer_of((struct str){s.at, at}, *kind) : '\0';
    for (; closer || depth;) {
        if (closer && depth == CSS_MAX_NESTING)
            break;
        if (closer)
            closers[depth++] = closer;
        enum css_token inner;
        struct str token = str_skip(s, at);
        token.len = css_token(token, &inner);
        if (token.len == 0)
            break;
        at += token.len;
        closer = closer_of(token, inner);
        depth -= inner == CSS_DELIM && token.at[0] == closers[depth - 1];
    }
    *closed = depth == 0;
    return *closed ? at : s.len;
}

/* Where an item begins: behind white space, comments, and the marks that hid sheets from browsers
 * of the last century. */
static struct str skip_gap(struct str s)
{
    enum css_token kind;
    for (size_t len; (len = css_token(s, &kind)) &&
                     (kind == CSS_SPACE || kind == CSS_COMMENT || kind == CSS_CD);)
        s = str_skip(s, len);
    return s;
}

/*
 *     at-rule = AT *component ( ";" / "{" … "}" )
 *     rule    = *component "{" … "}"
 */
bool css_next_item(struct str *sheet, struct css_item *out)
{
    struct str rest = skip_gap(*sheet);
    enum css_token kind;
    *out = (struct css_item){.kind = CSS_NO_RULE, .whole = rest, .closed = true};
    css_token(rest, &kind);
    bool at_rule = kind == CSS_AT, closed;
    for (size_t len; (len = css_component(rest, &kind, &closed));) {
        struct str component = {rest.at, len};
        rest = str_skip(rest, len);
        out->closed = closed;
        if (kind == CSS_DELIM && component.at[0] == '{') {
            out->kind = CSS_RULE;
            out->prelude =
                space_cut((struct str){out->whole.at, (size_t)(component.at - out->whole.at)});
            out->block = str_skip(component, 1);
            out->block.len -= closed;
            break;
        }
        if (at_rule && kind == CSS_DELIM && component.at[0] == ';')
            break;
    }
    if (at_rule)
        out->kind = CSS_AT_RULE;
    out->whole.len -= rest.len;
    *sheet = rest;
    return out->whole.len > 0;
}

/* What the components of a declaration's text say about it. */
struct survey {
    struct str whole;
    bool broken, block;
    struct str mark; /* from the last "!" on */
};

static void survey_component(struct survey *v, struct str c, enum css_token kind, bool closed)
{
    char first = c.at[0];
    v->broken |= !closed || kind == CSS_BAD_STRING ||
                 (kind == CSS_DELIM && (first == ')' || first == ']' || first == '}')) ||
                 (kind == CSS_COMMENT && !str_ends(c, STR("*/")));
    v->block |= kind == CSS_DELIM && first == '{';
    if (kind == CSS_DELIM && first == '!') {
        v->broken |= v->mark.at != NULL;
        v->mark = c;
    }
}

/* Takes the text up to a ";" (which goes too, but is not in it), or an at-rule up to its block. */
static struct survey take_declaration(struct str *block)
{
    struct survey v = {.whole = *block};
    struct str rest = *block;
    enum css_token kind;
    bool closed, at_rule = rest.at[0] == '@';
    for (size_t len; (len = css_component(rest, &kind, &closed));) {
        struct str component = {rest.at, len};
        bool end = kind == CSS_DELIM && rest.at[0] == ';';
        v.whole.len = (size_t)(rest.at - v.whole.at) + (end ? 0 : len);
        rest = str_skip(rest, len);
        if (end)
            break;
        survey_component(&v, component, kind, closed);
        if (at_rule && v.block)
            break;
    }
    *block = rest;
    v.whole = space_cut(v.whole);
    return v;
}

/* "!important" in what follows the last "!"; anything else there breaks the declaration. */
static void take_mark(struct css_declaration *d, struct survey *v)
{
    if (!v->mark.at)
        return;
    size_t before = (size_t)(v->mark.at - d->value.at);
    struct str word = css_skip_space(str_skip(d->value, before + 1));
    struct str name = {word.at, css_name_length(word)};
    d->important = str_eq_nocase(name, STR("important"));
    v->broken |= !d->important || css_skip_space(str_skip(word, name.len)).len > 0;
    d->value = space_cut((struct str){d->value.at, before});
}

/*
 *     declaration = ident ":" *component [ "!" "important" ]
 */
bool css_next_declaration(struct str *block, struct css_declaration *out)
{
    struct str rest = css_skip_space(*block);
    while (rest.len && rest.at[0] == ';')
        rest = css_skip_space(str_skip(rest, 1));
    *out = (struct css_declaration){.kind = CSS_BROKEN, .whole = rest};
    *block = rest;
    if (rest.len == 0)
        return false;
    struct survey v = take_declaration(block);
    out->whole = v.whole;
    out->name = (struct str){v.whole.at, css_name_length(v.whole)};
    struct str colon = css_skip_space(str_skip(v.whole, out->name.len));
    bool custom = str_starts(out->name, STR("--"));
    if (v.whole.at[0] == '@' || (v.block && !custom))
        out->kind = CSS_NESTED;
    if (out->kind == CSS_NESTED || out->name.len == 0 || byte_at(colon, 0) != ':')
        return true;
    out->value = css_skip_space(str_skip(colon, 1));
    take_mark(out, &v);
    if (!v.broken && css_skip_space(out->value).len)
        out->kind = CSS_DECLARATION;
    return true;
}

bool css_next_part(struct str *list, struct str *part)
{
    if (!list->at)
        return false;
    struct str rest = *list;
    enum css_token kind;
    bool closed;
    size_t len;
    while ((len = css_component(rest, &kind, &closed)) && !(kind == CSS_DELIM && rest.at[0] == ','))
        rest = str_skip(rest, len);
    *part = space_cut(css_skip_space((struct str){list->at, list->len - rest.len}));
    *list = len ? str_skip(rest, 1) : (struct str){NULL, 0};
    return true;
}

static void add_escape(struct str s, size_t at, char *out, size_t *len)
{
    int32_t point = 0;
    size_t n = 1;
    for (; n <= 6 && str_hex_value(byte_at(s, at + n)) >= 0; n++)
        point = point * 16 + str_hex_value(s.at[at + n]);
    if (n == 1)
        out[(*len)++] = s.at[at + 1];
    else if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        *len += utf8_encode(0xFFFD, out + *len);
    else
        *len += utf8_encode(point, out + *len);
}

struct str css_unescape(struct str name, struct arena *memory)
{
    if (!str_find(name, '\\'))
        return name;
    /* U+FFFD takes three bytes, and "\0" had two. */
    char *out = arena_alloc(memory, name.len * 2 + 4);
    size_t len = 0;
    for (size_t at = 0; at < name.len;) {
        if (is_escape(name, at)) {
            add_escape(name, at, out, &len);
            at += escape_length(name, at);
        } else {
            out[len++] = name.at[at++];
        }
    }
    return (struct str){out, len};
}
