#include "api/json.h"

#include <inttypes.h>

#include "template/utf8.h"

/*
 * RFC 8259 §7: string = quotation-mark *char quotation-mark
 *   unescaped = %x20-21 / %x23-5B / %x5D-10FFFF; the others as \" \\ \n … or \uXXXX.
 */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* A character that may not stand as it is, or that a terminal would obey. */
static void escape_point(struct buf *out, int32_t point)
{
    switch (point) {
    case '"':
        buf_add_text(out, "\\\"");
        break;
    case '\\':
        buf_add_text(out, "\\\\");
        break;
    case '\n':
        buf_add_text(out, "\\n");
        break;
    case '\r':
        buf_add_text(out, "\\r");
        break;
    case '\t':
        buf_add_text(out, "\\t");
        break;
    default:
        buf_addf(out, "\\u%04x", (unsigned)point);
    }
}

/* Adds the character that begins at text[at] and returns its length. */
static size_t quote_one(struct buf *out, struct str text, size_t at)
{
    int32_t point;
    size_t len = utf8_next(text, at, &point);
    if (point < 0)
        buf_add_text(out, "\xEF\xBF\xBD"); /* U+FFFD */
    else if (point < 0xA0)
        escape_point(out, point);
    else
        buf_add(out, text.at + at, len);
    return len;
}

void json_quote(struct buf *out, struct str text)
{
    buf_add_byte(out, '"');
    for (size_t at = 0; at < text.len;) {
        size_t plain = at;
        while (plain < text.len && is_plain((unsigned char)text.at[plain]))
            plain++;
        if (plain > at)
            buf_add(out, text.at + at, plain - at);
        at = plain;
        if (at < text.len)
            at += quote_one(out, text, at);
    }
    buf_add_byte(out, '"');
}

static void begin_value(struct json *json, const char *key)
{
    if (json->more)
        buf_add_text(json->out, ", ");
    json->more = true;
    if (key)
        buf_addf(json->out, "\"%s\": ", key);
}

static void open_with(struct json *json, const char *key, char bracket)
{
    begin_value(json, key);
    buf_add_byte(json->out, bracket);
    json->more = false;
}

static void close_with(struct json *json, char bracket)
{
    buf_add_byte(json->out, bracket);
    json->more = true;
}

void json_open_object(struct json *json, const char *key)
{
    open_with(json, key, '{');
}

void json_close_object(struct json *json)
{
    close_with(json, '}');
}

void json_open_array(struct json *json, const char *key)
{
    open_with(json, key, '[');
}

void json_close_array(struct json *json)
{
    close_with(json, ']');
}

void json_add_text(struct json *json, const char *key, struct str text)
{
    begin_value(json, key);
    if (text.at)
        json_quote(json->out, text);
    else
        buf_add_text(json->out, "null");
}

void json_add_u64(struct json *json, const char *key, uint64_t number)
{
    begin_value(json, key);
    buf_add_u64(json->out, number);
}

void json_add_i64(struct json *json, const char *key, int64_t number)
{
    begin_value(json, key);
    buf_addf(json->out, "%" PRId64, number);
}

void json_add_bool(struct json *json, const char *key, bool value)
{
    begin_value(json, key);
    buf_add_text(json->out, value ? "true" : "false");
}

void json_add_null(struct json *json, const char *key)
{
    json_add_text(json, key, (struct str){NULL, 0});
}

void json_add_time(struct json *json, const char *key, uint32_t seconds)
{
    char text[TIME_TEXT_SIZE];
    if (seconds == 0) {
        json_add_null(json, key);
        return;
    }
    time_text(seconds, text);
    json_add_text(json, key, str_of(text));
}

void json_add_pair(struct json *json, struct str key, struct str text)
{
    begin_value(json, NULL);
    json_quote(json->out, key);
    buf_add_text(json->out, ": ");
    json_quote(json->out, text);
}

void json_end_line(struct json *json)
{
    buf_add_byte(json->out, '\n');
    json->more = false;
}

void time_text(uint32_t seconds, char out[static TIME_TEXT_SIZE])
{
    time_t at = (time_t)seconds;
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
