#include "http/inside.h"

#include <assert.h>
#include <stdarg.h>

#include "base/clock.h"

/* -- Heads. */

static const char *reason_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

/* IMF-fixdate (RFC 9110 §5.6.7), in English whatever the locale is. */
static void add_date(struct buf *out)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)clock_wall_s();
    struct tm t;
    gmtime_r(&now, &t);
    buf_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[t.tm_wday], t.tm_mday,
             months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static bool has_no_body(unsigned status)
{
    return status < 200 || status == 204 || status == 304;
}

/* The status line and what every answer has. */
static void add_head(struct buf *out, unsigned status, const char *content_type)
{
    buf_addf(out, "HTTP/1.1 %u %s\r\n", status, reason_of(status));
    add_date(out);
    if (content_type)
        buf_addf(out, "Content-Type: %s\r\n", content_type);
}

static void add_length(struct buf *out, unsigned status, size_t len)
{
    if (!has_no_body(status))
        buf_addf(out, "Content-Length: %zu\r\n", len);
}

static void add_end(struct buf *out, bool close, bool keep_alive_1_0)
{
    if (close)
        buf_add_text(out, "Connection: close\r\n");
    else if (keep_alive_1_0)
        buf_add_text(out, "Connection: keep-alive\r\n");
    buf_add_text(out, "\r\n");
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f)
            return false;
    return true;
}

void http_add_header(struct http_request *request, const char *name, struct str value)
{
    /* A line break here would let a value write headers of its own. */
    if (!is_plain(value) || request->begun)
        abort();
    buf_addf(&request->headers, "%s: %.*s\r\n", name, STR_ARG(value));
}

/* -- Errors in JSON. */

/* A string of RFC 8259 §7; bytes that are no UTF-8 become question marks. */
static void add_json(struct buf *out, struct str s)
{
    bool utf8 = str_is_utf8(s);
    buf_add_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            buf_addf(out, "\\u%04x", c);
        else
            buf_add_byte(out, c >= 0x80 && !utf8 ? '?' : (char)c);
    }
    buf_add_byte(out, '"');
}

static void add_error(struct buf *out, struct str sentence)
{
    buf_add_text(out, "{\"error\": ");
    add_json(out, sentence);
    buf_add_text(out, "}\n");
}

void http_write_refusal(struct http_connection *connection, unsigned status, const char *sentence)
{
    struct buf head = BUF_INIT, body = BUF_INIT;
    add_error(&body, str_of(sentence));
    add_head(&head, status, "application/json");
    add_length(&head, status, body.len);
    add_end(&head, true, false);
    const struct str parts[] = {buf_str(&head), buf_str(&body)};
    stream_write(connection->stream, parts, 2);
    buf_release(&head);
    buf_release(&body);
}

/* -- Answers. */

/* Whether the connection has to end behind this answer. */
static void decide_close(struct http_request *request)
{
    request->close |=
        !request->head.keep_alive || request->server->closing || !http_body_done(&request->framing);
}

static void finish_head(struct http_request *request, struct buf *head)
{
    buf_add_str(head, buf_str(&request->headers));
    add_end(head, request->close, request->head.minor == 0);
}

static bool wants_content(const struct http_request *request)
{
    return !str_eq(request->head.method, STR("HEAD"));
}

static bool send_parts(struct http_request *request, const struct str *parts, size_t n)
{
    if (!request->connection)
        return false;
    bool out = stream_write(request->connection->stream, parts, n);
    http_connection_watch(request->connection, false);
    return out;
}

void http_respond(struct http_request *request, unsigned status, const char *content_type,
                  struct str body)
{
    assert(!request->begun);
    struct buf head = BUF_INIT;
    decide_close(request);
    request->begun = true;
    add_head(&head, status, content_type);
    add_length(&head, status, body.len);
    finish_head(request, &head);
    bool content = wants_content(request) && !has_no_body(status);
    const struct str parts[] = {buf_str(&head), body};
    send_parts(request, parts, content ? 2 : 1);
    buf_release(&head);
    http_request_finish(request);
}

void http_respond_error(struct http_request *request, unsigned status, const char *format, ...)
{
    struct buf sentence = BUF_INIT, body = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&sentence, format, args);
    va_end(args);
    add_error(&body, buf_str(&sentence));
    http_respond(request, status, "application/json", buf_str(&body));
    buf_release(&sentence);
    buf_release(&body);
}

void http_respond_begin(struct http_request *request, unsigned status, const char *content_type)
{
    assert(!request->begun);
    struct buf head = BUF_INIT;
    request->chunked = request->head.minor == 1;
    request->close |= !request->chunked;
    decide_close(request);
    request->begun = true;
    add_head(&head, status, content_type);
    if (request->chunked)
        buf_add_text(&head, "Transfer-Encoding: chunked\r\n");
    finish_head(request, &head);
    struct str part = buf_str(&head);
    send_parts(request, &part, 1);
    buf_release(&head);
}

bool http_respond_chunk(struct http_request *request, struct str bytes)
{
    assert(request->begun);
    if (bytes.len == 0 || !wants_content(request))
        return !http_request_gone(request);
    char size[24];
    int len = snprintf(size, sizeof(size), "%zx\r\n", bytes.len);
    const struct str parts[] = {str_from(size, (size_t)len), bytes, STR("\r\n")};
    if (request->chunked)
        return send_parts(request, parts, 3);
    return send_parts(request, &bytes, 1);
}

void http_respond_end(struct http_request *request)
{
    assert(request->begun);
    struct str last = STR("0\r\n\r\n");
    if (request->chunked && wants_content(request))
        send_parts(request, &last, 1);
    http_request_finish(request);
}

void http_fail(struct http_request *request)
{
    if (request->connection) {
        request->connection->ending = true;
        stream_abort(request->connection->stream);
    }
    http_request_finish(request);
}
