#include "template/utm.h"

#include "template/html_view.h"

struct address {
    size_t query_end; /* where the fragment starts, or the length */
    bool has_query;
    bool ends_in_separator; /* the last byte of the query is its "?" or a "&" */
    bool unclear;
};

/* {{ x | url_encode }} writes neither "?" nor "#". */
static bool is_encoded(const struct piece *p)
{
    struct str filters = p->inside, last = {NULL, 0};
    str_cut(&filters, '|');
    while (filters.at)
        last = str_trim(str_cut(&filters, '|'));
    return p->kind == PIECE_OUTPUT && str_eq(last, STR("url_encode"));
}

/* Text that is always there: false once the fragment has started. */
static bool read_text(struct address *a, const struct piece *p)
{
    const char *fragment = str_find(p->whole, '#');
    struct str s = p->whole;
    if (fragment)
        s.len = (size_t)(fragment - s.at);
    a->has_query |= str_find(s, '?') != NULL;
    if (s.len)
        a->ends_in_separator = a->has_query && (s.at[s.len - 1] == '?' || s.at[s.len - 1] == '&');
    a->query_end = p->at + s.len;
    return !fragment;
}

/* Text in a block may be missing. */
static void read_text_in_block(struct address *a, const struct piece *p)
{
    a->unclear |= str_find(p->whole, '#') || (!a->has_query && str_find(p->whole, '?'));
    a->ends_in_separator = false;
}

static void read_value(struct address *a, const struct piece *p)
{
    a->unclear |= p->kind != PIECE_OUTPUT || (!a->has_query && !is_encoded(p));
    a->ends_in_separator = false;
}

static void read_address(struct address *a, struct str url)
{
    struct lexer lexer = {.source = url};
    struct piece p;
    size_t open = 0;
    *a = (struct address){0};
    while (lexer_next_whole(&lexer, &p)) {
        enum piece_role role = piece_role(&p);
        a->query_end = p.at + p.whole.len;
        a->unclear |= open == 0 && (role == ROLE_MIDDLE || role == ROLE_CLOSE);
        open += role == ROLE_OPEN;
        open -= role == ROLE_CLOSE && open;
        if (role == ROLE_VALUE)
            read_value(a, &p);
        else if (role == ROLE_TEXT && open)
            read_text_in_block(a, &p);
        else if (role == ROLE_TEXT && !read_text(a, &p))
            return;
    }
    a->unclear |= open > 0;
}

/* The name as a whole, after "?", "&", ";", "#" or Liquid. */
static bool text_has(struct str s, struct str name)
{
    for (size_t i = 0; i + name.len <= s.len; i++) {
        if (!str_starts_nocase(str_skip(s, i), name) || (i && !strchr("?&;#", s.at[i - 1])))
            continue;
        size_t after = i + name.len;
        if (after == s.len || strchr("=&;#", s.at[after]))
            return true;
    }
    return false;
}

/* Also in a block: rather none than two. */
static bool has_parameter(struct str url, struct str name)
{
    struct lexer lexer = {.source = url};
    struct piece p;
    while (lexer_next_whole(&lexer, &p))
        if (p.kind == PIECE_TEXT && text_has(p.whole, name))
            return true;
    return false;
}

static void add_encoded(struct str value, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        if (byte_is_unreserved(value.at[i]))
            buf_add_byte(out, value.at[i]);
        else
            buf_addf(out, "%%%02X", (unsigned char)value.at[i]);
    }
}

static bool add_parameters(const struct address *a, struct str url, const struct utm *utm,
                           struct buf *out)
{
    const struct {
        struct str name, value;
    } parameters[] = {{STR("utm_source"), utm->source},
                      {STR("utm_medium"), utm->medium},
                      {STR("utm_campaign"), utm->campaign},
                      {STR("utm_term"), utm->term},
                      {STR("utm_content"), utm->content}};
    const char *separator = a->ends_in_separator ? "" : a->has_query ? "&" : "?";
    size_t before = out->len;
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (parameters[i].value.len == 0 || has_parameter(url, parameters[i].name))
            continue;
        buf_add_text(out, separator);
        buf_add_str(out, parameters[i].name);
        buf_add_byte(out, '=');
        add_encoded(parameters[i].value, out);
        separator = "&";
    }
    return out->len > before;
}

bool utm_add(struct str url, const struct utm *utm, struct buf *out)
{
    struct address a;
    read_address(&a, url);
    if (a.unclear ||
        (!str_starts_nocase(url, STR("http://")) && !str_starts_nocase(url, STR("https://")))) {
        buf_add_str(out, url);
        return false;
    }
    buf_add(out, url.at, a.query_end);
    bool added = add_parameters(&a, url, utm, out);
    buf_add_str(out, str_skip(url, a.query_end));
    return added;
}
