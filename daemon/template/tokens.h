/*
 * The words inside {{ }} and {% %}: names, numbers, quoted text, signs. Pure; tokens are views of
 * the source. One token of look-ahead: `now` is the token not yet taken.
 *
 *     name   = (letter / "_") *(letter / digit / "_" / "-") ["?"]     letters of any script
 *     number = ["-"] 1*DIGIT ["." 1*DIGIT]
 *     text   = "'" *any "'" / DQUOTE *any DQUOTE                      no escapes
 *     sign   = "." ".." "," ":" "|" "=" "(" ")" "[" "]" "==" "!=" "<>" "<" ">" "<=" ">="
 */
#ifndef TOCSIN_TEMPLATE_TOKENS_H
#define TOCSIN_TEMPLATE_TOKENS_H

#include "template/number.h"
#include "template/program.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_DOT,
    TOKEN_DOTS,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_PIPE,
    TOKEN_ASSIGN,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_INDEX,
    TOKEN_CLOSE_INDEX,
    TOKEN_COMPARE, /* `compare` says which */
    TOKEN_BAD      /* a byte that cannot start a token, or text without its closing quote */
};

struct token {
    enum token_kind kind;
    struct str text; /* of TOKEN_TEXT: without the quotes */
    struct number number;
    enum compare compare;
};

struct tokens {
    struct str rest; /* after `now` */
    struct token now;
};

void tokens_init(struct tokens *t, struct str markup);
void tokens_next(struct tokens *t);

/* Takes the token if it is of that kind. */
bool tokens_take(struct tokens *t, enum token_kind kind);

/* Takes the token if it is that name. */
bool tokens_take_name(struct tokens *t, struct str name);

/* True if a named argument `name:` follows. */
bool tokens_at_named(const struct tokens *t);

#endif
