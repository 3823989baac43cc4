#include "template/placeholder.h"

#include "base/alloc.h"
#include "base/hash.h"

/* Where in HTML the text before the next piece ends. */
struct context {
    bool comment, tag;
    char quote;  /* of an attribute's value */
    char before; /* the last byte seen */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A prefix that the source does not have: a fixed one first, so that runs can be compared. */
static void choose_prefix(struct placeholders *p)
{
    for (uint64_t i = 0;; i++) {
        uint64_t n = i < 16 ? i : hash_bytes(&i, sizeof(i));
        p->prefix[0] = 'L';
        p->prefix[1] = 'q';
        for (int k = 2; k < PLACEHOLDER_PREFIX; k++, n /= 26)
            p->prefix[k] = (char)('a' + n % 26);
        p->prefix[PLACEHOLDER_PREFIX] = '\0';
        if (!p->source.len || !memmem(p->source.at, p->source.len, p->prefix, PLACEHOLDER_PREFIX))
            return;
    }
}

static int8_t nesting_of(const struct piece *p)
{
    static const char *const openers[] = {"if", "unless", "case", "for", "capture"};
    if (p->kind != PIECE_TAG)
        return 0;
    for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
        if (str_eq(p->name, str_of(openers[i])))
            return 1;
        if (str_starts(p->name, STR("end")) && str_eq(str_skip(p->name, 3), str_of(openers[i])))
            return -1;
    }
    return 0;
}

static void collect(struct placeholders *p)
{
    struct lexer lexer = {.source = p->source};
    struct piece piece;
    while (lexer_next_whole(&lexer, &piece)) {
        if (piece.kind != PIECE_TAG && piece.kind != PIECE_OUTPUT)
            continue;
        if (p->count == p->size) {
            p->size = p->size ? p->size * 2 : 32;
            p->items = alloc_again(p->items, p->size * sizeof(*p->items));
        }
        p->items[p->count++] = (struct placeholder){.piece = piece, .nesting = nesting_of(&piece)};
    }
}

static size_t piece_end(const struct piece *p)
{
    return p->at + p->whole.len;
}

/* True if nothing but quote marks and blanks stands before `at` on its line. */
static bool starts_line(struct str source, size_t at)
{
    while (at > 0 && strchr(" \t>", source.at[at - 1]) && source.at[at - 1])
        at--;
    return at == 0 || source.at[at - 1] == '\n';
}

static size_t skip_blanks(struct str source, size_t at)
{
    while (at < source.len &&
           (source.at[at] == ' ' || source.at[at] == '\t' || source.at[at] == '\r'))
        at++;
    return at;
}

static bool ends_line(struct str source, size_t at)
{
    at = skip_blanks(source, at);
    return at == source.len || source.at[at] == '\n';
}

/* Finds lines that are nothing but tags: items first..last of each are alone. */
static void find_alone(struct placeholders *p)
{
    for (size_t first = 0, last; first < p->count; first = last + 1) {
        last = first;
        if (p->items[first].piece.kind != PIECE_TAG ||
            !starts_line(p->source, p->items[first].piece.at))
            continue;
        while (last + 1 < p->count && p->items[last + 1].piece.kind == PIECE_TAG &&
               skip_blanks(p->source, piece_end(&p->items[last].piece)) ==
                   p->items[last + 1].piece.at)
            last++;
        bool alone = ends_line(p->source, piece_end(&p->items[last].piece));
        for (size_t i = first; alone && i <= last; i++)
            p->items[i].alone = true;
    }
}

/* Moves the context over s[at], inside an HTML tag. */
static void context_in_tag(struct context *c, struct str s, size_t at)
{
    char byte = s.at[at];
    bool blank_line = byte == '\n' && at + 1 < s.len && s.at[at + 1] == '\n';
    if (blank_line || (byte == '>' && !c->quote)) {
        c->tag = false;
        c->quote = '\0';
    } else if (c->quote) {
        c->quote = byte == c->quote ? '\0' : c->quote;
    } else if ((byte == '"' || byte == '\'') && c->before == '=') {
        c->quote = byte;
    }
}

static void context_in_text(struct context *c, struct str s, size_t at)
{
    struct str rest = str_skip(s, at);
    if (rest.at[0] != '<')
        return;
    if (str_starts(rest, STR("<!--")))
        c->comment = true;
    else
        c->tag = rest.len > 1 && (is_letter(rest.at[1]) || rest.at[1] == '/');
}

static void context_move(struct context *c, struct str s)
{
    for (size_t at = 0; at < s.len; at++) {
        if (c->comment)
            c->comment = !str_starts(str_skip(s, at), STR("-->"));
        else if (c->tag)
            context_in_tag(c, s, at);
        else
            context_in_text(c, s, at);
        c->before = s.at[at];
    }
}

/* True where "<" stands before the item and ">" after it: an address as an autolink. */
static bool is_autolink(const struct placeholders *p, const struct piece *piece)
{
    size_t end = piece_end(piece);
    return piece->kind == PIECE_OUTPUT && piece->at > 0 && p->source.at[piece->at - 1] == '<' &&
           end < p->source.len && p->source.at[end] == '>';
}

static void add_token(struct placeholders *p, size_t number, const struct context *c)
{
    const struct placeholder *item = &p->items[number];
    bool among_attributes = c->tag && !c->quote;
    if (item->alone && !c->comment && !c->tag)
        buf_addf(&p->text, "<!--%sn%zux-->", p->prefix, number);
    else if (is_autolink(p, &item->piece) && !c->comment && !c->tag)
        buf_addf(&p->text, "%su:%sn%zux", p->prefix, p->prefix, number);
    else if (among_attributes && (item->piece.kind == PIECE_TAG))
        buf_addf(&p->text, " %sp%zux ", p->prefix, number);
    else
        buf_addf(&p->text, "%sn%zux", p->prefix, number);
}

static void write_text(struct placeholders *p, enum placeholder_form form)
{
    struct context c = {0};
    size_t at = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct piece *piece = &p->items[i].piece;
        struct str between = {p->source.at + at, piece->at - at};
        buf_add_str(&p->text, between);
        if (form == PLACEHOLDER_MARKDOWN)
            context_move(&c, between);
        if (form == PLACEHOLDER_MARKDOWN)
            add_token(p, i, &c);
        else
            buf_addf(&p->text, "%sn%zux", p->prefix, i);
        c.before = '}';
        at = piece_end(piece);
    }
    buf_add_str(&p->text, str_skip(p->source, at));
}

void placeholders_init(struct placeholders *p, struct str source, enum placeholder_form form)
{
    *p = (struct placeholders){.source = source};
    choose_prefix(p);
    collect(p);
    find_alone(p);
    write_text(p, form);
}

void placeholders_release(struct placeholders *p)
{
    free(p->items);
    buf_release(&p->text);
    *p = (struct placeholders){0};
}

struct placeholder *placeholder_at(struct placeholders *p, struct str s, size_t *len)
{
    size_t at = PLACEHOLDER_PREFIX + 1;
    uint64_t number;
    if (!str_starts(s, str_of(p->prefix)) || s.len <= at ||
        (s.at[at - 1] != 'n' && s.at[at - 1] != 'p'))
        return NULL;
    while (at < s.len && s.at[at] >= '0' && s.at[at] <= '9')
        at++;
    struct str digits = {s.at + PLACEHOLDER_PREFIX + 1, at - PLACEHOLDER_PREFIX - 1};
    if (at == s.len || s.at[at] != 'x' || !str_to_u64(digits, &number) || number >= p->count)
        return NULL;
    *len = at + 1;
    return &p->items[number];
}

struct placeholder *placeholder_next(struct placeholders *p, struct str s, size_t *at)
{
    struct str rest = str_skip(s, *at);
    while (rest.len) {
        const char *hit = memmem(rest.at, rest.len, p->prefix, PLACEHOLDER_PREFIX);
        if (!hit)
            break;
        size_t len = PLACEHOLDER_PREFIX;
        rest = str_skip(rest, (size_t)(hit - rest.at));
        struct placeholder *item = placeholder_at(p, rest, &len);
        rest = str_skip(rest, len);
        *at = s.len - rest.len;
        if (item)
            return item;
    }
    *at = s.len;
    return NULL;
}

/* How a brace that is text is written where "{" or "%" follows it. */
static void add_brace(struct buf *out, bool plain)
{
    buf_add_str(out, plain ? STR("{{ '{' }}") : STR("&#123;"));
}

/* Adds text that has no token; `next` is the byte that will follow it. */
static void add_literal(struct buf *out, struct str s, char next, bool plain)
{
    for (size_t i = 0; i < s.len; i++) {
        char after = i + 1 < s.len ? s.at[i + 1] : next;
        if (s.at[i] == '{' && (after == '{' || after == '%'))
            add_brace(out, plain);
        else
            buf_add_byte(out, s.at[i]);
    }
}

/* What a token wears in the text around it: `before` is cut, *after is skipped. */
static void undress(struct str *before, struct str *after, char kind)
{
    static const struct {
        const char *open, *close;
    } comments[] = {{"<!--", "-->"}, {"&lt;!--", "--&gt;"}};
    if (kind == 'p') {
        before->len -= str_ends(*before, STR(" "));
        *after = str_skip(*after, str_starts(*after, STR(" ")));
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct str open = str_of(comments[i].open), close = str_of(comments[i].close);
        if (!str_ends(*before, open) || !str_starts(*after, close))
            continue;
        before->len -= open.len;
        *after = str_skip(*after, close.len);
        return;
    }
}

void placeholders_restore(struct placeholders *p, struct str text, bool plain, struct buf *out)
{
    char autolink[PLACEHOLDER_PREFIX + 3];
    snprintf(autolink, sizeof(autolink), "%su:", p->prefix);
    struct placeholder *item;
    for (size_t at = 0; (item = placeholder_next(p, text, &at)); at = 0) {
        struct str token = {text.at, at}, after = str_skip(text, at);
        size_t start = at;
        while (!str_starts(str_skip(token, start), str_of(p->prefix)))
            start--;
        struct str before = {text.at, start};
        char kind = token.at[start + PLACEHOLDER_PREFIX];
        if (str_ends(before, str_of(autolink)))
            before.len -= str_of(autolink).len;
        else if (item->alone || kind == 'p')
            undress(&before, &after, kind);
        add_literal(out, before, '{', plain);
        buf_add_str(out, item->piece.whole);
        item->restored = true;
        text = after;
    }
    add_literal(out, text, '\0', plain);
}

int placeholders_check(const struct placeholders *p, struct err *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct piece *piece = &p->items[i].piece;
        unsigned line = 1;
        if (p->items[i].restored)
            continue;
        for (size_t at = 0; at < piece->at; at++)
            line += p->source.at[at] == '\n';
        return err_set(
            err,
            "Line %u: \"%.*s\" stands where Markdown drops it (a link definition that no "
            "link uses, or after the language of a code block); move it into the text.",
            line, piece->whole.len < 60 ? (int)piece->whole.len : 60, piece->whole.at);
    }
    return 0;
}
