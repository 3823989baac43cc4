/* Filters that replace or remove parts of a text. */
#include "template/filters.h"
#include "template/utf8.h"

/* An empty `from` stands before every character and at the end. */
static void replace_between(struct call *c, struct str s, struct str to, size_t most)
{
    int32_t point;
    size_t at = 0, len;
    for (size_t done = 0; done < most && !c->r->failed; done++, at += len) {
        text_add(c->r, to);
        if (at == s.len)
            return;
        len = utf8_next(s, at, &point);
        text_add(c->r, (struct str){s.at + at, len});
    }
    text_add(c->r, str_skip(s, at));
}

static void replace(struct call *c, struct str from, struct str to, size_t most)
{
    struct str s = render_str(c->r, &c->value);
    size_t mark = text_begin(c->r);
    if (from.len == 0)
        replace_between(c, s, to, most);
    for (size_t done = 0; from.len && done < most && s.len && !c->r->failed; done++) {
        const char *hit = memmem(s.at, s.len, from.at, from.len);
        if (!hit)
            break;
        text_add(c->r, (struct str){s.at, (size_t)(hit - s.at)});
        text_add(c->r, to);
        s = str_skip(s, (size_t)(hit - s.at) + from.len);
    }
    if (from.len)
        text_add(c->r, s);
    c->value = text_end(c->r, mark);
}

void filter_replace(struct call *c)
{
    replace(c, render_str(c->r, &c->args[0]), render_str(c->r, &c->args[1]), SIZE_MAX);
}

void filter_replace_first(struct call *c)
{
    replace(c, render_str(c->r, &c->args[0]), render_str(c->r, &c->args[1]), 1);
}

void filter_remove(struct call *c)
{
    struct str from = render_str(c->r, &c->args[0]);
    replace(c, from, (struct str){NULL, 0}, from.len ? SIZE_MAX : 0);
}

void filter_remove_first(struct call *c)
{
    struct str from = render_str(c->r, &c->args[0]);
    replace(c, from, (struct str){NULL, 0}, from.len ? 1 : 0);
}

/* The offset of the last `part` of s, which is at its end if it is empty; SIZE_MAX if none. */
static size_t find_last(struct render *r, struct str s, struct str part)
{
    if (part.len == 0)
        return s.len;
    if (s.len < part.len)
        return SIZE_MAX;
    for (size_t at = s.len - part.len + 1; at-- > 0 && !r->failed;) {
        if (s.at[at] != part.at[0])
            continue;
        render_work(r, part.len);
        if (memcmp(s.at + at, part.at, part.len) == 0)
            return at;
    }
    return SIZE_MAX;
}

static void replace_last(struct call *c, struct str from, struct str to)
{
    struct str s = render_str(c->r, &c->value);
    size_t at = find_last(c->r, s, from), mark = text_begin(c->r);
    if (at == SIZE_MAX) {
        c->value = value_str(s);
        return;
    }
    text_add(c->r, (struct str){s.at, at});
    text_add(c->r, to);
    text_add(c->r, str_skip(s, at + from.len));
    c->value = text_end(c->r, mark);
}

void filter_replace_last(struct call *c)
{
    replace_last(c, render_str(c->r, &c->args[0]), render_str(c->r, &c->args[1]));
}

void filter_remove_last(struct call *c)
{
    replace_last(c, render_str(c->r, &c->args[0]), (struct str){NULL, 0});
}
