/*
 * The HTML part of a message as the Liquid that it is compiled from: its text within its layout,
 * partials in their places, with tracked links. For engines that shall render the same.
 *
 *     bench/page MESSAGE          a JSON object: template, links (where the tracked ones lead)
 */
#include <jansson.h>

#include "base/buf.h"
#include "compose/page.h"
#include "compose/partials.h"
#include "compose/shipped.h"
#include "compose/tracking.h"

struct page {
    struct arena memory;
    struct bundle bundle;
    struct draft draft;
    struct partials partials;
    struct buf html, tracked;
    struct str *links;
    size_t link_count;
};

static int read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return err_set(err, "%s cannot be opened.", path);
    for (size_t n = 1; n > 0;) {
        char *at = buf_reserve(out, 4096);
        n = fread(at, 1, 4096, file);
        out->len += n;
    }
    fclose(file);
    return 0;
}

static int make_page(struct page *p, struct str text, struct err *err)
{
    const struct tracking tracking = {.track = true};
    if (bundle_read(text, &p->memory, &p->bundle, err) != 0)
        return -1;
    for (size_t i = 0; i < shipped_count(); i++)
        bundle_add(&p->bundle, shipped_file(i));
    partials_init(&p->partials, &p->bundle, ".html", &p->memory);
    if (draft_read(p->bundle.text, &p->draft, err) != 0 ||
        page_html(&p->draft, &p->bundle, &p->partials.all, &p->html, err) != 0)
        return -1;
    return tracking_apply(&tracking, buf_str(&p->html), &p->partials.all, &p->memory, &p->links,
                          &p->link_count, &p->tracked, err);
}

static void print_page(const struct page *p)
{
    json_t *links = json_array();
    for (size_t i = 0; i < p->link_count; i++)
        json_array_append_new(links, json_stringn(p->links[i].at, p->links[i].len));
    json_t *all =
        json_pack("{s:s%, s:o}", "template", p->tracked.at, p->tracked.len, "links", links);
    json_dumpf(all, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(all);
}

int main(int argc, char **argv)
{
    struct err err = {""};
    struct buf text = BUF_INIT;
    struct page page = {.html = BUF_INIT};
    if (argc != 2) {
        fprintf(stderr, "usage: page MESSAGE\n");
        return 2;
    }
    int result = read_file(argv[1], &text, &err);
    if (result == 0)
        result = make_page(&page, buf_str(&text), &err);
    if (result == 0)
        print_page(&page);
    else
        fprintf(stderr, "%s\n", err.text);
    buf_release(&text);
    buf_release(&page.html);
    buf_release(&page.tracked);
    arena_release(&page.memory);
    return result == 0 ? 0 : 1;
}
