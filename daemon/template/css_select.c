#include "template/css_select.h"

#include "template/css_syntax.h"
#include "template/space.h"

/*
 * Selectors Level 3, section 10, and the "i" of Level 4:
 *
 *     selector   = compound *( combinator compound )
 *     combinator = space / *space ( ">" / "+" / "~" ) *space
 *     compound   = ( name / "*" ) *simple / 1*simple
 *     simple     = "#" name / "." ident / ":" ident / ":" function … ")" / "::" ident
 *                / "[" ident [ [ "~" / "|" / "^" / "$" / "*" ] "=" ( ident / string ) [ "i" / "s" ]
 * ] "]" nth        = "even" / "odd" / [sign] [digits] "n" [ sign digits ] / [sign] digits
 */

enum { MAX_COMPOUNDS = 64, MAX_VALUE = 256, SPECIFIC_ID = 1 << 20, SPECIFIC_CLASS = 1 << 10 };

struct reader {
    struct str rest;
    struct arena *memory;
    struct css_selector *selector;
    enum css_verdict verdict; /* the worst so far */
    bool in_not;
};

static void judge(struct reader *r, enum css_verdict verdict)
{
    if (verdict > r->verdict)
        r->verdict = verdict;
}

static struct str take(struct reader *r, enum css_token *kind)
{
    struct str token = {r->rest.at, css_token(r->rest, kind)};
    r->rest = str_skip(r->rest, token.len);
    return token;
}

static char peek(const struct reader *r)
{
    return r->rest.len ? r->rest.at[0] : '\0';
}

static bool take_byte(struct reader *r, char byte)
{
    if (peek(r) != byte)
        return false;
    r->rest = str_skip(r->rest, 1);
    return true;
}

static struct str take_ident(struct reader *r)
{
    struct str name = {r->rest.at, css_name_length(r->rest)};
    r->rest = str_skip(r->rest, name.len);
    if (name.len == 0)
        judge(r, CSS_WRONG);
    return css_unescape(name, r->memory);
}

static struct str lower(struct reader *r, struct str s)
{
    char *out = arena_alloc(r->memory, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        out[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ? (char)(s.at[i] | 32) : s.at[i];
    return (struct str){out, s.len};
}

static struct css_test *add_test(struct reader *r, struct css_test **tests, enum css_test_kind kind,
                                 uint32_t specific)
{
    struct css_test *test = ARENA_NEW(r->memory, struct css_test);
    test->kind = kind;
    test->next = *tests;
    *tests = test;
    r->selector->specificity += specific;
    return test;
}

/* A string or a name as the value of an attribute. */
static struct str take_value(struct reader *r)
{
    enum css_token kind;
    if (peek(r) != '"' && peek(r) != '\'')
        return take_ident(r);
    struct str token = take(r, &kind);
    if (kind != CSS_STRING)
        judge(r, CSS_WRONG);
    struct str inside = str_skip(token, 1);
    inside.len -= inside.len > 0;
    return css_unescape(inside, r->memory);
}

/* HTML: attributes whose values selectors compare without case (section 4.16.2). */
static bool is_caseless(struct str name)
{
    static const char *const names[] = {
        "accept",     "accept-charset", "align",     "alink",    "axis",     "bgcolor", "charset",
        "checked",    "clear",          "codetype",  "color",    "compact",  "declare", "defer",
        "dir",        "direction",      "disabled",  "enctype",  "face",     "frame",   "hreflang",
        "http-equiv", "lang",           "language",  "link",     "media",    "method",  "multiple",
        "nohref",     "noresize",       "noshade",   "nowrap",   "readonly", "rel",     "rev",
        "rules",      "scope",          "scrolling", "selected", "shape",    "target",  "text",
        "type",       "valign",         "valuetype", "vlink"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq(name, str_of(names[i])))
            return true;
    return false;
}

static void take_operator(struct reader *r, struct css_test *test)
{
    static const char operators[] = "~|^$*";
    char c = peek(r);
    test->op = '=';
    if (c && memchr(operators, c, sizeof(operators) - 1)) {
        test->op = c;
        take_byte(r, c);
    }
    if (!take_byte(r, '='))
        judge(r, CSS_WRONG);
}

static void take_attribute(struct reader *r, struct css_test **tests)
{
    struct css_test *test = add_test(r, tests, CSS_ATTRIBUTE, SPECIFIC_CLASS);
    r->rest = css_skip_space(r->rest);
    test->name = lower(r, take_ident(r));
    test->nocase = is_caseless(test->name);
    r->rest = css_skip_space(r->rest);
    if (take_byte(r, ']'))
        return;
    take_operator(r, test);
    r->rest = css_skip_space(r->rest);
    test->value = take_value(r);
    if (test->value.len > MAX_VALUE)
        judge(r, CSS_UNKNOWN);
    r->rest = css_skip_space(r->rest);
    if (peek(r) != ']') {
        struct str flag = take_ident(r);
        test->nocase = str_eq_nocase(flag, STR("i"));
        if (!test->nocase && !str_eq_nocase(flag, STR("s")))
            judge(r, CSS_WRONG);
        r->rest = css_skip_space(r->rest);
    }
    if (!take_byte(r, ']'))
        judge(r, CSS_WRONG);
}

/* Digits with a sign before them; false if there are none or too many. */
static bool take_number(struct str *s, int32_t sign, int32_t *out)
{
    size_t n = 0;
    uint64_t value = 0;
    while (n < s->len && s->at[n] >= '0' && s->at[n] <= '9')
        n++;
    if (n == 0 || n > 9 || !str_to_u64((struct str){s->at, n}, &value))
        return false;
    *out = sign * (int32_t)value;
    *s = str_skip(*s, n);
    return true;
}

static int32_t take_sign(struct str *s)
{
    int32_t sign = s->len && s->at[0] == '-' ? -1 : 1;
    *s = str_skip(*s, s->len && (s->at[0] == '-' || s->at[0] == '+'));
    return sign;
}

static bool parse_nth(struct str s, struct css_test *test)
{
    s = str_trim(s);
    if (str_eq_nocase(s, STR("even")) || str_eq_nocase(s, STR("odd"))) {
        test->step = 2;
        test->first = s.len == 3;
        return true;
    }
    int32_t sign = take_sign(&s), number = sign;
    bool digits = take_number(&s, sign, &number);
    if (s.len == 0 || (s.at[0] | 32) != 'n') {
        test->first = number;
        return digits && s.len == 0;
    }
    test->step = number;
    s = space_skip(str_skip(s, 1));
    if (s.len == 0)
        return true;
    if (s.at[0] != '+' && s.at[0] != '-')
        return false;
    sign = take_sign(&s);
    s = space_skip(s);
    return take_number(&s, sign, &test->first) && s.len == 0;
}

static const struct position {
    const char *name;
    bool nth, of_type, last;
} positions[] = {
    {"first-child", false, false, false},  {"last-child", false, false, true},
    {"first-of-type", false, true, false}, {"last-of-type", false, true, true},
    {"nth-child", true, false, false},     {"nth-last-child", true, false, true},
    {"nth-of-type", true, true, false},    {"nth-last-of-type", true, true, true},
};

static struct css_test *add_position(struct reader *r, struct css_test **tests,
                                     const struct position *p)
{
    struct css_test *test = add_test(r, tests, CSS_POSITION, SPECIFIC_CLASS);
    test->of_type = p->of_type;
    test->last = p->last;
    test->first = 1;
    return test;
}

static bool take_position(struct reader *r, struct css_test **tests, struct str name,
                          const struct str *argument)
{
    for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
        const struct position *p = &positions[i];
        if (!str_eq_nocase(name, str_of(p->name)) || p->nth != (argument != NULL))
            continue;
        struct css_test *test = add_position(r, tests, p);
        if (argument && !parse_nth(*argument, test))
            judge(r, memmem(argument->at, argument->len, "of", 2) ? CSS_UNKNOWN : CSS_WRONG);
        return true;
    }
    bool child = str_eq_nocase(name, STR("only-child"));
    if (argument || (!child && !str_eq_nocase(name, STR("only-of-type"))))
        return false;
    add_position(r, tests, &positions[child ? 0 : 2]);
    add_position(r, tests, &positions[child ? 1 : 3]);
    r->selector->specificity -= SPECIFIC_CLASS;
    return true;
}

/* What browsers know, but nobody can match before a mail is read. */
static bool is_state(struct str name)
{
    static const char *const names[] = {
        "visited",           "hover",         "active",       "focus",         "target",
        "focus-within",      "focus-visible", "checked",      "disabled",      "enabled",
        "required",          "optional",      "read-only",    "read-write",    "valid",
        "invalid",           "in-range",      "out-of-range", "indeterminate", "default",
        "placeholder-shown", "before",        "after",        "first-line",    "first-letter",
        "placeholder",       "selection",     "marker",       "backdrop"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    return false;
}

/* No state of the reader: what links look like to begin with. */
static bool is_link(struct str name)
{
    return str_eq_nocase(name, STR("link")) || str_eq_nocase(name, STR("any-link"));
}

static void take_compound(struct reader *r, struct css_test **tests);

static void take_not(struct reader *r, struct css_test **tests, struct str argument)
{
    struct reader inner = *r;
    if (r->in_not) {
        judge(r, CSS_UNKNOWN);
        return;
    }
    struct css_test *test = add_test(r, tests, CSS_NOT, 0);
    inner.rest = css_skip_space(argument);
    inner.in_not = true;
    take_compound(&inner, &test->not );
    judge(r, inner.verdict);
    if (css_skip_space(inner.rest).len)
        judge(r, CSS_UNKNOWN);
}

static void take_function(struct reader *r, struct css_test **tests)
{
    enum css_token kind;
    bool closed;
    struct str whole = {r->rest.at, css_component(r->rest, &kind, &closed)};
    struct str name = {whole.at, css_name_length(whole)}, argument = str_skip(whole, name.len + 1);
    r->rest = str_skip(r->rest, whole.len);
    if (!closed) {
        judge(r, CSS_WRONG);
        return;
    }
    argument.len--;
    if (str_eq_nocase(name, STR("not")))
        take_not(r, tests, argument);
    else if (!take_position(r, tests, name, &argument))
        judge(r, CSS_UNKNOWN);
}

static void take_pseudo(struct reader *r, struct css_test **tests)
{
    bool element = take_byte(r, ':');
    size_t len = css_name_length(r->rest);
    if (len && len < r->rest.len && r->rest.at[len] == '(') {
        take_function(r, tests);
        return;
    }
    struct str name = take_ident(r);
    if (is_state(name)) {
        judge(r, CSS_STATE);
    } else if (!element && str_eq_nocase(name, STR("root"))) {
        add_test(r, tests, CSS_ROOT, SPECIFIC_CLASS);
        r->selector->root = true;
    } else if (!element && is_link(name)) {
        add_test(r, tests, CSS_LINK, SPECIFIC_CLASS);
    } else if (element || !take_position(r, tests, name, NULL)) {
        judge(r, CSS_UNKNOWN);
    }
}

/* False if no simple selector stands here. */
static bool take_simple(struct reader *r, struct css_test **tests)
{
    enum css_token kind;
    if (peek(r) == '#') {
        struct str token = take(r, &kind);
        bool ident = kind == CSS_HASH && css_name_length(str_skip(token, 1)) == token.len - 1;
        judge(r, ident ? CSS_MATCHES : CSS_WRONG);
        add_test(r, tests, CSS_ID, SPECIFIC_ID)->name = css_unescape(str_skip(token, 1), r->memory);
    } else if (take_byte(r, '.')) {
        add_test(r, tests, CSS_CLASS, SPECIFIC_CLASS)->name = take_ident(r);
    } else if (take_byte(r, '[')) {
        take_attribute(r, tests);
    } else if (take_byte(r, ':')) {
        take_pseudo(r, tests);
    } else {
        return false;
    }
    return true;
}

static void take_compound(struct reader *r, struct css_test **tests)
{
    bool any = take_byte(r, '*');
    if (!any && css_name_length(r->rest)) {
        add_test(r, tests, CSS_TYPE, 1)->name = lower(r, take_ident(r));
        any = true;
    }
    while (r->verdict != CSS_WRONG && take_simple(r, tests))
        any = true;
    if (!any)
        judge(r, CSS_WRONG);
}

/* Drops white space and comments; true if there was white space. */
static bool skip_space(struct reader *r)
{
    enum css_token kind;
    bool space = false;
    for (size_t len;
         (len = css_token(r->rest, &kind)) && (kind == CSS_SPACE || kind == CSS_COMMENT);) {
        space |= kind == CSS_SPACE;
        r->rest = str_skip(r->rest, len);
    }
    return space;
}

/* The combinator before the next compound; 0 at the end. */
static char take_combinator(struct reader *r)
{
    bool space = skip_space(r);
    char c = peek(r);
    if (c == '>' || c == '+' || c == '~') {
        take_byte(r, c);
        skip_space(r);
        return c;
    }
    if (c != '\0' && !space)
        judge(r, CSS_WRONG);
    return c == '\0' ? '\0' : ' ';
}

enum css_verdict css_selector_parse(struct str text, struct arena *memory, struct css_selector *out)
{
    struct reader r = {.rest = css_skip_space(text), .memory = memory, .selector = out};
    *out = (struct css_selector){0};
    char combinator = '\0';
    unsigned count = 0;
    do {
        struct css_compound *compound = ARENA_NEW(memory, struct css_compound);
        compound->left = out->subject;
        compound->combinator = combinator;
        out->subject = compound;
        take_compound(&r, &compound->tests);
        combinator = take_combinator(&r);
        if (++count == MAX_COMPOUNDS)
            judge(&r, CSS_UNKNOWN);
    } while (combinator && r.verdict != CSS_WRONG && count < MAX_COMPOUNDS);
    return r.verdict;
}
