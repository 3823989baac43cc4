#include "template/css_select.h"

#include "template/space.h"

/*
 * Matching goes from the subject to the left. What fails says how far: so a search for an ancestor
 * or an earlier sibling ends where going on cannot help, and the work for one element and selector
 * is bounded by the number of its ancestors and siblings, times the selector's length. A "maybe"
 * ends a search at once: where Liquid decides, nothing better is looked for.
 */
enum reach {
    FAILS_ALL,      /* so it will for every ancestor too */
    FAILS_SIBLINGS, /* so it will for every earlier sibling */
    FAILS_HERE,
    MAY_MATCH,
    MATCHES
};

struct match {
    const struct css_tree *tree;
    uint64_t *work;
};

static enum css_answer answer_if(bool yes)
{
    return yes ? CSS_YES : CSS_NO;
}

static bool is_marker(char c)
{
    return c == (char)CSS_OUTPUT || c == (char)CSS_TAG;
}

/* Where the next part of s without Liquid is; empty at the end. */
static struct str next_literal(struct str *s)
{
    size_t n = 0;
    while (s->len && is_marker(s->at[0]))
        *s = str_skip(*s, 1);
    while (n < s->len && !is_marker(s->at[n]))
        n++;
    struct str part = {s->at, n};
    *s = str_skip(*s, n);
    return part;
}

/*
 * Whether a class with Liquid in it may turn out as that name: if some literal part of it stands in
 * the name; a class that is all Liquid, if `any`.
 */
static bool may_become(struct str token, struct str name, bool any)
{
    struct str part = next_literal(&token);
    if (part.len == 0)
        return any;
    for (; part.len; part = next_literal(&token))
        if (name.len >= part.len && memmem(name.at, name.len, part.at, part.len))
            return true;
    return false;
}

/*
 * An ancestor whose class is all Liquid (<body class="{{ theme }}">) is not taken to have a class
 * that others have literally: else every rule for what is in a .footer may match everywhere.
 */
static enum css_answer match_class(const struct match *m, const struct css_test *test,
                                   const struct css_element *e, bool subject)
{
    bool any =
        (e->vague || e->class_liquid) && (subject || !css_tree_has_class(m->tree, test->name));
    enum css_answer answer = e->vague && any ? CSS_MAYBE : CSS_NO;
    *m->work += e->class_count / 8;
    for (size_t i = 0; i < e->class_count; i++) {
        struct str token = e->classes[i];
        bool liquid = e->class_liquid && css_has_liquid(token);
        if (!liquid && str_eq(token, test->name))
            return e->vague || !css_class_is_sure(e, token) ? CSS_MAYBE : CSS_YES;
        if (liquid && may_become(token, test->name, any))
            answer = CSS_MAYBE;
    }
    return answer;
}

static bool equal(struct str a, struct str b, bool nocase)
{
    return nocase ? str_eq_nocase(a, b) : str_eq(a, b);
}

static bool has_word(struct str value, struct str word, bool nocase)
{
    struct str found;
    while ((found = space_next_word(&value)).len)
        if (equal(found, word, nocase))
            return true;
    return false;
}

static bool has_part(struct str value, struct str part, bool nocase)
{
    if (!nocase)
        return memmem(value.at, value.len, part.at, part.len);
    for (; value.len >= part.len; value = str_skip(value, 1))
        if (equal((struct str){value.at, part.len}, part, nocase))
            return true;
    return false;
}

static bool compare_value(const struct css_test *test, struct str value)
{
    struct str wanted = test->value, start = {value.at, wanted.len};
    bool fits = value.len >= wanted.len, nocase = test->nocase;
    switch (test->op) {
    case '\0':
        return true;
    case '=':
        return equal(value, wanted, nocase);
    case '~':
        return has_word(value, wanted, nocase);
    case '|':
        return fits && equal(start, wanted, nocase) &&
               (value.len == wanted.len || value.at[wanted.len] == '-');
    case '^':
        return wanted.len && fits && equal(start, wanted, nocase);
    case '$':
        return wanted.len && fits && equal(str_skip(value, value.len - wanted.len), wanted, nocase);
    default:
        return wanted.len && fits && has_part(value, wanted, nocase);
    }
}

static enum css_answer match_attribute(const struct match *m, const struct css_test *test,
                                       const struct css_element *e)
{
    struct str value = css_element_value(e, test->name);
    *m->work += value.len / 16 * (test->nocase ? 1 + test->value.len : 1);
    if (e->vague || (test->op && css_has_liquid(value)))
        return CSS_MAYBE;
    return answer_if(value.at && compare_value(test, value));
}

static enum css_answer match_id(const struct css_test *test, const struct css_element *e)
{
    struct str value = css_element_value(e, STR("id"));
    if (e->vague)
        return value.at && str_eq(value, test->name) ? CSS_MAYBE : CSS_NO;
    if (css_has_liquid(value))
        return may_become(value, test->name, true) ? CSS_MAYBE : CSS_NO;
    return answer_if(value.at && str_eq(value, test->name));
}

static enum css_answer match_position(const struct css_test *test, const struct css_element *e)
{
    int64_t place = e->place[test->last][test->of_type], steps = place - test->first;
    if (e->parent && e->parent->shifting)
        return CSS_MAYBE;
    if (test->step == 0)
        return answer_if(steps == 0);
    return answer_if(steps % test->step == 0 && steps / test->step >= 0);
}

/* What HTML calls a hyperlink, visited or not; only a mail program can tell those apart. */
static enum css_answer match_link(const struct css_element *e)
{
    bool unsure = css_has_liquid(e->name);
    if (!unsure && !str_eq(e->name, STR("a")) && !str_eq(e->name, STR("area")) &&
        !str_eq(e->name, STR("link")))
        return CSS_NO;
    if (unsure || e->vague)
        return CSS_MAYBE;
    return answer_if(css_element_value(e, STR("href")).at);
}

static enum css_answer match_tests(const struct match *m, const struct css_test *tests,
                                   const struct css_element *e, bool subject);

static enum css_answer match_test(const struct match *m, const struct css_test *test,
                                  const struct css_element *e, bool subject)
{
    switch (test->kind) {
    case CSS_TYPE:
        return css_has_liquid(e->name) ? CSS_MAYBE : answer_if(str_eq(e->name, test->name));
    case CSS_ID:
        return match_id(test, e);
    case CSS_CLASS:
        return match_class(m, test, e, subject);
    case CSS_ATTRIBUTE:
        return match_attribute(m, test, e);
    case CSS_POSITION:
        return match_position(test, e);
    case CSS_ROOT:
        return answer_if(!e->parent);
    case CSS_LINK:
        return match_link(e);
    default:
        return (enum css_answer)(CSS_YES - match_tests(m, test->not, e, true));
    }
}

static enum css_answer match_tests(const struct match *m, const struct css_test *tests,
                                   const struct css_element *e, bool subject)
{
    enum css_answer worst = CSS_YES;
    *m->work += 1 + e->attribute_count / 8;
    for (; tests && worst; tests = tests->next) {
        enum css_answer answer = match_test(m, tests, e, subject);
        worst = answer < worst ? answer : worst;
    }
    return worst;
}

static enum reach match_left(const struct match *m, const struct css_compound *c,
                             const struct css_element *e);

/* The compound and all that is left of it, at this element; `loosely` if Liquid may take it away.
 */
static enum reach match_at(const struct match *m, const struct css_compound *c,
                           const struct css_element *e, bool loosely)
{
    enum css_answer answer = match_tests(m, c->tests, e, false);
    if (answer == CSS_NO)
        return FAILS_HERE;
    enum reach left = match_left(m, c, e);
    return left == MATCHES && (answer == CSS_MAYBE || loosely) ? MAY_MATCH : left;
}

static enum reach match_ancestor(const struct match *m, const struct css_compound *c,
                                 const struct css_element *e)
{
    for (const struct css_element *a = e->parent; a; a = a->parent) {
        enum reach r = match_at(m, c, a, a->loose);
        if (r >= MAY_MATCH || r == FAILS_ALL)
            return r;
    }
    return FAILS_ALL;
}

static enum reach match_parent(const struct match *m, const struct css_compound *c,
                               const struct css_element *e)
{
    if (!e->parent)
        return FAILS_ALL;
    enum reach r = match_at(m, c, e->parent, e->parent->loose);
    if (r < MAY_MATCH && e->parent->loose)
        return MAY_MATCH;
    /* Siblings have the same parent. */
    return r == FAILS_HERE ? FAILS_SIBLINGS : r;
}

/*
 * The last sibling that may come before e: where a Liquid loop repeats e, that is the last one of
 * the loop, perhaps e itself, since an earlier round wrote them all.
 */
static const struct css_element *last_before(const struct match *m, const struct css_element *e)
{
    const struct css_element *last = e->previous;
    uint32_t loop = css_liquid_loop(m->tree->liquid, e->block, e->parent->block);
    if (loop == 0)
        return last;
    for (; e; e = e->next, ++*m->work)
        if (css_liquid_is_in(m->tree->liquid, e->block, loop))
            last = e;
    return last;
}

/*
 * Between siblings that Liquid decides about, only "maybe" or "no" can be known. What may come
 * before a sibling further left is never more, so a failure there holds for all of them.
 */
static enum reach match_siblings(const struct match *m, const struct css_compound *c,
                                 const struct css_element *e, bool adjacent)
{
    bool shifting = e->parent && e->parent->shifting;
    const struct css_element *s = shifting ? last_before(m, e) : e->previous;
    for (; s; s = s->previous) {
        enum reach r = match_at(m, c, s, shifting);
        if (r >= MAY_MATCH || r == FAILS_ALL || r == FAILS_SIBLINGS)
            return r;
        if (adjacent && !shifting)
            return FAILS_HERE;
    }
    return adjacent && !shifting ? FAILS_HERE : FAILS_SIBLINGS;
}

static enum reach match_left(const struct match *m, const struct css_compound *c,
                             const struct css_element *e)
{
    switch (c->combinator) {
    case '\0':
        return MATCHES;
    case ' ':
        return match_ancestor(m, c->left, e);
    case '>':
        return match_parent(m, c->left, e);
    default:
        return match_siblings(m, c->left, e, c->combinator == '+');
    }
}

enum css_answer css_selector_match(const struct css_selector *s, const struct css_element *e,
                                   const struct css_tree *tree, uint64_t *work)
{
    struct match m = {.tree = tree};
    m.work = work;
    enum css_answer answer = match_tests(&m, s->subject->tests, e, true);
    if (answer == CSS_NO)
        return CSS_NO;
    enum reach left = match_left(&m, s->subject, e);
    if (left < MAY_MATCH)
        return CSS_NO;
    return left == MATCHES ? answer : CSS_MAYBE;
}
