#include "template/link_fault.h"

#include <stdio.h>

enum { QUOTED_MAX = 60 };

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_control(s.at[i]))
            return true;
    return false;
}

static bool contains(struct str s, struct str part)
{
    return s.len && memmem(s.at, s.len, part.at, part.len);
}

/* "http" or "https" at the start: its length, else 0. */
static size_t web_word(struct str s)
{
    if (!str_starts_nocase(s, STR("http")))
        return 0;
    return str_starts_nocase(s, STR("https")) ? 5 : 4;
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) ":"     (RFC 3986 section 3.1) */
static size_t scheme_length(struct str s)
{
    size_t n = 0;
    while (n < s.len) {
        char c = s.at[n], low = (char)(c | 32);
        bool letter = low >= 'a' && low <= 'z';
        if (!letter && (n == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            break;
        n++;
    }
    return n && n < s.len && s.at[n] == ':' ? n + 1 : 0;
}

static bool is_liquid(struct str s)
{
    return s.len && s.at[0] == LINK_SHAPE_LIQUID;
}

/* What follows "http:" or "https:". */
static const char *web_fault(struct str s)
{
    if (is_liquid(s) || (s.len > 1 && s.at[0] == '/' && s.at[1] == LINK_SHAPE_LIQUID))
        return NULL;
    if (!str_starts(s, STR("//")))
        return "has not two slashes after \"http:\" or \"https:\"; write \"https://\"";
    s = str_skip(s, 2);
    if (s.len == 0 || strchr("/?#:@.", s.at[0]))
        return "names no host; write \"https://\" and the name of a site";
    struct str twice = str_skip(s, web_word(s));
    if (twice.len < s.len && (str_starts(twice, STR(":")) || str_starts(twice, STR("//"))))
        return "begins with \"http\" twice; remove one of them";
    return NULL;
}

/* "page/a", "/a", "//host", "www.example.org": nothing that a mail could complete. */
static const char *relative_fault(struct str s)
{
    size_t n = 0;
    while (n < s.len && s.at[n] != '/' && s.at[n] != '?' && s.at[n] != '#') {
        if (s.at[n] == LINK_SHAPE_LIQUID)
            return NULL;
        n++;
    }
    return "leads nowhere from a mail; begin it with \"https://\" and the name of a site";
}

static const char *fault_of(const struct link_shape *shape)
{
    struct str s = shape->text;
    if (s.len == 0)
        return "is empty; give it an address";
    if (shape->forged)
        return "has a brace written as a character reference; write %7B and %7D for braces";
    if (shape->too_long)
        return "is longer than 8,192 bytes; shorten it";
    size_t scheme = scheme_length(s);
    if (is_liquid(s) || str_starts_nocase(s, STR("data:")) ||
        str_starts_nocase(s, STR("javascript:")))
        return NULL;
    if (has_control(s))
        return "has a line break or a control character in it; remove it";
    if (contains(s, STR("](")))
        return "has \"](\" of Markdown in it; write [text](address), without spaces between";
    if (str_find(s, ' ') || contains(s, STR("\u00a0"))) /* as word processors put it */
        return "has a space in it; write %20 for a space";
    size_t word = web_word(s);
    if (word && str_starts(str_skip(s, word), STR("//")))
        return "has no colon after \"http\" or \"https\"; write \"https://\"";
    if (scheme)
        return scheme == word + 1 ? web_fault(str_skip(s, scheme)) : NULL;
    return s.at[0] == '#' ? NULL : relative_fault(s);
}

/* As much as a sentence can bear, and no byte that a terminal could obey. */
static struct str quoted(struct str address, char out[QUOTED_MAX])
{
    size_t len = address.len < QUOTED_MAX ? address.len : QUOTED_MAX;
    while (len && len < address.len && ((unsigned char)address.at[len] & 0xc0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++)
        out[i] = is_control(address.at[i]) ? '?' : address.at[i];
    return (struct str){out, len};
}

const char *link_fault(const struct link_shape *shape, struct str address, struct arena *memory)
{
    char sentence[256], name[QUOTED_MAX];
    const char *fault = fault_of(shape);
    if (!fault)
        return NULL;
    struct str start = quoted(address, name);
    int len = address.len == 0
                  ? snprintf(sentence, sizeof(sentence), "The link %s.", fault)
                  : snprintf(sentence, sizeof(sentence), "The link \"%.*s%s\" %s.", STR_ARG(start),
                             start.len < address.len ? "…" : "", fault);
    return arena_str(memory, (struct str){sentence, (size_t)len}).at;
}

bool link_shape_is_web(struct str shape)
{
    size_t word = web_word(shape);
    struct str host = str_skip(shape, word);
    if (word == 0 || !str_starts(host, STR("://")))
        return false;
    host = str_skip(host, 3);
    return host.len && !is_liquid(host);
}
