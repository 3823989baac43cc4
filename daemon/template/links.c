#include "template/links.h"

#include "template/html_scan.h"
#include "template/html_view.h"
#include "template/link_target.h"

enum { FIRST_SIZE = 16 };

struct finder {
    struct html_view view;
    struct html_scan scan;
    struct arena *memory;
    struct link *links;
    size_t count, size;
    size_t line_at; /* where `line` was counted to */
    unsigned line;
    size_t tags; /* Liquid tags up to the end of the last href */
};

static bool is_link_tag(struct str name)
{
    return str_eq_nocase(name, STR("a")) || str_eq_nocase(name, STR("area"));
}

static bool is_opt_out(const struct html_scan_attribute *a)
{
    static const char *const marks[][2] = {
        {"data-track", "off"},         /* ours */
        {"clicktracking", "off"},      /* SendGrid */
        {"data-msys-clicktrack", "0"}, /* SparkPost */
        {"disable-tracking", "true"},  /* Mailgun */
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (str_eq_nocase(a->name, str_of(marks[i][0])) &&
            str_eq_nocase(a->value, str_of(marks[i][1])))
            return true;
    return false;
}

static unsigned line_of(struct finder *f, size_t at)
{
    struct str skipped = {f->view.source.at + f->line_at, at - f->line_at};
    for (const char *end; (end = str_find(skipped, '\n')); f->line++)
        skipped = str_skip(skipped, (size_t)(end - skipped.at) + 1);
    f->line_at = at;
    return f->line;
}

static struct link *add_link(struct finder *f)
{
    if (f->count == f->size) {
        size_t size = f->size ? f->size * 2 : FIRST_SIZE;
        struct link *links = arena_alloc(f->memory, size * sizeof(*links));
        if (f->count)
            memcpy(links, f->links, f->count * sizeof(*links));
        f->links = links;
        f->size = size;
    }
    struct link *l = &f->links[f->count++];
    *l = (struct link){0};
    return l;
}

/* A value without quotes may have its last tags, such as {% endif %}, or the tag around it behind
 * it. */
static void read_unquoted(struct finder *f, struct link *l, struct link_target *t, size_t view_end)
{
    const char *source = f->view.source.at;
    size_t end = html_view_start(&f->view, view_end);
    link_target_read(t, (struct str){source + l->at, l->len}, f->memory);
    if (!t->is_torn || l->at + l->len == end)
        return;
    struct link_target longer;
    link_target_read(&longer, (struct str){source + l->at, end - l->at}, f->memory);
    if (longer.is_torn)
        return;
    *t = longer;
    l->len = end - l->at;
}

/* Between quotes, everything is the value's; without, what follows it may be Liquid around it. */
static void read_link(struct finder *f, const struct html_scan_attribute *a)
{
    struct link *l = add_link(f);
    struct link_target target;
    size_t start = (size_t)(a->value.at - f->scan.text.at), end = start + a->value.len;
    l->quote = a->quote;
    l->at = html_view_end(&f->view, start - 1);
    if (a->quote || a->value.len == 0) {
        l->len = html_view_start(&f->view, end) - l->at;
        link_target_read(&target, (struct str){f->view.source.at + l->at, l->len}, f->memory);
    } else {
        l->len = html_view_end(&f->view, end - 1) - l->at;
        read_unquoted(f, l, &target, end);
    }
    bool whole = l->at + l->len == html_view_start(&f->view, end);
    f->tags = html_view_tags(&f->view, whole ? end : end - 1);
    l->target = target.text;
    l->has_liquid = target.has_liquid;
    l->fault = target.fault;
    l->trackable = target.is_web;
}

static size_t tags_before(const struct finder *f, const char *at)
{
    return html_view_tags(&f->view, (size_t)(at - f->scan.text.at));
}

static void finish_links(struct finder *f, size_t first, bool off)
{
    for (size_t i = first; i < f->count; i++) {
        f->links[i].line = line_of(f, f->links[i].at);
        f->links[i].off = off;
        f->links[i].trackable &= !off;
    }
}

/* A tag that does not end is none: its links are forgotten. */
static void read_tag(struct finder *f)
{
    struct html_scan_attribute a;
    size_t first = f->count;
    bool seen = false, off = false;
    while (html_scan_attribute(&f->scan, &a)) {
        off |= is_opt_out(&a);
        size_t tags = tags_before(f, a.name.at);
        if (!str_eq_nocase(a.name, STR("href")) || (seen && tags == f->tags))
            continue;
        seen = true;
        f->tags = tags;
        if (a.has_value)
            read_link(f, &a);
    }
    if (!html_scan_close(&f->scan))
        f->count = first;
    finish_links(f, first, off);
}

int links_find(struct str html, struct arena *memory, struct link **links, size_t *count,
               struct err *err)
{
    struct finder f = {.memory = memory, .line = 1};
    struct str name;
    html_view_make(&f.view, html, memory);
    html_scan_init(&f.scan, f.view.text);
    while (html_scan_next(&f.scan, &name)) {
        if (is_link_tag(name))
            read_tag(&f);
        if (f.count > LINKS_MAX)
            return err_set(err,
                           "Line %u: this is link number %d, and a message may have %d; use fewer.",
                           f.links[LINKS_MAX].line, LINKS_MAX + 1, LINKS_MAX);
    }
    *links = f.links;
    *count = f.count;
    return 0;
}
