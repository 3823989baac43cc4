#include "template/tokens.h"

#include "template/space.h"
#include "template/utf8.h"

/* The length of the word character at `at`, or 0. */
static size_t word_char(struct str s, size_t at, bool first)
{
    char c = s.at[at];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return 1;
    if (!first && ((c >= '0' && c <= '9') || c == '-'))
        return 1;
    if ((unsigned char)c < 0x80)
        return 0;
    int32_t point;
    size_t n = utf8_next(s, at, &point);
    return point >= 0 && utf8_is_word(point) ? n : 0;
}

static size_t scan_name(struct str s)
{
    size_t len = 0, n;
    while (len < s.len && (n = word_char(s, len, len == 0)) > 0)
        len += n;
    if (len && len < s.len && s.at[len] == '?')
        len++;
    return len;
}

static size_t scan_text(struct str s, struct token *token)
{
    const char *end = str_find(str_skip(s, 1), s.at[0]);
    if (!end) {
        token->kind = TOKEN_BAD;
        token->text = s;
        return s.len;
    }
    token->kind = TOKEN_TEXT;
    token->text = (struct str){s.at + 1, (size_t)(end - s.at) - 1};
    return token->text.len + 2;
}

static const struct sign {
    const char *text;
    enum token_kind kind;
    enum compare compare;
} signs[] = {
    {"==", TOKEN_COMPARE, COMPARE_EQUAL},
    {"!=", TOKEN_COMPARE, COMPARE_UNEQUAL},
    {"<>", TOKEN_COMPARE, COMPARE_UNEQUAL},
    {"<=", TOKEN_COMPARE, COMPARE_LESS_EQUAL},
    {">=", TOKEN_COMPARE, COMPARE_MORE_EQUAL},
    {"<", TOKEN_COMPARE, COMPARE_LESS},
    {">", TOKEN_COMPARE, COMPARE_MORE},
    {"..", TOKEN_DOTS, 0},
    {".", TOKEN_DOT, 0},
    {",", TOKEN_COMMA, 0},
    {":", TOKEN_COLON, 0},
    {"|", TOKEN_PIPE, 0},
    {"=", TOKEN_ASSIGN, 0},
    {"(", TOKEN_OPEN, 0},
    {")", TOKEN_CLOSE, 0},
    {"[", TOKEN_OPEN_INDEX, 0},
    {"]", TOKEN_CLOSE_INDEX, 0},
};

static size_t scan_sign(struct str s, struct token *token)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        struct str sign = str_of(signs[i].text);
        if (!str_starts(s, sign))
            continue;
        token->kind = signs[i].kind;
        token->compare = signs[i].compare;
        return sign.len;
    }
    int32_t point;
    token->kind = TOKEN_BAD;
    return utf8_next(s, 0, &point);
}

static size_t scan(struct str s, struct token *token)
{
    if (s.at[0] == '"' || s.at[0] == '\'')
        return scan_text(s, token);
    size_t len = scan_name(s);
    if (len) {
        token->kind = str_eq(str_from(s.at, len), STR("contains")) ? TOKEN_COMPARE : TOKEN_NAME;
        token->compare = COMPARE_CONTAINS;
        return len;
    }
    len = number_scan(s, &token->number);
    if (len) {
        token->kind = TOKEN_NUMBER;
        return len;
    }
    return scan_sign(s, token);
}

void tokens_next(struct tokens *t)
{
    t->rest = space_skip(t->rest);
    t->now = (struct token){.kind = TOKEN_END, .text = {t->rest.at, 0}};
    if (t->rest.len == 0)
        return;
    size_t len = scan(t->rest, &t->now);
    if (!t->now.text.len && t->now.kind != TOKEN_TEXT)
        t->now.text = (struct str){t->rest.at, len};
    t->rest = str_skip(t->rest, len);
}

void tokens_init(struct tokens *t, struct str markup)
{
    t->rest = markup;
    tokens_next(t);
}

bool tokens_take(struct tokens *t, enum token_kind kind)
{
    if (t->now.kind != kind)
        return false;
    tokens_next(t);
    return true;
}

bool tokens_take_name(struct tokens *t, struct str name)
{
    if (t->now.kind != TOKEN_NAME || !str_eq(t->now.text, name))
        return false;
    tokens_next(t);
    return true;
}

bool tokens_at_named(const struct tokens *t)
{
    struct tokens ahead = *t;
    if (t->now.kind != TOKEN_NAME)
        return false;
    tokens_next(&ahead);
    return ahead.now.kind == TOKEN_COLON;
}
