#include "compose/tracking.h"

#include "compose/scope.h"
#include "template/lexer.h"
#include "template/links.h"

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

/* Roots of names that are used; of those of compose/scope.h, which ones. */
struct roots {
    uint32_t known;
    bool unknown;
};

static void note_root(void *ctx, struct str name, unsigned line, unsigned column)
{
    struct roots *roots = ctx;
    size_t len = 0;
    (void)line, (void)column;
    while (len < name.len && name.at[len] != '.' && name.at[len] != '[')
        len++;
    int number = scope_number((struct str){name.at, len});
    if (number >= 0)
        roots->known |= UINT32_C(1) << number;
    roots->unknown |= number < 0;
}

/* Roots that a template takes from outside; nothing of one that is none. */
static struct roots roots_of(struct str source, const struct template_partials *partials)
{
    struct roots roots = {0};
    struct template_error error;
    struct template_options options = {.partials = partials};
    struct template *t = template_compile(source, &options, &error);
    roots.unknown = !t;
    if (t)
        template_each_name(t, note_root, &roots);
    template_free(t);
    return roots;
}

/* Tags that only choose: others remember something, which a click does not know. */
static bool only_chooses(struct str target)
{
    static const char *const tags[] = {"if",        "elsif", "else",    "endif", "unless",
                                       "endunless", "case",  "endcase", "when"};
    struct lexer lexer = {.source = target};
    struct piece piece;
    while (lexer_next(&lexer, &piece)) {
        size_t i = 0, count = sizeof(tags) / sizeof(tags[0]);
        while (i < count && !str_eq(piece.name, str_of(tags[i])))
            i++;
        if (piece.kind == PIECE_TAG && i == count)
            return false;
    }
    return true;
}

/* True if a click can be led there without knowing where in the page the link stood. `page` has the
 * roots that are the outside's there, too. */
static bool is_free(const struct link *link, uint32_t page)
{
    if (!link->has_liquid)
        return true;
    struct roots roots = roots_of(link->target, NULL);
    return !roots.unknown && (roots.known & ~page) == 0 && only_chooses(link->target);
}

/* The new value of one link, in memory; at == NULL: it stays. */
static struct str value_of(const struct tracking *tracking, struct str html, uint32_t page,
                           const struct link *link, struct arena *memory, struct str *links,
                           size_t *count)
{
    struct buf target = BUF_INIT, value = BUF_INIT;
    struct str none = {NULL, 0};
    bool changed = !link->fault && utm_add(link->target, &tracking->utm, &target);
    struct str to = arena_str(memory, changed ? buf_str(&target) : link->target);
    if (tracking->track && link->trackable && is_free(link, page)) {
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

int tracking_apply(const struct tracking *tracking, struct str html,
                   const struct template_partials *partials, struct arena *memory,
                   struct str **links, size_t *count, struct buf *out, struct err *err)
{
    struct link *found;
    size_t found_count;
    *count = 0;
    if (links_find(html, memory, &found, &found_count, err) != 0)
        return -1;
    uint32_t page = tracking->track ? roots_of(html, partials).known : 0;
    *links = arena_alloc(memory, found_count * sizeof(**links));
    struct str *values = arena_alloc(memory, found_count * sizeof(*values));
    for (size_t i = 0; i < found_count; i++)
        values[i] = value_of(tracking, html, page, &found[i], memory, *links, count);
    links_replace(html, found, found_count, values, out);
    return 0;
}
