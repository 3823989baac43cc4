/* Names in a message that are nobody's: a misspelt attribute is empty for everybody. */
#include "base/suggest.h"
#include "compose/inspecting.h"
#include "store/counters.h"

enum {
    CANDIDATES_MAX = 1000, /* names that are compared with one that is unknown */
    COMPARED_MAX = 64,     /* bytes of a name that is worth it */
    COMPARISONS_MAX = 20000,
    NAMES_MAX = 2000, /* of a message that are looked at */
};

/* -- What is close to a name. */

struct nearest {
    struct str wanted, best;
    unsigned distance, seen;
};

static void consider(struct inspecting *in, struct nearest *n, struct str candidate)
{
    if (n->wanted.len > COMPARED_MAX || candidate.len > COMPARED_MAX ||
        in->compared == COMPARISONS_MAX)
        return;
    in->compared++;
    if (!suggest_is_near(n->wanted, candidate))
        return;
    unsigned distance = suggest_distance(n->wanted, candidate);
    if (n->best.at && distance >= n->distance)
        return;
    n->best = arena_str(&in->memory, candidate);
    n->distance = distance;
}

struct attributes {
    struct nearest nearest;
    struct inspecting *in;
};

static bool consider_attribute(void *ctx, uint32_t id, struct str name)
{
    struct attributes *a = ctx;
    (void)id;
    consider(a->in, &a->nearest, name);
    return ++a->nearest.seen < CANDIDATES_MAX;
}

static void consider_all(struct inspecting *in, struct nearest *n, const char *const *names)
{
    for (; *names; names++)
        consider(in, n, str_of(*names));
}

static struct str near_attribute(struct inspecting *in, struct str member)
{
    static const char *const own[] = {"email", "address", "id", NULL};
    struct attributes a = {.nearest = {.wanted = member}, .in = in};
    consider_all(in, &a.nearest, own);
    name_each(in->with->txn, NAME_ATTRIBUTE, consider_attribute, &a);
    return a.nearest.best;
}

static struct str near_counter(struct inspecting *in, struct str member)
{
    struct nearest n = {.wanted = member};
    struct counter counter = {.name = ""};
    while (n.seen++ < CANDIDATES_MAX && counter_next(in->with->txn, &counter))
        consider(in, &n, str_of(counter.name));
    return n.best;
}

static struct str near_root(struct inspecting *in, struct str root)
{
    static const char *const roots[] = {"contact", "job",      "message", "identity",
                                        "links",   "counters", "topics",  NULL};
    struct nearest n = {.wanted = root};
    consider_all(in, &n, roots);
    return n.best;
}

static struct str near_member(struct inspecting *in, struct str root, struct str member)
{
    static const char *const job[] = {"id", "name", NULL};
    static const char *const message[] = {"topic", "language", "preheader", "subject", NULL};
    static const char *const identity[] = {"name", "domain", "footer", NULL};
    static const char *const links[] = {"unsubscribe", "preferences", "web", "share", NULL};
    static const struct {
        struct str root;
        const char *const *members;
    } all[] = {{STR("job"), job},
               {STR("message"), message},
               {STR("identity"), identity},
               {STR("links"), links}};
    struct nearest n = {.wanted = member};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (str_eq(all[i].root, root))
            consider_all(in, &n, all[i].members);
    return n.best;
}

/* -- What is known. */

static void warn(struct inspecting *in, struct place place, const char *what, struct str name,
                 struct str near, const char *otherwise)
{
    if (near.at)
        remark_warning(in->out, place, "%s \"%.*s\": did you mean \"%.*s\"?", what,
                       STR_ARG(shortened(name)), STR_ARG(near));
    else
        remark_warning(in->out, place, "%s \"%.*s\"%s.", what, STR_ARG(shortened(name)), otherwise);
}

static void check_root(struct inspecting *in, struct str root, struct place place)
{
    if (name_find(in->with->txn, NAME_ATTRIBUTE, root))
        remark_warning(in->out, place,
                       "There is no name \"%.*s\"; the attribute of a contact is written "
                       "contact.%.*s.",
                       STR_ARG(shortened(root)), STR_ARG(shortened(root)));
    else
        warn(in, place, "There is no name", root, near_root(in, root),
             ": it stands for nothing in every copy");
}

static void check_attribute(struct inspecting *in, struct str member, struct place place)
{
    if (!name_find(in->with->txn, NAME_ATTRIBUTE, member))
        warn(in, place, "No contact has the attribute", member, near_attribute(in, member),
             ": it is empty for everybody");
}

static void check_counter(struct inspecting *in, struct str member, struct place place)
{
    int64_t value;
    if (!counter_read(in->with->txn, member, &value))
        warn(in, place, "There is no counter", member, near_counter(in, member),
             ": it reads as 0 until somebody sets it");
}

static void check_member(struct inspecting *in, struct str root, struct str member,
                         struct place place)
{
    struct template_scope scope = scope_for(&in->scope);
    struct value object, value;
    char what[64];
    if (!scope.lookup(scope.ctx, root, &object) ||
        object.object.type->get(object.object.ctx, member, &value)) {
        if (str_eq(root, STR("counters")))
            check_counter(in, member, place);
        return;
    }
    if (str_eq(root, STR("contact"))) {
        check_attribute(in, member, place);
        return;
    }
    snprintf(what, sizeof(what), "\"%.*s\" has no", STR_ARG(root));
    warn(in, place, what, member, near_member(in, root, member), "");
}

/* -- The names of the message. */

/* What the whole page takes from outside; a partial may have assigned what the text uses. */
struct outside {
    struct str *names; /* sorted, once all are there */
    size_t count, size;
    bool way_out; /* one of them leads to where people unsubscribe */
    struct arena *memory;
};

struct looking {
    struct inspecting *in;
    struct outside outside;
    struct place start; /* of the template that is looked at */
    size_t count;       /* names that were */
};

static void note(void *ctx, struct str name, unsigned line, unsigned column)
{
    struct outside *o = ctx;
    (void)line, (void)column;
    if (o->count == o->size) {
        size_t size = o->size ? o->size * 2 : 64;
        struct str *names = arena_alloc(o->memory, size * sizeof(*names));
        if (o->count)
            memcpy(names, o->names, o->count * sizeof(*names));
        o->names = names;
        o->size = size;
    }
    o->names[o->count++] = arena_str(o->memory, name);
    o->way_out = o->way_out || str_eq(name, STR("links.unsubscribe")) ||
                 str_eq(name, STR("links.preferences"));
}

/* True if one of the template's names is a way out. */
static bool note_all(struct outside *o, const struct template *t)
{
    o->way_out = false;
    template_each_name(t, note, o);
    return o->way_out;
}

static int compare_names(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_compare(*x, *y);
}

static bool is_outside(const struct outside *o, struct str name)
{
    return o->count && bsearch(&name, o->names, o->count, sizeof(name), compare_names);
}

static bool is_enough(struct looking *l)
{
    if (l->count++ == NAMES_MAX)
        remark_warning(l->in->out, (struct place){.file = STR("")},
                       "The message uses more than %d names: the others were not looked at.",
                       NAMES_MAX);
    return l->count > NAMES_MAX;
}

static void look(void *ctx, struct str name, unsigned line, unsigned column)
{
    struct looking *l = ctx;
    struct place place = {STR(""), line, column};
    struct str member = name, root = str_cut(&member, '.');
    if (line == l->start.line)
        place.column += l->start.column - 1;
    if (l->in->out->count == REMARKS_MAX || is_enough(l) || !is_outside(&l->outside, name))
        return;
    if (!scope_knows(root))
        check_root(l->in, root, place);
    else if (member.at && member.len)
        check_member(l->in, root, member, place);
}

static void look_at(struct looking *l, struct str source, const struct partials *partials)
{
    struct template_partials blank;
    struct template_error error;
    struct template_options options = {.partials = &blank};
    partials_blank(&partials->all, &blank);
    l->start = place_in_text(l->in, source.at);
    options.first_line = l->start.line;
    struct template *t = source.len ? template_compile(source, &options, &error) : NULL;
    if (t)
        template_each_name(t, look, l);
    template_free(t);
}

/* A way out must be on each page that people read. */
static void check_way_out(struct inspecting *in, bool html, bool text)
{
    struct place nowhere = {.file = STR("")};
    if (html && text)
        return;
    remark_warning(in->out, nowhere,
                   "%s no link to unsubscribe: write {{ links.unsubscribe }} as the address of "
                   "one, or take a layout that has it.",
                   html   ? "The text part has"
                   : text ? "The HTML part has"
                          : "The message has");
}

void inspect_names(struct inspecting *in)
{
    const struct message *m = in->mailing->message;
    struct looking l = {.in = in, .outside = {.memory = &in->memory}};
    note_all(&l.outside, m->subject);
    bool html = note_all(&l.outside, m->html.template);
    bool text = note_all(&l.outside, m->text.template);
    if (l.outside.count)
        qsort(l.outside.names, l.outside.count, sizeof(*l.outside.names), compare_names);
    look_at(&l, in->draft.subject.value, &in->text);
    look_at(&l, in->draft.preheader.value, &in->html);
    look_at(&l, in->draft.body, &in->html);
    check_way_out(in, html, text);
}
