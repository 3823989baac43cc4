/* What a template's tests share: a small outside world, and one call from source to output. */
#ifndef TOCSIN_TESTS_TEMPLATE_RENDERED_H
#define TOCSIN_TESTS_TEMPLATE_RENDERED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "template/liquid.h"

static const struct value rendered_tags[] = {
    {.kind = VALUE_STR, .str = {"torture", 7}},
    {.kind = VALUE_STR, .str = {"Éducation", 10}},
    {.kind = VALUE_STR, .str = {"women", 5}},
};

/* contact.first_name, .name (hostile), .count, .amount and .city (loose), .tags, .bytes (broken
 * UTF-8 and a NUL). */
static inline bool rendered_contact(const void *ctx, struct str member, struct value *out)
{
    (void)ctx;
    if (str_eq(member, STR("first_name")))
        *out = value_str(STR("élodie"));
    else if (str_eq(member, STR("name")))
        *out = value_str(STR("<b>\"Tom\" & 'Jerry'</b>"));
    else if (str_eq(member, STR("address")))
        *out = value_str(STR("1 <High> St\nParis"));
    else if (str_eq(member, STR("count")))
        *out = value_int(46443);
    else if (str_eq(member, STR("amount")))
        *out = value_loose(STR("80.5"));
    else if (str_eq(member, STR("city")))
        *out = value_loose(STR("12 Oaks"));
    else if (str_eq(member, STR("tags")))
        *out = value_array(rendered_tags, 3);
    else if (str_eq(member, STR("bytes")))
        *out = value_str((struct str){"a\0b\xff\xc3", 5});
    else
        return false;
    return true;
}

static const struct object_type rendered_contact_type = {.get = rendered_contact};

static inline bool rendered_lookup(void *ctx, struct str name, struct value *out)
{
    (void)ctx;
    if (!str_eq(name, STR("contact")))
        return false;
    *out = value_object(&rendered_contact_type, NULL);
    return true;
}

/* The output, or the error's sentence; it stays until the next call. */
static inline const char *rendered_with(const char *source, const struct render_options *options)
{
    static struct buf out;
    struct arena scratch = ARENA_INIT;
    struct template_scope scope = {NULL, rendered_lookup};
    struct template_error error = {0};
    buf_reset(&out);
    struct template *t = template_compile(str_of(source), NULL, &error);
    if (!t || template_render(t, &scope, options, &scratch, &out, &error) < 0)
        buf_add_text(&out, error.text);
    template_free(t);
    arena_release(&scratch);
    return out.at;
}

/* 2024-02-29 13:05:09 UTC, a Thursday. */
enum { RENDERED_NOW = 1709211909 };

static inline const char *rendered(const char *source)
{
    return rendered_with(source, &(struct render_options){.now_s = RENDERED_NOW});
}

static inline const char *rendered_html(const char *source)
{
    return rendered_with(source, &(struct render_options){.escape = ESCAPE_HTML});
}

#define assert_rendered(source, output) assert_string_equal(rendered(source), output)
#define assert_html(source, output) assert_string_equal(rendered_html(source), output)

#endif
