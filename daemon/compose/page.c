#include "compose/page.h"

#include "compose/layout.h"
#include "template/inline_css.h"
#include "template/markdown.h"
#include "template/text.h"

static const struct bundle_file *find_layout(const struct bundle *bundle, struct str name,
                                             const char *ending)
{
    char full[BUNDLE_NAME_MAX + 1];
    int len = snprintf(full, sizeof(full), "%.*s%s", STR_ARG(name), ending);
    if (len < 0 || (size_t)len >= sizeof(full))
        return NULL;
    return bundle_find(bundle, "layouts/", str_of(full));
}

static int fail_layout(const struct draft *draft, const struct bundle *bundle, struct err *err)
{
    struct buf known = BUF_INIT;
    for (size_t i = 0; i < bundle->count; i++) {
        struct str name = bundle->files[i].name;
        if (str_starts(name, STR("layouts/")) && str_ends(name, STR(".html")))
            buf_addf(&known, "%s\"%.*s\"", known.len ? ", " : "", (int)(name.len - 13),
                     name.at + 8);
    }
    err_set(err, "Line %u: there is no layout \"%.*s\"; there are %.200s and \"none\".",
            draft->layout.line, STR_ARG(draft_layout(draft)), known.len ? known.at : "no others");
    buf_release(&known);
    return -1;
}

int page_check_layout(const struct draft *draft, const struct bundle *known, struct err *err)
{
    struct str name = draft_layout(draft);
    if (name.len == 0 || find_layout(known, name, ".html"))
        return 0;
    return fail_layout(draft, known, err);
}

/* Its own faults are told with its own lines: in the page they are others. */
static int check_layout(const struct bundle_file *file, const struct template_partials *partials,
                        struct err *err)
{
    struct template_error error;
    struct template_options options = {.partials = partials};
    struct template *t = template_compile(file->data, &options, &error);
    template_free(t);
    return t ? 0 : err_set(err, "In %.*s: %s", STR_ARG(file->name), error.text);
}

static int put_around(const struct draft *draft, struct layout *layout,
                      const struct template_partials *partials, struct buf *out, struct err *err)
{
    struct str name = draft_layout(draft);
    const struct bundle_file *file = find_layout(layout->bundle, name, layout->ending);
    if (page_check_layout(draft, layout->bundle, err) != 0)
        return -1;
    if (file && check_layout(file, partials, err) != 0)
        return -1;
    if (file)
        layout->source = file->data;
    if (layout_apply(layout, out, err) != 0)
        return file ? err_prefix(err, "%.*s", STR_ARG(file->name)) : -1;
    return 0;
}

static int make_html(const struct draft *draft, struct buf *content, struct buf *preheader,
                     struct err *err)
{
    if (draft->preheader.value.len && markdown_to_html(draft->preheader.value, preheader, err) != 0)
        return -1;
    if (!draft->is_html)
        return markdown_to_html(draft->body, content, err);
    buf_add_str(content, draft->body);
    return 0;
}

int page_html(const struct draft *draft, const struct bundle *bundle,
              const struct template_partials *partials, struct buf *out, struct err *err)
{
    struct buf content = BUF_INIT, preheader = BUF_INIT, page = BUF_INIT;
    int result = make_html(draft, &content, &preheader, err);
    struct layout layout = {.bundle = bundle,
                            .ending = ".html",
                            .content = buf_str(&content),
                            .preheader = buf_str(&preheader)};
    if (result == 0)
        result = put_around(draft, &layout, partials, &page, err);
    if (result == 0)
        result = css_inline(buf_str(&page), out, err);
    buf_release(&content);
    buf_release(&preheader);
    buf_release(&page);
    return result;
}

int page_text(const struct draft *draft, const struct bundle *bundle,
              const struct template_partials *partials, struct buf *out, struct err *err)
{
    struct buf content = BUF_INIT;
    int result = draft->is_html ? text_from_html(draft->body, &content, err)
                                : text_from_markdown(draft->body, &content, err);
    struct layout layout = {.bundle = bundle,
                            .ending = ".txt",
                            .content = buf_str(&content),
                            .preheader = draft->preheader.value};
    if (result == 0)
        result = put_around(draft, &layout, partials, out, err);
    buf_release(&content);
    return result;
}
