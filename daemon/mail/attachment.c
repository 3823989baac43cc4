#include "mail/attachment.h"

#include <assert.h>

#include "base/hash.h"
#include "mail/encode.h"
#include "mail/filename.h"
#include "mail/lines.h"
#include "mail/media.h"
#include "mail/param.h"

enum { METHOD_MAX = 20 };

static bool is_id_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* RFC 5322 §3.2.3: dot-atom-text, of fewer characters. */
static bool is_dot_atom(struct str text)
{
    bool after_dot = true;
    for (size_t i = 0; i < text.len; i++) {
        bool dot = text.at[i] == '.';
        if (dot ? after_dot : !is_id_character(text.at[i]))
            return false;
        after_dot = dot;
    }
    return !after_dot;
}

bool attachment_id_valid(struct str id)
{
    struct str right = id;
    struct str left = str_cut(&right, '@');
    return id.len <= ATTACHMENT_ID_MAX && is_dot_atom(left) && is_dot_atom(right);
}

void attachment_id(struct buf *out, struct str bytes, struct str domain)
{
    buf_addf(out, "%016llx@%.*s", (unsigned long long)hash_stable(bytes.at, bytes.len),
             STR_ARG(domain));
}

/* The METHOD of a calendar, which Content-Type repeats (RFC 5545 §3.7.2, RFC 6047 §2.4); nothing
   where it has none. */
static struct str calendar_method(struct str text)
{
    const struct str property = STR("METHOD:");
    while (text.len) {
        bool ended;
        struct str line = lines_take(&text, &ended);
        if (!str_starts_nocase(line, property))
            continue;
        struct str method = str_trim(str_skip(line, property.len));
        return method.len <= METHOD_MAX && is_dot_atom(method) ? method : STR("");
    }
    return STR("");
}

/* A text is said to be UTF-8 if it can be; what else it might be is not guessed. */
static void add_type(struct buf *out, const struct attachment *a, struct str bytes)
{
    struct buf plain_name = BUF_INIT;
    filename_ascii(&plain_name, a->name);
    buf_add_text(out, "Content-Type: ");
    buf_add_str(out, a->type);
    if (str_starts(a->type, STR("text/")) && str_is_utf8(bytes) && !str_find(bytes, '\0'))
        buf_add_text(out, "; charset=utf-8");
    struct str method = str_eq(a->type, STR("text/calendar")) ? calendar_method(bytes) : STR("");
    if (method.len)
        param_add(out, "method", method);
    param_add(out, "name", buf_str(&plain_name));
    buf_release(&plain_name);
}

static void add_fields(struct buf *out, const struct attachment *a, struct str bytes)
{
    add_type(out, a, bytes);
    buf_add_text(out, "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: ");
    buf_add_text(out, a->id.len ? "inline" : "attachment");
    param_add(out, "filename", a->name);
    if (a->id.len) {
        buf_add_text(out, "\r\nContent-ID: <");
        buf_add_str(out, a->id);
        buf_add_byte(out, '>');
    }
    buf_add_text(out, "\r\n\r\n");
}

void attachment_prepare(struct attachment *a, struct str file_name, struct str id, struct str bytes,
                        struct arena *memory)
{
    struct buf work = BUF_INIT;
    assert(id.len == 0 || attachment_id_valid(id));
    filename_clean(&work, file_name);
    a->name = arena_str(memory, buf_str(&work));
    a->type = media_type(a->name, bytes);
    a->id = arena_str(memory, id);
    buf_reset(&work);
    add_fields(&work, a, bytes);
    encode_base64_lines(&work, bytes);
    a->part = arena_str(memory, buf_str(&work));
    buf_release(&work);
}
