#include "template/parser.h"

#include "base/alloc.h"
#include "template/render.h"
#include "template/space.h"
#include "template/utf8.h"

enum { MAX_SOURCE = 16 * 1024 * 1024, MAX_SYMBOLS = 1000, MAX_MARKS = 1000, MAX_DEPTH = 100 };

static const struct tag *const tags[] = {
    &tag_if,       &tag_unless,  &tag_case,    &tag_for,       &tag_break,
    &tag_continue, &tag_assign,  &tag_capture, &tag_echo,      &tag_liquid,
    &tag_render,   &tag_include, &tag_cycle,   &tag_increment, &tag_decrement,
    &tag_abort,    &tag_comment, &tag_doc,     &tag_hash,      &tag_raw,
};

static const struct tag *tag_find(struct str name)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (str_eq(name, str_of(tags[i]->name)))
            return tags[i];
    return NULL;
}

static int fail_v(struct parser *p, size_t at, const char *format, va_list args)
{
    char sentence[320];
    vsnprintf(sentence, sizeof(sentence), format, args);
    return template_fail(p->template, p->unit->base + at, p->error, "%s", sentence);
}

int parser_fail(struct parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_v(p, p->piece.at, format, args);
    va_end(args);
    return -1;
}

static int fail_at(struct parser *p, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail_at(struct parser *p, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_v(p, at, format, args);
    va_end(args);
    return -1;
}

/* The width for "%.*s" of something that people shall recognise, not read. */
static int shown(struct str s)
{
    return s.len < 60 ? (int)s.len : 60;
}

uint32_t parser_offset(const struct parser *p, const char *at)
{
    struct str source = p->unit->source;
    bool inside = at >= source.at && at <= source.at + source.len;
    return p->unit->base + (uint32_t)(inside ? (size_t)(at - source.at) : p->piece.at);
}

static bool is_curly_quote(struct str s)
{
    return str_starts(s, STR("\xe2\x80\x98")) || str_starts(s, STR("\xe2\x80\x99")) ||
           str_starts(s, STR("\xe2\x80\x9c")) || str_starts(s, STR("\xe2\x80\x9d"));
}

int parser_expected(struct parser *p, const struct tokens *t, const char *what)
{
    const struct token *now = &t->now;
    size_t at = parser_offset(p, now->text.at) - p->unit->base;
    if (now->kind == TOKEN_END)
        return fail_at(p, at, "\"%.*s\" ends too early: %s is missing.", shown(p->piece.whole),
                       p->piece.whole.at, what);
    if (now->kind == TOKEN_BAD && is_curly_quote(now->text))
        return fail_at(p, at, "this is a typographic quote; write ' or \" around text.");
    if (now->kind == TOKEN_BAD && (now->text.at[0] == '"' || now->text.at[0] == '\''))
        return fail_at(p, at, "the text that starts here has no closing %c.", now->text.at[0]);
    return fail_at(p, at, "\"%.*s\" is not expected here; %s should follow.", shown(now->text),
                   now->text.at, what);
}

int parser_end(struct parser *p, const struct tokens *t)
{
    if (t->now.kind == TOKEN_END)
        return 0;
    if (p->piece.kind == PIECE_OUTPUT)
        return parser_expected(p, t, "a | or }}");
    return parser_expected(p, t, p->lexer.lines ? "the end of the line" : "%}");
}

void *parser_alloc(struct parser *p, size_t size)
{
    return arena_zero(&p->template->arena, size);
}

bool parser_at(const struct parser *p, const char *name)
{
    return str_eq(p->piece.name, str_of(name));
}

void *parser_grow(struct parser *p, void *all, size_t count, size_t *size, size_t item)
{
    if (count < *size)
        return all;
    *size = *size ? *size * 2 : 16;
    void *more = arena_alloc(&p->template->arena, *size * item);
    return count ? memcpy(more, all, count * item) : more;
}

int parser_symbol(struct parser *p, struct str name, uint32_t *symbol)
{
    struct template *t = p->template;
    for (*symbol = 0; *symbol < t->symbol_count; ++*symbol)
        if (str_eq(t->symbols[*symbol].name, name))
            return 0;
    if (t->symbol_count == MAX_SYMBOLS)
        return parser_fail(p, "a template can use at most %d names; this one has more.",
                           MAX_SYMBOLS);
    t->symbols = parser_grow(p, t->symbols, t->symbol_count, &p->symbol_size, sizeof(*t->symbols));
    t->symbols[t->symbol_count++] = (struct symbol){.name = name};
    return 0;
}

int parser_own_symbol(struct parser *p, struct str name, uint32_t *symbol)
{
    if (parser_symbol(p, name, symbol) < 0)
        return -1;
    p->template->symbols[*symbol].own = true;
    return 0;
}

int parser_mark(struct parser *p, struct str key, uint32_t *mark)
{
    for (*mark = 0; *mark < p->mark_count; ++*mark)
        if (str_eq(p->marks[*mark], key))
            return 0;
    if (p->mark_count == MAX_MARKS)
        return parser_fail(p, "a template can have at most %d different loops and cycles.",
                           MAX_MARKS);
    p->marks = parser_grow(p, p->marks, p->mark_count, &p->mark_size, sizeof(*p->marks));
    p->marks[p->mark_count++] = key;
    return 0;
}

void parser_text(struct parser *p, struct node *n, struct str text)
{
    struct template *t = p->template;
    n->render = render_text;
    n->constant = t->constant_count;
    n->blank = space_skip(text).len == 0;
    t->constants = parser_grow(p, t->constants, t->constant_count, &p->constant_size, sizeof(text));
    t->constants[t->constant_count++] = text;
}

static struct node *node_push(struct parser *p)
{
    if (p->node_count == p->node_size) {
        p->node_size = p->node_size ? p->node_size * 2 : 64;
        p->nodes = alloc_again(p->nodes, p->node_size * sizeof(*p->nodes));
    }
    struct node *n = &p->nodes[p->node_count++];
    *n = (struct node){.at = p->unit->base + (uint32_t)p->piece.at};
    return n;
}

static bool next_trims(const struct parser *p)
{
    struct lexer ahead = p->lexer;
    struct piece next;
    return lexer_next(&ahead, &next) && next.trim_before;
}

static void parse_text(struct parser *p)
{
    struct str s = p->piece.whole;
    if (p->trim_next)
        s = space_skip(s);
    if (next_trims(p))
        s = space_cut(s);
    p->trim_next = false;
    if (s.len == 0)
        return;
    parser_text(p, node_push(p), s);
}

int parser_output(struct parser *p, struct node *n)
{
    struct tokens t;
    tokens_init(&t, p->piece.inside);
    if (t.now.kind == TOKEN_END)
        return 0;
    struct chain *chain = parser_alloc(p, sizeof(*chain));
    n->render = render_output;
    n->chain = chain;
    return parse_chain(p, &t, chain) < 0 ? -1 : parser_end(p, &t);
}

static int parse_output(struct parser *p)
{
    struct node n = {.at = p->unit->base + (uint32_t)p->piece.at};
    p->trim_next = p->piece.trim_after;
    int result = parser_output(p, &n);
    if (result == 0 && n.render)
        *node_push(p) = n;
    return result;
}

static int parse_tag(struct parser *p, const struct tag *tag)
{
    struct node n = {.at = p->unit->base + (uint32_t)p->piece.at};
    if (p->depth == p->max_depth)
        return parser_fail(p, "tags are nested more than %u deep.", p->max_depth);
    p->trim_next = p->piece.trim_after;
    p->depth++;
    int result = tag->parse(p, &n);
    p->depth--;
    if (result == 0 && n.render)
        *node_push(p) = n;
    return result;
}

static int fail_unclosed(struct parser *p)
{
    bool tag = p->piece.kind == PIECE_OPEN_TAG;
    return parser_fail(p, "\"%s\" is never closed; add \"%s\".", tag ? "{%" : "{{",
                       tag ? "%}" : "}}");
}

/* One piece; 1 if it is a delimiter that ends the block. */
static int parse_piece(struct parser *p)
{
    const struct tag *tag;
    switch (p->piece.kind) {
    case PIECE_TEXT:
        parse_text(p);
        return 0;
    case PIECE_OUTPUT:
        return parse_output(p);
    case PIECE_TAG:
        tag = tag_find(p->piece.name);
        if (tag)
            return parse_tag(p, tag);
        p->trim_next = p->piece.trim_after;
        return 1;
    default:
        return fail_unclosed(p);
    }
}

static void block_take(struct parser *p, size_t first, struct block *block)
{
    block->count = p->node_count - first;
    block->nodes = arena_alloc(&p->template->arena, block->count * sizeof(struct node));
    block->blank = true;
    for (size_t i = 0; i < block->count; i++) {
        block->nodes[i] = p->nodes[first + i];
        block->blank = block->blank && block->nodes[i].blank;
    }
    p->node_count = first;
}

int parser_nodes(struct parser *p)
{
    int result = 0;
    while (result == 0) {
        if (!lexer_next(&p->lexer, &p->piece)) {
            p->piece = (struct piece){.kind = PIECE_TEXT, .at = p->lexer.source.len};
            return 0;
        }
        result = parse_piece(p);
    }
    return result < 0 ? -1 : 0;
}

int parser_block(struct parser *p, struct block *block)
{
    size_t first = p->node_count;
    if (parser_nodes(p) < 0)
        return -1;
    block_take(p, first, block);
    return 0;
}

int parser_body(struct parser *p, const struct piece *open, struct block *block)
{
    if (parser_block(p, block) < 0)
        return -1;
    if (p->piece.kind == PIECE_TAG)
        return 0;
    p->piece = *open;
    return parser_fail(p, "the tag \"{%% %.*s %%}\" is never closed; add {%% end%.*s %%}.",
                       STR_ARG(open->name), STR_ARG(open->name));
}

static int fail_unknown(struct parser *p)
{
    if (p->piece.name.len == 0)
        return parser_fail(p, "\"%.*s\" has no tag name.", shown(p->piece.whole),
                           p->piece.whole.at);
    return parser_fail(p, "there is no tag named \"%.*s\".", shown(p->piece.name),
                       p->piece.name.at);
}

/* Delimiters that belong to some block, though not to every one. */
static bool is_delimiter(struct str name)
{
    static const char *const names[] = {"else", "elsif", "when"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return str_starts(name, STR("end")) && tag_find(str_skip(name, 3));
}

int parser_stray(struct parser *p, const struct piece *open)
{
    if (!is_delimiter(p->piece.name))
        return fail_unknown(p);
    if (!open)
        return parser_fail(p, "{%% %.*s %%} stands here without the tag that it belongs to.",
                           shown(p->piece.name), p->piece.name.at);
    return parser_fail(
        p, "{%% %.*s %%} stands inside {%% %.*s %%}; close that first, with {%% end%.*s %%}.",
        shown(p->piece.name), p->piece.name.at, STR_ARG(open->name), STR_ARG(open->name));
}

void block_strip(struct block *block)
{
    size_t kept = 0;
    for (size_t i = 0; i < block->count; i++)
        if (block->nodes[i].render != render_text)
            block->nodes[kept++] = block->nodes[i];
    block->count = kept;
}

static int check_utf8(struct parser *p)
{
    struct str source = p->unit->source;
    int32_t point;
    for (size_t at = 0; at < source.len;) {
        size_t n = utf8_next(source, at, &point);
        if (point < 0)
            return fail_at(p, at, "this is not valid UTF-8; save the file as UTF-8.");
        at += n;
    }
    return 0;
}

static int parse_unit(struct parser *p, struct unit *unit)
{
    p->unit = unit;
    p->piece = (struct piece){0};
    p->lexer = (struct lexer){.source = unit->source};
    p->trim_next = false;
    if (unit->source.len > MAX_SOURCE)
        return parser_fail(p, "this is longer than %d MiB.", MAX_SOURCE >> 20);
    if (check_utf8(p) < 0 || parser_block(p, &unit->body) < 0)
        return -1;
    return p->piece.kind == PIECE_TAG ? parser_stray(p, NULL) : 0;
}

static int parse_all(struct parser *p)
{
    for (struct unit *unit = &p->template->main; unit; unit = unit->next)
        if (parse_unit(p, unit) < 0)
            return -1;
    return 0;
}

struct template *template_compile(struct str source, const struct template_options *options,
                                  struct template_error *error)
{
    static const struct template_options defaults;
    options = options ? options : &defaults;
    struct template *t = NEW(struct template);
    struct parser p = {.template = t, .error = error, .partials = options->partials};
    t->first_line = options->first_line ? options->first_line : 1;
    p.max_depth = options->max_depth ? options->max_depth : MAX_DEPTH;
    p.last = &t->main;
    t->main.source = source.len > MAX_SOURCE ? source : arena_str(&t->arena, source);
    int result = parse_all(&p);
    t->mark_count = p.mark_count;
    free(p.nodes);
    if (result == 0)
        return t;
    template_free(t);
    return NULL;
}

void template_free(struct template *t)
{
    if (!t)
        return;
    arena_release(&t->arena);
    free(t);
}
