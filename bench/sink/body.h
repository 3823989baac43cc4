/*
 * A message while it comes in: what of it must be known (size, Message-ID, digest) and what is
 * wrong with it as Internet text. The bytes themselves are held only for a message that is to be
 * kept, and looked at only as far as somebody wants to know: a benchmark's receiver counts them.
 * `struct dots` undoes the transparency of DATA (RFC 5321 §4.5.2) in front of it.
 */
#ifndef SINK_BODY_H
#define SINK_BODY_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What a message did wrong, as bits. */
enum {
    BODY_BARE_LF = 1,
    BODY_BARE_CR = 2,
    BODY_LONG_LINE = 4,  /* more than 998 octets, RFC 5322 §2.1.1 */
    BODY_EIGHT_BIT = 8,  /* a fault only without BODY=8BITMIME */
    BODY_LOOSE_DOT = 16, /* a line that begins with one dot, DATA only */
    BODY_UNFINISHED = 32 /* the last line has no CRLF */
};

enum header { HEADER_OTHER, HEADER_ID, HEADER_DONE };

/* What is wanted of a message besides its size. */
struct body_wants {
    bool id;       /* Message-ID: lines are found up to the end of the header */
    bool judgment; /* `faults`: every line is looked at */
    bool keep, digest;
};

struct body {
    struct body_wants wants;
    uint64_t bytes;
    unsigned faults;
    bool after_cr;      /* the last byte was CR */
    uint64_t line_len;  /* of the unfinished line, its CR included */
    enum header header; /* which field the last header line belongs to; DONE after the empty line */
    struct buf line;    /* an unfinished line of the header */
    struct buf id;      /* Message-ID's value */
    struct buf keep;
    EVP_MD_CTX *digest;
};

void body_init(struct body *b);
void body_release(struct body *b);
void body_begin(struct body *b, struct body_wants wants);
void body_add(struct body *b, struct str bytes);

/* Looks at the end; afterwards `faults`, `id`, `keep` and `bytes` are final. */
void body_end(struct body *b);

/* Writes the SHA-256 in hex and a NUL (65 bytes), or "-" where none was asked for. */
void body_digest(struct body *b, char out[65]);

/* The sentence for one fault bit. */
const char *body_fault_text(unsigned bit);

enum dots_at { DOTS_LINE_START, DOTS_DOT, DOTS_DOT_CR, DOTS_TEXT, DOTS_TEXT_CR, DOTS_END };

struct dots {
    enum dots_at at;
};

/*
 * Gives the message in `in` to b, without its transparency, and returns how many bytes it took. At
 * the final dot `at` becomes DOTS_END and what follows is left.
 */
size_t dots_take(struct dots *d, struct body *b, struct str in);

#endif
