#include "compose/tracking.h"

#include "compose/scope.h"
#include "template/links.h"
#include "template/liquid.h"

static struct str *utm_place(struct utm *utm, struct str name)
{
    const struct {
        struct str name;
        struct str *place;
    } all[] = {{STR("source"), &utm->source},
               {STR("medium"), &utm->medium},
               {STR("campaign"), &utm->campaign},
               {STR("term"), &utm->term},
               {STR("content"), &utm->content}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (str_eq_nocase(name, all[i].name))
            return all[i].place;
    return NULL;
}

int tracking_parse_utm(struct str value, struct utm *out, struct err *err)
{
    *out = (struct utm){.source = STR("")};
    for (struct str rest = value; rest.at && rest.len;) {
        struct str item = str_cut(&rest, ',');
        struct str name = str_trim(str_cut(&item, '='));
        struct str *place = utm_place(out, name);
        if (!place || str_trim(item).len == 0)
            return err_set(err,
                           "UTM is written as \"source=newsletter, medium=email, campaign=may\" "
                           "(and term, content); \"%.*s\" is none of them.",
                           STR_ARG(name));
        *place = str_trim(item);
    }
    return 0;
}

static void note_unknown(void *ctx, struct str name, unsigned line, unsigned column)
{
    bool *known = ctx;
    size_t root = 0;
    (void)line, (void)column;
    while (root < name.len && name.at[root] != '.' && name.at[root] != '[')
        root++;
    *known = *known && scope_knows((struct str){name.at, root});
}

/* True if a click can be led there without knowing where in the message the link stood. */
static bool is_free(const struct link *link)
{
    struct template_error error;
    bool known = true;
    if (!link->has_liquid)
        return true;
    struct template *t = template_compile(link->target, NULL, &error);
    if (!t)
        return false;
    template_each_name(t, note_unknown, &known);
    template_free(t);
    return known;
}

/* The new value of one link, in memory; at == NULL: it stays. */
static struct str value_of(const struct tracking *tracking, struct str html,
                           const struct link *link, struct arena *memory, struct str *links,
                           size_t *count)
{
    struct buf target = BUF_INIT, value = BUF_INIT;
    struct str none = {NULL, 0};
    bool changed = !link->fault && utm_add(link->target, &tracking->utm, &target);
    struct str to = arena_str(memory, changed ? buf_str(&target) : link->target);
    if (tracking->track && link->trackable && is_free(link)) {
        links[(*count)++] = to;
        buf_addf(&value, "{%% if links.tracked %%}{{ links.click[\"%zu\"] }}{%% else %%}", *count);
        if (changed)
            link_escape(to, &value);
        else
            buf_add_str(&value, (struct str){html.at + link->at, link->len});
        buf_add_text(&value, "{% endif %}");
    } else if (changed) {
        link_escape(to, &value);
    }
    struct str result = value.len ? arena_str(memory, buf_str(&value)) : none;
    buf_release(&target);
    buf_release(&value);
    return result;
}

int tracking_apply(const struct tracking *tracking, struct str html, struct arena *memory,
                   struct str **links, size_t *count, struct buf *out, struct err *err)
{
    struct link *found;
    size_t found_count;
    *count = 0;
    if (links_find(html, memory, &found, &found_count, err) != 0)
        return -1;
    *links = arena_alloc(memory, found_count * sizeof(**links));
    struct str *values = arena_alloc(memory, found_count * sizeof(*values));
    for (size_t i = 0; i < found_count; i++)
        values[i] = value_of(tracking, html, &found[i], memory, *links, count);
    links_replace(html, found, found_count, values, out);
    return 0;
}
