#include "floor/flight.h"

#include <errno.h>

enum { DIGITS = 8, TEXT_LINE = 76 };

/* -- The message. */

static const char made_up_header[] = "From: Floor <news@floor.example>\r\n"
                                     "To: A reader <reader@floor.example>\r\n"
                                     "Subject: What the machine allows\r\n"
                                     "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                                     "Message-ID: <1.floor@floor.example>\r\n"
                                     "MIME-Version: 1.0\r\n"
                                     "Content-Type: text/plain; charset=us-ascii\r\n"
                                     "\r\n";

/* `size` octets in all; a last line that would have no text is joined to the one before. */
static void make_message(struct buf *out, size_t size)
{
    buf_add_text(out, made_up_header);
    while (out->len < size) {
        size_t left = size - out->len;
        size_t line = left < TEXT_LINE + 5 ? left : TEXT_LINE + 2;
        for (size_t i = 0; i + 2 < line; i++)
            buf_add_byte(out, i % 8 == 7 ? ' ' : (char)('a' + (i + left) % 26));
        buf_add_text(out, "\r\n");
    }
}

static int read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "rb");
    size_t n = 1;
    if (!file)
        return err_set(err, "Message %s cannot be opened: %s.", path, strerror(errno));
    while (n) {
        n = fread(buf_reserve(out, 65536), 1, 65536, file);
        out->len += n;
    }
    int failed = ferror(file);
    fclose(file);
    return failed ? err_set(err, "Message %s cannot be read: %s.", path, strerror(errno)) : 0;
}

static bool has_only_crlf(struct str text)
{
    const char *end = text.at + text.len;
    for (const char *lf = text.at; (lf = memchr(lf, '\n', (size_t)(end - lf))); lf++)
        if (lf == text.at || lf[-1] != '\r')
            return false;
    return str_ends(text, STR("\r\n"));
}

static const char *find_body(struct str message)
{
    const char *gap = memmem(message.at, message.len, "\r\n\r\n", 4);
    return gap ? gap + 4 : NULL;
}

int flight_read_message(const struct options *o, struct buf *out, struct err *err)
{
    if (!o->message) {
        make_message(out, o->size);
        return 0;
    }
    if (read_file(o->message, out, err))
        return -1;
    if (out->len == 0 || !has_only_crlf(buf_str(out)))
        return err_set(err, "Message %s must have CRLF at the end of every line.", o->message);
    if (!find_body(buf_str(out)))
        return err_set(err, "Message %s has no empty line between header and body.", o->message);
    return 0;
}

/* -- The transaction. */

static void add_blank(struct buf *out, size_t len)
{
    memset(buf_reserve(out, len), '.', len);
    out->len += len;
}

/* The header with room for its values, whose places are noted from the header's own start. */
static void add_signature(struct flight *f, struct buf *out, const struct signer *signer)
{
    buf_addf(out,
             "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=floor.example; s=floor;\r\n"
             "\th=From:To:Subject:Date:Message-ID:MIME-Version:Content-Type;\r\n\tbh=",
             signer->algorithm);
    f->hash_at = out->len;
    add_blank(out, SIGNER_HASH_LEN);
    buf_add_text(out, ";\r\n\tb=");
    f->signature_at = out->len;
    add_blank(out, signer->signature_len);
    buf_add_text(out, "\r\n");
}

void flight_init(struct flight *f, struct str message, const struct signer *signer)
{
    struct buf header = BUF_INIT;
    *f = (struct flight){.bytes = BUF_INIT};
    if (signer)
        add_signature(f, &header, signer);
    buf_addf(&f->bytes, "MAIL FROM:<bounces@floor.example>%s\r\nRCPT TO:<user",
             str_is_ascii(message) ? "" : " BODY=8BITMIME");
    f->digits_at = f->bytes.len;
    buf_addf(&f->bytes, "%0*u@floor.example>\r\nBDAT %zu LAST\r\n", DIGITS, 0u,
             header.len + message.len);
    f->hash_at += f->bytes.len;
    f->signature_at += f->bytes.len;
    buf_add_str(&f->bytes, buf_str(&header));
    f->body_at = f->bytes.len + (size_t)(find_body(message) - message.at);
    buf_add_str(&f->bytes, message);
    buf_release(&header);
}

void flight_release(struct flight *f)
{
    buf_release(&f->bytes);
}

void flight_address(struct flight *f, unsigned number)
{
    char *digits = f->bytes.at + f->digits_at;
    for (int i = DIGITS; i-- > 0; number /= 10)
        digits[i] = (char)('0' + number % 10);
}

int flight_sign(struct flight *f, struct signer *signer, struct err *err)
{
    struct str body = str_skip(buf_str(&f->bytes), f->body_at);
    return signer_sign(signer, body, f->bytes.at + f->hash_at, f->bytes.at + f->signature_at, err);
}
