/* Answers, as the command line reads them: no crash, views inside of the bytes, framing that is
 * one. */
#include <assert.h>

#include "http/body.h"
#include "http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_from(data, size);
    struct http_head head;
    struct http_body body;
    ssize_t len = http_head_length(bytes, 0, NULL);
    if (len <= 0 || http_head_parse_response(str_from(bytes.at, (size_t)len), &head, NULL))
        return 0;
    assert(!(head.has_length && head.chunked));
    assert(head.headers_len <= HTTP_HEADERS_MAX);
    http_body_init(&body, &head, true);
    struct str rest = str_skip(bytes, (size_t)len), piece;
    size_t content = 0;
    do {
        if (http_body_next(&body, &rest, &piece, NULL))
            return 0;
        content += piece.len;
    } while (piece.len);
    assert(content <= size && (!head.has_length || content <= head.length));
    return 0;
}
