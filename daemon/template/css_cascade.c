#include "template/css_cascade.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "template/css_syntax.h"

/* Compounds that are tried: some seconds. */
enum { MAX_WORK = 100 * 1000 * 1000 };

/* The parts whose subject has that id, class or type; the key starts with # . or space. */
struct bucket {
    struct str key;
    struct css_part *parts;
    UT_hash_handle hh;
};

struct hit {
    struct css_part *part;
    enum css_answer answer;
};

/* What is known of a property while one element is looked at. */
struct state {
    uint32_t element;        /* whose state it is, from 1 */
    uint32_t taken;          /* by a rule: its number * 2 + important; 0: not yet */
    bool own, own_important; /* by the element's own style attribute */
    bool unsure;             /* of a family: a declaration that perhaps matches is stronger */
    bool own_family;         /* of a family: the own style attribute sets some of it */
};

struct cascade {
    const struct css_tree *tree;
    struct css_sheets *sheets;
    struct bucket *buckets;
    struct css_part *anywhere; /* the parts whose subject has no id, class or type */
    struct hit *hits;
    size_t hit_count;
    struct state *states; /* by the numbers of properties and families */
    size_t state_count;
    uint32_t element; /* at hand, from 1 */
    uint64_t work;
    size_t bytes;
};

static struct bucket *bucket_find(struct cascade *c, char kind, struct str name, bool add)
{
    struct bucket *found;
    char *key = arena_alloc(c->sheets->memory, name.len + 1);
    key[0] = kind;
    memcpy(key + 1, name.len ? name.at : "", name.len);
    HASH_FIND(hh, c->buckets, key, (unsigned)name.len + 1, found);
    if (found || !add)
        return found;
    found = ARENA_NEW(c->sheets->memory, struct bucket);
    found->key = (struct str){key, name.len + 1};
    HASH_ADD_KEYPTR(hh, c->buckets, found->key.at, (unsigned)found->key.len, found);
    return found;
}

/* The most telling test of the subject. */
static const struct css_test *key_test(const struct css_part *part)
{
    const struct css_test *best = NULL;
    for (const struct css_test *t = part->selector.subject->tests; t; t = t->next) {
        if (t->kind == CSS_ID)
            return t;
        if (t->kind == CSS_CLASS || (t->kind == CSS_TYPE && !best))
            best = t;
    }
    return best;
}

static void build_index(struct cascade *c)
{
    for (struct css_part *part = c->sheets->parts; part; part = part->after) {
        const struct css_test *t = key_test(part);
        char kind = !t ? '*' : t->kind == CSS_ID ? '#' : t->kind == CSS_CLASS ? '.' : ' ';
        struct css_part **list = t ? &bucket_find(c, kind, t->name, true)->parts : &c->anywhere;
        part->beside = *list;
        *list = part;
    }
}

static enum css_answer match(struct cascade *c, const struct css_part *part,
                             const struct css_element *e)
{
    const struct css_rule *rule = part->rule;
    enum css_answer answer = css_selector_match(&part->selector, e, c->tree, &c->work);
    if (answer && (rule->tagged || !css_liquid_is_in(c->tree->liquid, e->block, rule->block)))
        return CSS_MAYBE;
    return answer;
}

static void try_part(struct cascade *c, struct css_part *part, const struct css_element *e)
{
    enum css_answer answer = c->work < MAX_WORK ? match(c, part, e) : CSS_NO;
    if (answer)
        c->hits[c->hit_count++] = (struct hit){part, answer};
}

static void try_bucket(struct cascade *c, char kind, struct str name, const struct css_element *e)
{
    struct bucket *b = bucket_find(c, kind, name, false);
    for (struct css_part *part = b ? b->parts : NULL; part; part = part->beside)
        try_part(c, part, e);
}

static bool is_repeated(const struct css_element *e, size_t class)
{
    for (size_t i = 0; i < class; i++)
        if (str_eq(e->classes[i], e->classes[class]))
            return true;
    return false;
}

enum { MANY_CLASSES = 32 };

static int compare_hits(const void *a, const void *b)
{
    const struct css_part *x = ((const struct hit *)a)->part, *y = ((const struct hit *)b)->part;
    uint32_t one = x->selector.specificity, two = y->selector.specificity;
    if (one != two)
        return one > two ? -1 : 1;
    if (x->rule->number != y->rule->number)
        return x->rule->number > y->rule->number ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* The parts that match, the strongest first. */
static void find_hits(struct cascade *c, const struct css_element *e)
{
    struct str id = css_element_value(e, STR("id"));
    c->hit_count = 0;
    if (e->vague || e->class_liquid || css_has_liquid(id) || css_has_liquid(e->name) ||
        e->class_count > MANY_CLASSES) {
        for (struct css_part *part = c->sheets->parts; part; part = part->after)
            try_part(c, part, e);
    } else {
        for (struct css_part *part = c->anywhere; part; part = part->beside)
            try_part(c, part, e);
        try_bucket(c, ' ', e->name, e);
        if (id.len)
            try_bucket(c, '#', id, e);
        for (size_t i = 0; i < e->class_count; i++)
            if (!is_repeated(e, i))
                try_bucket(c, '.', e->classes[i], e);
    }
    if (c->hit_count)
        qsort(c->hits, c->hit_count, sizeof(*c->hits), compare_hits);
}

/* The state of a property or family, fresh for the element at hand. Valid until the next call. */
static struct state *state_of(struct cascade *c, uint32_t number)
{
    if (number >= c->state_count) {
        size_t count = (size_t)number * 2 + 64;
        c->states = alloc_again(c->states, count * sizeof(*c->states));
        memset(c->states + c->state_count, 0, (count - c->state_count) * sizeof(*c->states));
        c->state_count = count;
    }
    struct state *state = &c->states[number];
    if (state->element != c->element)
        *state = (struct state){.element = c->element};
    return state;
}

/* Notes what the element's own style attribute sets: that cannot be set from a sheet. */
static void read_own(struct cascade *c, const struct css_element *e)
{
    struct css_declaration d;
    struct str rest = e->own;
    if (css_has_liquid(rest)) {
        state_of(c, CSS_FAMILY_ALL)->own_family = true;
        return;
    }
    while (css_next_declaration(&rest, &d)) {
        if (d.kind != CSS_DECLARATION)
            continue;
        struct css_property property = css_property(c->sheets, d.name);
        struct state *state = state_of(c, property.number);
        state->own |= css_is_plain(d.value);
        state->own_important |= d.important && css_is_plain(d.value);
        state_of(c, property.family)->own_family |= !d.important;
    }
}

static bool is_overridden(struct cascade *c, const struct css_value *v, uint32_t by)
{
    const struct state *state = state_of(c, v->property.number);
    bool own = v->important ? state->own_important : state->own;
    return own || (state->taken && state->taken != by);
}

static bool is_unsure(struct cascade *c, const struct css_value *v)
{
    return state_of(c, CSS_FAMILY_ALL)->unsure || state_of(c, v->property.family)->unsure;
}

static void add_winner(struct cascade *c, struct css_winner **list, const struct css_value *v,
                       uint32_t by)
{
    struct css_winner *w = ARENA_NEW(c->sheets->memory, struct css_winner);
    w->value = v;
    w->important = v->important && (state_of(c, CSS_FAMILY_ALL)->own_family ||
                                    state_of(c, v->property.family)->own_family);
    w->next = *list;
    *list = w;
    c->bytes += v->name.len + v->text.len + 2;
    if (v->plain)
        state_of(c, v->property.number)->taken = by;
}

/* Weighs the rule's declarations of that importance against what is stronger. */
static void add_rule(struct cascade *c, const struct hit *hit, const struct css_element *e,
                     bool important, struct css_winner **list)
{
    struct css_part *part = hit->part;
    uint32_t by = part->rule->number * 2 + important;
    for (const struct css_value *v = part->rule->values; v; v = v->next) {
        c->work++;
        if (v->important != important || is_overridden(c, v, by))
            continue;
        if (hit->answer == CSS_MAYBE)
            state_of(c, v->property.family)->unsure = true;
        if (hit->answer == CSS_MAYBE || e->closed || !e->has_tag || is_unsure(c, v))
            part->stays = true;
        else
            add_winner(c, list, v, by);
    }
}

/* False if a stronger selector of the same rule was weighed already and matches for sure. */
static bool is_first(const struct cascade *c, const struct hit *hit, bool important)
{
    struct css_rule *rule = hit->part->rule;
    uint32_t turn = c->element * 2 + important;
    if (rule->weighed == turn)
        return false;
    if (hit->answer == CSS_YES)
        rule->weighed = turn;
    return true;
}

static void weigh(struct cascade *c, const struct css_element *e, bool important,
                  struct css_winner **list)
{
    for (size_t i = 0; i < c->hit_count && c->bytes <= CSS_OUTPUT_MAX; i++)
        if (is_first(c, &c->hits[i], important))
            add_rule(c, &c->hits[i], e, important, list);
}

/* Elements that nobody sees, to which "*" applies as well. */
static bool is_unseen(const struct css_element *e)
{
    static const char *const names[] = {"head", "title", "meta",   "link",
                                        "base", "style", "script", "template"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq(e->name, str_of(names[i])))
            return true;
    return false;
}

static int run_element(struct cascade *c, const struct css_element *e, struct css_winner **list,
                       struct err *err)
{
    *list = NULL;
    if (is_unseen(e))
        return 0;
    c->element++;
    find_hits(c, e);
    if (c->hit_count == 0)
        return 0;
    for (size_t i = 0; i < c->hit_count; i++)
        c->hits[i].part->matched = true;
    read_own(c, e);
    weigh(c, e, true, list);
    weigh(c, e, false, list);
    c->work += c->hit_count * 8;
    if (c->bytes > CSS_OUTPUT_MAX)
        return err_set(err,
                       "Inlining the style sheets makes the HTML longer than %d MiB; are there "
                       "rules for every element (*, td, div) with many declarations?",
                       CSS_OUTPUT_MAX / 1024 / 1024);
    if (c->work >= MAX_WORK)
        return err_set(err, "There are too many elements and selectors to match them all; take out "
                            "the rules that the message does not use, or use plain classes.");
    return 0;
}

/*
 * What mail programs put around or into a mail, which style sheets of mails are written for:
 * Outlook.com, Outlook, Gmail (u + .body), Apple Mail, Yahoo, Thunderbird, Samsung.
 */
static bool is_hook(struct str name)
{
    static const char *const hooks[] = {
        "outlook",   "ExternalClass", "ReadMsgBody", "data-ogs",       "data-outlook",
        "office365", "x-apple-data",  "x_",          "x-gmail",        "yshortcuts",
        "yahoo",     "moz-text",      "MessageView", "MessageWebView", "gmail",
        "gwfw",      "owa",           "aolmail",     "android"};
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
        if (str_starts_nocase(name, str_of(hooks[i])))
            return true;
    return false;
}

static bool has_hook(const struct css_part *part)
{
    for (const struct css_compound *c = part->selector.subject; c; c = c->left)
        for (const struct css_test *t = c->tests; t; t = t->next)
            if (t->kind == CSS_TYPE ? str_eq(t->name, STR("u")) && c != part->selector.subject
                                    : is_hook(t->name) || is_hook(t->value))
                return true;
    return false;
}

static bool has_important(const struct css_rule *rule)
{
    const struct css_value *v = rule->values;
    while (v && !v->important)
        v = v->next;
    return v != NULL;
}

/* Settles what stays; true if something does that would win over what lost its "!important". */
static bool settle(struct cascade *c)
{
    bool important = false;
    for (struct css_part *part = c->sheets->parts; part; part = part->after) {
        if (part->selector.root || part->rule->tagged || c->tree->liquid->outside ||
            (!part->matched && has_hook(part)))
            part->stays = true;
        important |= part->stays && part->matched && has_important(part->rule);
    }
    return important;
}

int css_cascade_run(const struct css_tree *tree, struct css_sheets *sheets,
                    struct css_winner **winners, bool *important, struct err *err)
{
    struct cascade c = {.tree = tree, .sheets = sheets};
    int result = 0;
    c.hits = alloc(((size_t)sheets->part_count + 1) * sizeof(*c.hits));
    build_index(&c);
    for (size_t i = 0; i < tree->count && result == 0; i++)
        result = run_element(&c, &tree->elements[i], &winners[i], err);
    *important = settle(&c);
    HASH_CLEAR(hh, c.buckets);
    free(c.hits);
    free(c.states);
    return result;
}
