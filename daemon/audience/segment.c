#include "audience/segment.h"

#include "audience/quote.h"

enum token_kind {
    TOKEN_END,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_ALL,
    TOKEN_PAIR, /* word:text */
    TOKEN_WORD, /* anything else */
};

struct token {
    enum token_kind kind;
    unsigned column;
    struct str word; /* the part before the colon of a pair */
    struct str text; /* the part after it */
};

struct parser {
    struct str rest;
    unsigned column;
    unsigned depth;
    unsigned walks;
    struct token token; /* the one to look at */
    struct arena *memory;
    struct err *err;
};

/* --- Tokens --- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(char c)
{
    return is_space(c) || c == '(' || c == ')' || c == '"';
}

/* Takes n bytes; a column is a character, so continuation bytes do not count. */
static struct str take(struct parser *p, size_t n)
{
    struct str part = {p->rest.at, n};
    for (size_t i = 0; i < n; i++)
        p->column += ((unsigned char)part.at[i] & 0xC0) != 0x80;
    p->rest = str_skip(p->rest, n);
    return part;
}

static size_t word_length(struct str s)
{
    size_t n = 0;
    while (n < s.len && !ends_word(s.at[n]))
        n++;
    return n;
}

static int token_quoted(struct parser *p, struct str *text)
{
    unsigned column = p->column;
    take(p, 1);
    const char *end = str_find(p->rest, '"');
    if (!end)
        return err_set(p->err, "The quote at column %u is not closed.", column);
    *text = take(p, (size_t)(end - p->rest.at));
    take(p, 1);
    return 0;
}

static enum token_kind word_kind(struct str word)
{
    static const struct {
        struct str word;
        enum token_kind kind;
    } keywords[] = {
        {{"and", 3}, TOKEN_AND},
        {{"or", 2}, TOKEN_OR},
        {{"not", 3}, TOKEN_NOT},
        {{"all", 3}, TOKEN_ALL},
    };
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (str_eq_nocase(word, keywords[i].word))
            return keywords[i].kind;
    return TOKEN_WORD;
}

static int token_word(struct parser *p)
{
    struct token *t = &p->token;
    struct str whole = take(p, word_length(p->rest));
    t->text = whole;
    t->word = str_cut(&t->text, ':');
    if (!t->text.at) {
        t->kind = word_kind(whole);
        return 0;
    }
    t->kind = TOKEN_PAIR;
    if (t->text.len == 0 && p->rest.len && p->rest.at[0] == '"')
        return token_quoted(p, &t->text);
    return 0;
}

/* Reads the next token into p->token. */
static int advance(struct parser *p)
{
    while (p->rest.len && is_space(p->rest.at[0]))
        take(p, 1);
    p->token = (struct token){.kind = TOKEN_END, .column = p->column};
    if (p->rest.len == 0)
        return 0;
    switch (p->rest.at[0]) {
    case '(':
        p->token.kind = TOKEN_OPEN;
        take(p, 1);
        return 0;
    case ')':
        p->token.kind = TOKEN_CLOSE;
        take(p, 1);
        return 0;
    case '"':
        p->token.kind = TOKEN_WORD;
        return token_quoted(p, &p->token.word);
    default:
        return token_word(p);
    }
}

/* --- Grammar --- */

static struct segment_node *node_new(struct parser *p, enum segment_kind kind, unsigned column)
{
    struct segment_node *node = ARENA_NEW(p->memory, struct segment_node);
    node->kind = kind;
    node->column = column;
    return node;
}

/* NULL with "BEFORE "WORD" (column N)AFTER". */
static struct segment_node *refuse(struct parser *p, const char *before, struct str word,
                                   const char *after)
{
    struct buf say = BUF_INIT;
    buf_add_text(&say, before);
    quote_add(&say, word);
    buf_addf(&say, " (column %u)%s", p->token.column, after);
    err_set(p->err, "%s", say.at);
    buf_release(&say);
    return NULL;
}

static const char knows[] = ". Use list:NAME, email:ADDRESS, job:NUMBER, all, and, or, not, and "
                            "parentheses.";

/* number [ ":" state ], from the text that the node has. */
static struct segment_node *read_job(struct parser *p, struct segment_node *node)
{
    struct str state = node->text, number = str_cut(&state, ':');
    uint64_t job;
    node->by_state = state.at != NULL;
    if (!str_to_u64(number, &job) || job == 0 || job > UINT32_MAX)
        return refuse(p, "A job has a number: there can be no job ", number,
                      ". Write for example job:12, or job:12:bounced.");
    if (node->by_state && !recipient_state_parse(state, &node->state))
        return refuse(p, "No recipient of a job is ", state,
                      ". They are queued, deferred, in_doubt, delivered, bounced, skipped, expired "
                      "or cancelled.");
    if (node->by_state && ++p->walks > SEGMENT_MAX_WALKS)
        return refuse(p, "Too many states of jobs are asked for at ", node->text,
                      ": there can be 8 in one audience.");
    node->job = (uint32_t)job;
    return node;
}

static bool pair_kind(struct str word, enum segment_kind *out)
{
    static const struct {
        const char *word;
        enum segment_kind kind;
    } pairs[] = {{"list", SEGMENT_LIST}, {"email", SEGMENT_EMAIL}, {"job", SEGMENT_JOB}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        *out = pairs[i].kind;
        if (str_eq_nocase(word, str_of(pairs[i].word)))
            return true;
    }
    return false;
}

static struct segment_node *parse_pair(struct parser *p)
{
    struct token *t = &p->token;
    enum segment_kind kind;
    if (!pair_kind(t->word, &kind))
        return refuse(p, "An audience cannot be chosen by ", t->word, knows);
    if (t->text.len == 0)
        return refuse(p, "A name is missing after ", t->word, ": write for example list:everyone.");
    struct segment_node *node = node_new(p, kind, t->column);
    node->text = arena_str(p->memory, t->text);
    if (kind == SEGMENT_JOB && !read_job(p, node))
        return NULL;
    return advance(p) < 0 ? NULL : node;
}

static struct segment_node *parse_or(struct parser *p);

static struct segment_node *parse_group(struct parser *p)
{
    unsigned column = p->token.column;
    if (advance(p) < 0)
        return NULL;
    struct segment_node *inside = parse_or(p);
    if (!inside)
        return NULL;
    if (p->token.kind != TOKEN_CLOSE) {
        err_set(p->err, "The parenthesis at column %u is not closed.", column);
        return NULL;
    }
    return advance(p) < 0 ? NULL : inside;
}

/* A bare word: most likely a list without its `list:`, or a condition on an attribute. */
static struct segment_node *refuse_word(struct parser *p)
{
    struct str rest = str_trim(p->rest);
    if (rest.len && memchr("=<>!~", rest.at[0], 5))
        return refuse(p, "Conditions on attributes are not known yet: ", p->token.word, knows);
    return refuse(p, "Not understood: ", p->token.word, knows);
}

static struct segment_node *parse_primary(struct parser *p)
{
    switch (p->token.kind) {
    case TOKEN_OPEN:
        return parse_group(p);
    case TOKEN_PAIR:
        return parse_pair(p);
    case TOKEN_ALL: {
        struct segment_node *node = node_new(p, SEGMENT_ALL, p->token.column);
        return advance(p) < 0 ? NULL : node;
    }
    case TOKEN_WORD:
        return refuse_word(p);
    default:
        err_set(p->err, "Something is missing at column %u: list:NAME, email:ADDRESS or all.",
                p->token.column);
        return NULL;
    }
}

static struct segment_node *parse_not(struct parser *p)
{
    struct segment_node *node = NULL;
    unsigned column = p->token.column;
    if (p->depth == SEGMENT_MAX_DEPTH) {
        err_set(p->err, "More than %d levels deep (column %u).", SEGMENT_MAX_DEPTH, column);
        return NULL;
    }
    p->depth++;
    if (p->token.kind != TOKEN_NOT) {
        node = parse_primary(p);
    } else if (advance(p) == 0) {
        struct segment_node *of = parse_not(p);
        node = of ? node_new(p, SEGMENT_NOT, column) : NULL;
        if (node)
            node->left = of;
    }
    p->depth--;
    return node;
}

typedef struct segment_node *parse_function(struct parser *p);

/* part *( operator part ), leaning left */
static struct segment_node *parse_chain(struct parser *p, enum token_kind operator,
                                        enum segment_kind kind, parse_function *part)
{
    struct segment_node *left = part(p);
    while (left && p->token.kind == operator) {
        struct segment_node *node = node_new(p, kind, p->token.column);
        if (advance(p) < 0)
            return NULL;
        node->left = left;
        node->right = part(p);
        left = node->right ? node : NULL;
    }
    return left;
}

static struct segment_node *parse_and(struct parser *p)
{
    return parse_chain(p, TOKEN_AND, SEGMENT_AND, parse_not);
}

static struct segment_node *parse_or(struct parser *p)
{
    return parse_chain(p, TOKEN_OR, SEGMENT_OR, parse_and);
}

/* --- Doors --- */

static int text_check(struct str text, struct err *err)
{
    if (text.len > SEGMENT_MAX_LENGTH)
        return err_set(err, "The audience is longer than %d bytes.", SEGMENT_MAX_LENGTH);
    if (!str_is_utf8(text) || str_find(text, '\0'))
        return err_set(err, "The audience is not valid UTF-8 text.");
    if (str_trim(text).len == 0)
        return err_set(err, "The audience is empty: write for example list:everyone, or all.");
    return 0;
}

static int parse_whole(struct parser *p, struct segment *out)
{
    if (advance(p) < 0)
        return -1;
    out->root = parse_or(p);
    if (!out->root)
        return -1;
    if (p->token.kind == TOKEN_CLOSE)
        return err_set(p->err, "The parenthesis at column %u was never opened.", p->token.column);
    if (p->token.kind != TOKEN_END)
        return err_set(p->err, "\"and\" or \"or\" is missing before column %u.", p->token.column);
    return 0;
}

int segment_parse(struct str text, struct segment *out, struct err *err)
{
    *out = (struct segment){.root = NULL};
    arena_init(&out->memory);
    if (text_check(text, err) < 0)
        return -1;
    struct parser p = {.rest = text, .column = 1, .memory = &out->memory, .err = err};
    return parse_whole(&p, out);
}

void segment_release(struct segment *segment)
{
    arena_release(&segment->memory);
    segment->root = NULL;
}
