#include "template/images.h"

#include "template/html_hidden.h"
#include "template/html_scan.h"
#include "template/html_view.h"
#include "template/link_target.h"
#include "template/space.h"

enum { FIRST_SIZE = 16 };

/* An attribute's value in the source, where the view has less. */
static struct str source_value(const struct html_view *v, const struct html_scan_attribute *a)
{
    if (a->value.len == 0)
        return (struct str){NULL, 0};
    size_t start = (size_t)(a->value.at - v->text.at), end = start + a->value.len;
    size_t from = html_view_end(v, start - 1);
    size_t to = a->quote ? html_view_start(v, end) : html_view_end(v, end - 1);
    return (struct str){v->source.at + from, to - from};
}

/* The first of each attribute counts. The style counts more than width and height. */
static bool read_image(struct html_scan *scan, const struct html_view *view, struct image *image,
                       struct arena *memory)
{
    struct html_scan_attribute a;
    struct html_style sizes = {.thin = false};
    struct str style = {NULL, 0};
    while (html_scan_attribute(scan, &a)) {
        if (str_eq_nocase(a.name, STR("alt")))
            image->has_alt = true;
        else if (str_eq_nocase(a.name, STR("src")) && !image->src.at)
            image->src = space_cut(space_skip(link_value_decode(source_value(view, &a), memory)));
        else if (str_eq_nocase(a.name, STR("width")))
            sizes.thin = html_length_is_tiny(a.value);
        else if (str_eq_nocase(a.name, STR("height")))
            sizes.flat = html_length_is_tiny(a.value);
        else if (str_eq_nocase(a.name, STR("style")))
            style = a.value;
    }
    html_style_read(&sizes, style);
    image->is_pixel = sizes.undisplayed || (sizes.thin && sizes.flat);
    return html_scan_close(scan);
}

static unsigned lines_in(struct str s)
{
    unsigned lines = 0;
    while (s.at) {
        str_cut(&s, '\n');
        lines += s.at != NULL;
    }
    return lines;
}

static struct image *grow(struct image *images, size_t count, size_t *size, struct arena *memory)
{
    if (count < *size)
        return images;
    *size = *size ? *size * 2 : FIRST_SIZE;
    struct image *more = arena_alloc(memory, *size * sizeof(*more));
    if (count)
        memcpy(more, images, count * sizeof(*more));
    return more;
}

int images_find(struct str html, struct arena *memory, struct image **images, size_t *count,
                struct err *err)
{
    struct html_view view;
    struct html_scan scan;
    struct str name;
    size_t size = 0, counted = 0;
    unsigned line = 1;
    *images = NULL;
    *count = 0;
    html_view_make(&view, html, memory);
    html_scan_init(&scan, view.text);
    while (html_scan_next(&scan, &name)) {
        if (!str_eq_nocase(name, STR("img")))
            continue;
        size_t at = html_view_start(&view, (size_t)(name.at - view.text.at));
        line += lines_in((struct str){html.at + counted, at - counted});
        counted = at;
        if (*count == IMAGES_MAX)
            return err_set(err, "Line %u: there are more than %d images; use fewer.", line,
                           IMAGES_MAX);
        *images = grow(*images, *count, &size, memory);
        (*images)[*count] = (struct image){.line = line};
        *count += read_image(&scan, &view, &(*images)[*count], memory);
    }
    return 0;
}
