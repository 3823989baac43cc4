/* Links that lead nowhere, or that filters and readers take for fraud; images that say nothing to
 * who does not see them. */
#include "compose/inspecting.h"
#include "template/images.h"
#include "template/links.h"
#include "template/text.h"

enum {
    SHOWN_MAX = 2000, /* bytes of HTML in which the text of a link is looked for */
    TORN_MAX = 20,    /* what is no link, of which something is said */
};

/* -- Where it stands: in HTML that is known; of Markdown, what is searched is found in order. */

static size_t search(struct str text, size_t from, struct str part)
{
    struct str rest = str_skip(text, from);
    const char *found = part.len && rest.len ? memmem(rest.at, rest.len, part.at, part.len) : NULL;
    return found ? (size_t)(found - text.at) : SIZE_MAX;
}

/* %C3%A9 as the letter that somebody typed. */
static struct str percent_decoded(struct str url, struct arena *memory)
{
    char *out = arena_alloc(memory, url.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < url.len; i++) {
        bool coded = url.at[i] == '%' && i + 2 < url.len && str_hex_value(url.at[i + 1]) >= 0 &&
                     str_hex_value(url.at[i + 2]) >= 0;
        out[len++] = coded
                         ? (char)(str_hex_value(url.at[i + 1]) * 16 + str_hex_value(url.at[i + 2]))
                         : url.at[i];
        i += coded ? 2 : 0;
    }
    return str_from(out, len);
}

/* From `from` on, then from the beginning; SIZE_MAX also when too much was searched already. */
static size_t search_around(struct inspecting *in, size_t from, struct str part)
{
    struct str body = in->draft.body;
    if (!may_look(in, part.len + body.len - from))
        return SIZE_MAX;
    size_t at = search(body, from, part);
    if (at != SIZE_MAX)
        in->looked -= body.len - at; /* that was left */
    else if (from > 0 && may_look(in, body.len))
        at = search(body, 0, part);
    return at;
}

/* NULL if it is not there as it is written; the search goes on behind it the next time. */
static const char *find_in_body(struct inspecting *in, struct str part, size_t *from)
{
    struct str form = part.len ? part : STR("()");
    size_t at = search_around(in, *from, form);
    if (at == SIZE_MAX && str_find(part, '%') && may_look(in, part.len)) {
        form = percent_decoded(part, &in->memory);
        at = search_around(in, *from, form);
    }
    if (at == SIZE_MAX)
        return NULL;
    *from = at + form.len;
    return in->draft.body.at + at;
}

static const char *find_link(struct inspecting *in, const struct link *link, size_t *from)
{
    return in->draft.is_html ? in->draft.body.at + link->at : find_in_body(in, link->target, from);
}

/* -- Hosts. */

static bool has_liquid(struct str s)
{
    return s.len && (memmem(s.at, s.len, "{{", 2) || memmem(s.at, s.len, "{%", 2));
}

/* Of "https://user@host:1/path", the host; empty when it is no web address, or not the same in
 * every copy. */
static struct str host_of(struct str url)
{
    struct str rest = str_starts_nocase(url, STR("https://"))  ? str_skip(url, 8)
                      : str_starts_nocase(url, STR("http://")) ? str_skip(url, 7)
                                                               : STR("");
    size_t len = 0;
    while (len < rest.len && !strchr("/?#", rest.at[len]))
        len++;
    rest.len = len;
    if (has_liquid(rest))
        return STR("");
    for (const char *at; (at = str_find(rest, '@'));)
        rest = str_skip(rest, (size_t)(at - rest.at) + 1);
    return rest.len && rest.at[0] == '[' ? rest : str_cut(&rest, ':');
}

static bool is_number_host(struct str host)
{
    if (host.len && host.at[0] == '[')
        return true;
    for (size_t i = 0; i < host.len; i++)
        if (host.at[i] != '.' && (host.at[i] < '0' || host.at[i] > '9'))
            return false;
    return host.len > 0;
}

static bool is_shortener(struct str host)
{
    static const char *const all[] = {"bit.ly",  "tinyurl.com", "t.co",        "goo.gl",
                                      "ow.ly",   "is.gd",       "buff.ly",     "rebrand.ly",
                                      "cutt.ly", "tiny.cc",     "shorturl.at", "rb.gy",
                                      "t.ly",    "v.gd",        "tiny.one",    "bl.ink"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (str_eq_nocase(host, str_of(all[i])))
            return true;
    return false;
}

static struct str without_www(struct str host)
{
    return str_starts_nocase(host, STR("www.")) ? str_skip(host, 4) : host;
}

static bool ends_as(struct str host, struct str end)
{
    if (host.len <= end.len || host.at[host.len - end.len - 1] != '.')
        return false;
    return str_eq_nocase(str_skip(host, host.len - end.len), end);
}

/* One host, or one below the other. */
static bool is_same_site(struct str a, struct str b)
{
    a = without_www(a);
    b = without_www(b);
    return str_eq_nocase(a, b) || ends_as(a, b) || ends_as(b, a);
}

/* -- The text of a link. */

/* Without tags and the white space around it. */
static struct str shown_text(struct inspecting *in, const struct link *link)
{
    struct str rest = str_skip(buf_str(&in->content), link->at + link->len);
    rest.len = rest.len < SHOWN_MAX ? rest.len : SHOWN_MAX;
    char *out = arena_alloc(&in->memory, rest.len + 1);
    size_t len = 0;
    str_cut(&rest, '>');
    while (rest.at && !str_starts_nocase(rest, STR("</a"))) {
        const char *tag = str_find(rest, '<');
        size_t n = tag ? (size_t)(tag - rest.at) : rest.len;
        memcpy(out + len, rest.at, n);
        len += n;
        rest = str_skip(rest, n);
        if (str_starts_nocase(rest, STR("</a")))
            break;
        str_cut(&rest, '>');
    }
    return str_trim(str_from(out, len));
}

/* The host that a text names, if it looks like an address; else empty. */
static struct str shown_host(struct str text)
{
    static const char *const endings[] = {".com", ".org", ".net", ".int", ".eu", ".gov", ".edu"};
    struct str host = host_of(text), rest = text;
    if (host.len || text.len == 0 || has_liquid(text) || str_find(text, ' ') || str_find(text, '@'))
        return host;
    while (rest.len && !strchr("/?#:", rest.at[0]))
        rest = str_skip(rest, 1);
    host = str_from(text.at, text.len - rest.len);
    bool looks_like_one = str_starts_nocase(host, STR("www."));
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        looks_like_one = looks_like_one || ends_as(host, str_skip(str_of(endings[i]), 1));
    return looks_like_one ? host : STR("");
}

static void inspect_link(struct inspecting *in, const struct link *link, const char *at)
{
    struct str host = host_of(link->target);
    if (link->fault) {
        remark_warning(in->out, place_in_text(in, at), "%s", link->fault);
        return;
    }
    if (host.len == 0)
        return;
    struct str shown = shown_host(shown_text(in, link)), name = shortened(host);
    if (is_number_host(host))
        remark_warning(in->out, place_in_text(in, at),
                       "The link leads to the bare number %.*s: spam filters take that for "
                       "fraud; use the name of the site.",
                       STR_ARG(name));
    else if (is_shortener(host))
        remark_warning(in->out, place_in_text(in, at),
                       "The link leads through %.*s: spam filters distrust shortened links; "
                       "write where it leads.",
                       STR_ARG(name));
    else if (shown.len && !is_same_site(host, shown))
        remark_warning(in->out, place_in_text(in, at),
                       "The link shows \"%.*s\" and leads to %.*s: spam filters take that for "
                       "fraud.",
                       STR_ARG(shortened(shown)), STR_ARG(name));
}

/* [text](address with spaces): no link, and readers see the brackets. */
static void inspect_torn_links(struct inspecting *in)
{
    struct buf text = BUF_INIT;
    struct err err;
    size_t from = 0;
    if (!in->draft.is_html)
        text_from_markdown(in->draft.body, &text, &err);
    struct str rest = buf_str(&text);
    for (unsigned n = 0; n < TORN_MAX; n++) {
        size_t at = search(rest, 0, STR("]("));
        if (at == SIZE_MAX)
            break;
        struct str torn = str_skip(rest, at);
        torn = str_cut(&torn, ')');
        torn = str_cut(&torn, '\n');
        remark_warning(in->out, place_in_text(in, find_in_body(in, torn, &from)),
                       "This is no link, and readers see the brackets: write [text](address) "
                       "without spaces.");
        rest = str_skip(rest, at + 2);
    }
    buf_release(&text);
}

void inspect_links(struct inspecting *in)
{
    struct link *links;
    size_t count, from = 0;
    struct err err;
    if (links_find(buf_str(&in->content), &in->memory, &links, &count, &err) != 0)
        return; /* the page has them too, and was compiled */
    for (size_t i = 0; i < count && in->out->count < REMARKS_MAX; i++)
        inspect_link(in, &links[i], find_link(in, &links[i], &from));
    inspect_torn_links(in);
}

/* -- Images. */

/* ![](logo.png): in HTML that means "decoration", in Markdown that somebody forgot it. */
static bool is_nameless(struct inspecting *in, const struct image *image)
{
    struct buf written = BUF_INIT;
    if (in->draft.is_html)
        return false;
    buf_addf(&written, "![](%.*s", STR_ARG(shortened(image->src)));
    bool found = search_around(in, 0, buf_str(&written)) != SIZE_MAX;
    buf_release(&written);
    return found;
}

/* cid:logo.png, without a file of that name. */
static bool is_absent(struct inspecting *in, const struct image *image)
{
    if (!str_starts_nocase(image->src, STR("cid:")) || has_liquid(image->src))
        return false;
    for (size_t i = 0; i < in->draft.file_count; i++)
        if (in->draft.files[i].shown &&
            str_eq(draft_file_name(&in->draft.files[i]), str_skip(image->src, 4)))
            return false;
    return true;
}

static void inspect_image(struct inspecting *in, const struct image *image, size_t *from)
{
    const char *at = in->draft.is_html ? NULL : find_in_body(in, image->src, from);
    bool nameless = !image->is_pixel && (!image->has_alt || is_nameless(in, image));
    bool absent = is_absent(in, image);
    struct str name = shortened(image->src);
    if (!nameless && !absent)
        return;
    struct place place = at ? place_in_text(in, at) : (struct place){.file = STR("")};
    if (in->draft.is_html)
        place.line = in->draft.body_line - 1 + image->line;
    if (nameless)
        remark_warning(
            in->out, place,
            "The image \"%.*s\" has no alternative text, for who does not see it: write %s.",
            STR_ARG(name), in->draft.is_html ? "alt=\"what it shows\"" : "![what it shows](…)");
    if (absent)
        remark_warning(in->out, place,
                       "The image \"%.*s\" goes along with no copy: add a line \"Inline: %.*s\" "
                       "to the header.",
                       STR_ARG(name), STR_ARG(str_skip(name, 4)));
}

void inspect_images(struct inspecting *in)
{
    struct image *images;
    size_t count, from = 0;
    struct err err;
    if (images_find(buf_str(&in->content), &in->memory, &images, &count, &err) != 0)
        return;
    for (size_t i = 0; i < count && in->out->count < REMARKS_MAX; i++)
        inspect_image(in, &images[i], &from);
}
