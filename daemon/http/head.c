#include "http/head.h"

#include <llhttp.h>

enum { BAD = 400, LONG_URL = 414, BAD_EXPECT = 417, LONG_HEAD = 431, UNKNOWN = 501, VERSION = 505 };

/* A status with its sentence. */
#define REFUSE(status, ...) (err_set(err, __VA_ARGS__), (status))

/* -- Where the head ends. */

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* What is wrong with the byte at i, in the light of those before it; NULL if nothing is. */
static const char *find_fault(const char *at, size_t i)
{
    char c = at[i], before = i ? at[i - 1] : '\0';
    if ((c == '\n') != (before == '\r'))
        return c == '\n' ? "a line ends without CR" : "a CR stands without LF";
    if (before == '\n' && (c == ' ' || c == '\t'))
        return "a header is folded over two lines";
    if (c != '\r' && c != '\n' && is_control(c))
        return "there is a control character";
    return NULL;
}

ssize_t http_head_length(struct str bytes, size_t from, struct err *err)
{
    for (size_t i = from; i < bytes.len; i++) {
        if (i >= HTTP_HEAD_MAX)
            return -REFUSE(LONG_HEAD, "The head has more than %d bytes.", HTTP_HEAD_MAX);
        const char *fault = find_fault(bytes.at, i);
        if (fault)
            return -REFUSE(BAD, "The head is malformed: %s.", fault);
        if (bytes.at[i] == '\n' && i >= 3 && bytes.at[i - 2] == '\n')
            return (ssize_t)i + 1;
    }
    return 0;
}

/* -- llhttp. */

struct reading {
    llhttp_t parser; /* first, so that its callbacks find the rest */
    struct http_head *head;
    bool complete, too_many;
};

static struct reading *reading_of(llhttp_t *parser)
{
    return (struct reading *)(void *)parser;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    reading_of(parser)->head->target = str_from(at, len);
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    struct reading *reading = reading_of(parser);
    struct http_head *head = reading->head;
    if (head->headers_len == HTTP_HEADERS_MAX) {
        reading->too_many = true;
        return -1;
    }
    head->headers[head->headers_len++] = (struct http_header){str_from(at, len), STR("")};
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct http_head *head = reading_of(parser)->head;
    if (head->headers_len == 0)
        return -1;
    head->headers[head->headers_len - 1].value = str_trim(str_from(at, len));
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    struct reading *reading = reading_of(parser);
    reading->complete = true;
    reading->head->status = parser->type == HTTP_RESPONSE ? parser->status_code : 0;
    reading->head->minor = parser->http_minor;
    reading->head->keep_alive = llhttp_should_keep_alive(parser);
    return 0;
}

static int read_head(struct str bytes, llhttp_type_t type, struct http_head *out, struct err *err)
{
    static const llhttp_settings_t settings = {.on_url = on_url,
                                               .on_header_field = on_field,
                                               .on_header_value = on_value,
                                               .on_headers_complete = on_complete};
    struct reading reading = {.head = out};
    memset(out, 0, offsetof(struct http_head, headers));
    out->headers_len = 0;
    llhttp_init(&reading.parser, type, &settings);
    llhttp_errno_t code = llhttp_execute(&reading.parser, bytes.at, bytes.len);
    if (reading.too_many)
        return REFUSE(LONG_HEAD, "The request has more than %d headers.", HTTP_HEADERS_MAX);
    if (code == HPE_INVALID_METHOD)
        return REFUSE(UNKNOWN, "The request's method is not known.");
    if (code != HPE_OK && code != HPE_PAUSED_UPGRADE)
        return REFUSE(BAD, "The head is malformed: %s.", llhttp_get_error_reason(&reading.parser));
    if (!reading.complete)
        return REFUSE(BAD, "The head is malformed: it is not complete.");
    if (reading.parser.http_major != 1 || reading.parser.http_minor > 1)
        return REFUSE(VERSION, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    return 0;
}

/* -- What llhttp lets pass. */

/* token = 1*tchar (RFC 9110 §5.6.2) */
static bool is_token(struct str s)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && !(c && strchr(marks, c)))
            return false;
    }
    return s.len > 0;
}

static bool is_visible(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] == 0x7f)
            return false;
    return s.len > 0;
}

static size_t count(const struct http_head *head, struct str name, struct str *first)
{
    size_t n = 0;
    for (size_t i = 0; i < head->headers_len; i++)
        if (str_eq_nocase(head->headers[i].name, name) && n++ == 0)
            *first = head->headers[i].value;
    return n;
}

struct str http_head_find(const struct http_head *head, struct str name)
{
    struct str value = {NULL, 0};
    count(head, name, &value);
    return value;
}

/* request-line = method SP request-target SP HTTP-version, with single spaces */
static int check_request_line(struct str bytes, struct http_head *head, struct err *err)
{
    while (str_starts(bytes, STR("\r\n"))) /* RFC 9112 §2.2 */
        bytes = str_skip(bytes, 2);
    struct str line = str_cut(&bytes, '\r');
    head->method = str_cut(&line, ' ');
    struct str target = str_cut(&line, ' ');
    if (!is_token(head->method) || !str_eq(target, head->target) || !is_visible(target) ||
        line.len != sizeof("HTTP/1.1") - 1)
        return REFUSE(BAD, "The request line is malformed.");
    if (target.len > HTTP_URL_MAX)
        return REFUSE(LONG_URL, "The request's URL has more than %d bytes.", HTTP_URL_MAX);
    if (str_eq(head->method, STR("CONNECT")))
        return REFUSE(UNKNOWN, "This is no proxy.");
    return 0;
}

/* Where the body ends must have one answer only (RFC 9112 §6.3). */
static int check_framing(struct http_head *head, struct err *err)
{
    struct str length = {NULL, 0}, coding = {NULL, 0};
    size_t lengths = count(head, STR("Content-Length"), &length);
    size_t codings = count(head, STR("Transfer-Encoding"), &coding);
    if (lengths > 1 || codings > 1 || (lengths && codings))
        return REFUSE(BAD, "The length of the body is told in more than one way.");
    if (lengths && !str_to_u64(length, &head->length))
        return REFUSE(BAD, "The Content-Length is no number.");
    if (codings && head->minor == 0)
        return REFUSE(BAD, "HTTP/1.0 has no Transfer-Encoding.");
    if (codings && !str_eq_nocase(coding, STR("chunked")))
        return REFUSE(UNKNOWN, "The only Transfer-Encoding known here is \"chunked\".");
    head->has_length = lengths > 0;
    head->chunked = codings > 0;
    return 0;
}

static int check_names(const struct http_head *head, struct err *err)
{
    for (size_t i = 0; i < head->headers_len; i++)
        if (!is_token(head->headers[i].name))
            return REFUSE(BAD, "A header's name holds characters that no name has.");
    return 0;
}

static int check_host_and_expect(struct http_head *head, struct err *err)
{
    struct str value = {NULL, 0};
    size_t hosts = count(head, STR("Host"), &value);
    if (hosts > 1 || (hosts == 0 && head->minor == 1))
        return REFUSE(BAD, "The request needs one Host header.");
    if (count(head, STR("Expect"), &value) == 0)
        return 0;
    if (!str_eq_nocase(value, STR("100-continue")))
        return REFUSE(BAD_EXPECT, "The only expectation known here is \"100-continue\".");
    head->expects = head->minor == 1;
    return 0;
}

int http_head_parse_request(struct str bytes, struct http_head *out, struct err *err)
{
    int status = read_head(bytes, HTTP_REQUEST, out, err);
    if (!status)
        status = check_request_line(bytes, out, err);
    if (!status)
        status = check_names(out, err);
    if (!status)
        status = check_framing(out, err);
    return status ? status : check_host_and_expect(out, err);
}

int http_head_parse_response(struct str bytes, struct http_head *out, struct err *err)
{
    if (read_head(bytes, HTTP_RESPONSE, out, err) || check_names(out, err) ||
        check_framing(out, err))
        return -1;
    return 0;
}
