/*
 * The short, authenticated token that stands for (purpose, job, contact) in return paths,
 * Message-IDs and links: nobody without the key can make one, and one for one purpose is none for
 * another.
 *
 *     base32( job u32 BE · contact u32 BE · 8 bytes of HMAC-SHA-256(key, job · contact) )
 *
 * in lower-case letters and digits 2-7 (RFC 4648 §6 without padding): 26 characters, safe in a
 * local part and in a URL, and the same whichever case a mail system gives back. Which 8 of the 32
 * bytes is the purpose's number.
 */
#ifndef TOCSIN_COMPOSE_TOKEN_H
#define TOCSIN_COMPOSE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { TOKEN_LENGTH = 26, TOKEN_KEY_SIZE = 32 };

enum token_purpose {
    TOKEN_BOUNCE,
    TOKEN_MESSAGE,
    TOKEN_UNSUBSCRIBE,
    TOKEN_LINKS /* clicks, and the mail as a page; contact 0: as everybody may see it */
};              /* at most four */

struct token_key {
    unsigned char bytes[TOKEN_KEY_SIZE];
};

/* Reads the key file, making it (mode 0600, from the kernel's randomness) when it is not there. */
int token_key_load(const char *path, struct token_key *key, struct err *err);

/* What makes and checks tokens with one key. For one thread; it copies the key. */
struct token_maker;
struct token_maker *token_maker_new(const struct token_key *key);
void token_maker_free(struct token_maker *maker); /* NULL is fine */

/* Writes TOKEN_LENGTH characters and a NUL. */
void token_make(struct token_maker *maker, enum token_purpose purpose, uint32_t job,
                uint32_t contact, char out[TOKEN_LENGTH + 1]);

/* The other way: false unless the token is one that this key made for this purpose. */
bool token_check(struct token_maker *maker, enum token_purpose purpose, struct str token,
                 uint32_t *job, uint32_t *contact);

#endif
