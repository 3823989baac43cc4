#include "sink/body.h"

enum { TEXT_LINE_MAX = 998, HEADER_LINE_MAX = 4096 };

void body_init(struct body *b)
{
    *b = (struct body){0};
}

void body_release(struct body *b)
{
    buf_release(&b->line);
    buf_release(&b->id);
    buf_release(&b->keep);
    EVP_MD_CTX_free(b->digest);
    body_init(b);
}

void body_begin(struct body *b, struct body_wants wants)
{
    b->wants = wants;
    b->bytes = b->line_len = 0;
    b->faults = 0;
    b->after_cr = false;
    b->header = HEADER_OTHER;
    buf_reset(&b->line);
    buf_reset(&b->id);
    buf_reset(&b->keep);
    if (!wants.digest)
        return;
    if (!b->digest)
        b->digest = EVP_MD_CTX_new();
    EVP_DigestInit_ex(b->digest, EVP_sha256(), NULL);
}

static bool has_high_bit(struct str s)
{
    const uint64_t high = 0x8080808080808080u;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;
        memcpy(&word, s.at + i, 8);
        if (word & high)
            return true;
    }
    for (; i < s.len; i++)
        if ((unsigned char)s.at[i] & 0x80)
            return true;
    return false;
}

/* One whole line of the header section, without its end. */
static void take_header(struct body *b, struct str line)
{
    if (line.len == 0) {
        b->header = HEADER_DONE;
        return;
    }
    if (line.at[0] != ' ' && line.at[0] != '\t') {
        bool is_id = b->id.len == 0 && str_starts_nocase(line, STR("message-id:"));
        b->header = is_id ? HEADER_ID : HEADER_OTHER;
        if (is_id)
            line = str_skip(line, STR("message-id:").len);
    }
    if (b->header == HEADER_ID)
        buf_add_str(&b->id, str_trim(line));
}

static void add_header_part(struct body *b, struct str part)
{
    if (b->line.len < HEADER_LINE_MAX)
        buf_add_str(&b->line, part);
}

/* The rest of a line of the header, up to and with its LF. */
static void end_header(struct body *b, struct str part)
{
    if (b->line.len) {
        add_header_part(b, part);
        part = buf_str(&b->line);
    }
    take_header(b, str_trim(part).len == 0 ? STR("") : part);
    buf_reset(&b->line);
}

/* Bytes of one line; `ends` if the last of them is its LF. */
static void take_part(struct body *b, struct str part, bool ends)
{
    size_t text = part.len - (ends ? 1 : 0);
    bool cr_before_end = text ? part.at[text - 1] == '\r' : b->after_cr;
    if (ends && !cr_before_end)
        b->faults |= BODY_BARE_LF;
    if (b->after_cr && text)
        b->faults |= BODY_BARE_CR;
    if (text && memchr(part.at, '\r', text - 1))
        b->faults |= BODY_BARE_CR;
    b->line_len += text;
    if (b->line_len > TEXT_LINE_MAX + (cr_before_end ? 1 : 0))
        b->faults |= BODY_LONG_LINE;
    b->after_cr = !ends && cr_before_end;
    if (ends)
        b->line_len = 0;
    if (b->header == HEADER_DONE)
        return;
    if (ends)
        end_header(b, part);
    else
        add_header_part(b, part);
}

static bool wants_lines(const struct body *b)
{
    return b->wants.judgment || (b->wants.id && b->header != HEADER_DONE);
}

void body_add(struct body *b, struct str bytes)
{
    b->bytes += bytes.len;
    if (b->wants.digest)
        EVP_DigestUpdate(b->digest, bytes.at, bytes.len);
    if (b->wants.keep)
        buf_add_str(&b->keep, bytes);
    if (b->wants.judgment && has_high_bit(bytes))
        b->faults |= BODY_EIGHT_BIT;
    while (bytes.len && wants_lines(b)) {
        const char *lf = memchr(bytes.at, '\n', bytes.len);
        size_t len = lf ? (size_t)(lf - bytes.at) + 1 : bytes.len;
        take_part(b, str_from(bytes.at, len), lf != NULL);
        bytes = str_skip(bytes, len);
    }
}

void body_end(struct body *b)
{
    if (b->line_len)
        b->faults |= BODY_UNFINISHED;
    if (b->after_cr)
        b->faults |= BODY_BARE_CR;
    if (!b->wants.judgment)
        b->faults = 0;
}

void body_digest(struct body *b, char out[65])
{
    unsigned char digest[32];
    if (!b->wants.digest) {
        memcpy(out, "-", 2);
        return;
    }
    EVP_DigestFinal_ex(b->digest, digest, NULL);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

const char *body_fault_text(unsigned bit)
{
    switch (bit) {
    case BODY_BARE_LF:
        return "LF without CR in the message";
    case BODY_BARE_CR:
        return "CR without LF in the message";
    case BODY_LONG_LINE:
        return "a line of more than 998 octets in the message";
    case BODY_EIGHT_BIT:
        return "octets above 127 without BODY=8BITMIME";
    case BODY_LOOSE_DOT:
        return "a leading dot was not doubled";
    default:
        return "the message does not end with CRLF";
    }
}

/* The dot at the start of a line and whatever was held with it turn out to be text. */
static void give_held(struct dots *d, struct body *b)
{
    b->faults |= BODY_LOOSE_DOT;
    if (d->at == DOTS_DOT_CR)
        body_add(b, STR("\r"));
}

/* Where a byte of ordinary text leads. */
static enum dots_at after_text(char byte, bool after_cr)
{
    if (byte == '\r')
        return DOTS_TEXT_CR;
    return after_cr && byte == '\n' ? DOTS_LINE_START : DOTS_TEXT;
}

/*
 * How far text runs from `at`, until a dot at the start of a line or the end of `in`. Lines start
 * after CR LF and nowhere else, so a lone LF cannot smuggle an end of message in.
 */
static size_t text_run(struct dots *d, struct str in, size_t at)
{
    while (at < in.len) {
        if (d->at == DOTS_LINE_START && in.at[at] == '.')
            break;
        if (d->at == DOTS_TEXT) {
            const char *cr = memchr(in.at + at, '\r', in.len - at);
            at = cr ? (size_t)(cr - in.at) : in.len;
            if (!cr)
                break;
        }
        d->at = after_text(in.at[at], d->at == DOTS_TEXT_CR);
        at++;
    }
    return at;
}

/* One byte after a dot that began a line; true if it was taken, not left for text_run. */
static bool take_after_dot(struct dots *d, struct body *b, char byte)
{
    if (d->at == DOTS_DOT && byte == '\r') {
        d->at = DOTS_DOT_CR;
        return true;
    }
    if (d->at == DOTS_DOT_CR && byte == '\n') {
        d->at = DOTS_END;
        return true;
    }
    if (d->at == DOTS_DOT && byte == '.') {
        d->at = DOTS_TEXT;
        body_add(b, STR("."));
        return true;
    }
    give_held(d, b);
    d->at = d->at == DOTS_DOT_CR ? DOTS_TEXT_CR : DOTS_TEXT;
    return false;
}

size_t dots_take(struct dots *d, struct body *b, struct str in)
{
    size_t at = 0;
    while (at < in.len && d->at != DOTS_END) {
        if (d->at == DOTS_DOT || d->at == DOTS_DOT_CR) {
            at += take_after_dot(d, b, in.at[at]);
            continue;
        }
        size_t end = text_run(d, in, at);
        if (end > at)
            body_add(b, str_from(in.at + at, end - at));
        at = end;
        if (at < in.len) {
            d->at = DOTS_DOT;
            at++;
        }
    }
    return at;
}
