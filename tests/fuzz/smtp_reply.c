/*
 * Any bytes, once whole and once byte by byte: the same replies must come out, each within its
 * bounds and with a text that a terminal can show.
 */
#include <assert.h>

#include "smtp/ehlo.h"
#include "smtp/reply.h"

static void check_reply(const struct smtp_reply *r)
{
    assert(r->code >= 200 && r->code <= 599);
    assert(r->text.len <= SMTP_REPLY_TEXT);
    assert(str_is_utf8(r->text));
    for (size_t i = 0; i < r->text.len; i++) {
        unsigned char c = (unsigned char)r->text.at[i];
        assert(c == '\n' || (c >= 0x20 && c != 0x7f));
    }
    if (r->enhanced.class)
        assert(r->enhanced.class == r->code / 100 && r->enhanced.subject < 1000);
}

static void check_others(const struct smtp_reply *r)
{
    struct smtp_extensions offers;
    struct buf line = BUF_INIT;
    smtp_ehlo_parse(r, &offers);
    assert(offers.size || offers.size_limit == 0);
    smtp_reply_format(r, &line);
    assert(!str_find(buf_str(&line), '\n'));
    buf_release(&line);
}

/* Everything that came out, for comparison. */
static void parse_all(struct str input, size_t step, struct buf *out)
{
    static struct smtp_reply_parser p;
    enum smtp_reply_status status = SMTP_REPLY_MORE;
    smtp_reply_parser_init(&p);
    while (input.len > 0 && status != SMTP_REPLY_BAD) {
        struct str piece = str_from(input.at, step < input.len ? step : input.len);
        size_t before = piece.len;
        status = smtp_reply_parse(&p, &piece);
        assert(piece.len < before);
        input = str_skip(input, before - piece.len);
        if (status == SMTP_REPLY_DONE) {
            check_reply(&p.reply);
            check_others(&p.reply);
            smtp_reply_format(&p.reply, out);
            buf_add_byte(out, '\n');
        }
    }
    buf_add_byte(out, status == SMTP_REPLY_BAD ? '!' : '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = BUF_INIT, dripped = BUF_INIT;
    parse_all(str_from(data, size), size, &whole);
    parse_all(str_from(data, size), 1, &dripped);
    assert(str_eq(buf_str(&whole), buf_str(&dripped)));
    buf_release(&whole);
    buf_release(&dripped);
    return 0;
}
