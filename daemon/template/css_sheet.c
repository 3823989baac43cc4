#include "template/css_sheet.h"

#include "base/hash.h"
#include "template/css_syntax.h"
#include "template/space.h"

enum { MAX_WARNINGS = 50, SHOWN = 60 };

struct css_name {
    struct str name;
    struct css_property property;
    UT_hash_handle hh;
};

/* Tells the reporter that something at `what` is wrong; the format has one "%.*s" for it. */
__attribute__((format(printf, 3, 0))) static void warn(struct css_sheets *s, struct str what,
                                                       const char *format)
{
    char sentence[400];
    if (!s->report || !s->report->warn || s->warnings++ >= MAX_WARNINGS)
        return;
    struct str shown = css_liquid_source(s->liquid, what);
    for (size_t i = 0; i < shown.len; i++)
        if (shown.at[i] == '\n' || i == SHOWN)
            shown.len = i;
    shown = space_cut(shown);
    snprintf(sentence, sizeof(sentence), format, STR_ARG(shown));
    s->report->warn(s->report->ctx,
                    css_liquid_line(s->liquid, (size_t)(what.at - s->liquid->bytes)), sentence);
}

static uint32_t number_of(struct css_sheets *s, struct str key, struct css_name **out)
{
    struct css_name *name;
    HASH_FIND(hh, s->names, key.at, (unsigned)key.len, name);
    if (!name) {
        name = ARENA_NEW(s->memory, struct css_name);
        name->name = key;
        name->property.number = ++s->name_count;
        HASH_ADD_KEYPTR(hh, s->names, key.at, (unsigned)key.len, name);
    }
    *out = name;
    return name->property.number;
}

/* The word that shorthands share with what they set: border-left-color -> border. */
static struct str family_of(struct str name)
{
    if (str_starts(name, STR("--")))
        return name;
    if (str_starts(name, STR("-"))) {
        name = str_skip(name, 1);
        str_cut(&name, '-');
    }
    struct str rest = name, word = str_cut(&rest, '-');
    return str_eq(name, STR("line-height")) ? STR("font") : word;
}

struct css_property css_property(struct css_sheets *s, struct str name)
{
    struct css_name *entry, *family;
    char *lower = arena_alloc(s->memory, name.len + 2);
    bool custom = str_starts(name, STR("--"));
    for (size_t i = 0; i < name.len; i++)
        lower[i + 1] = !custom && name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] | 32)
                                                                         : name.at[i];
    struct str key = {lower + 1, name.len};
    number_of(s, key, &entry);
    if (entry->property.family == 0 && !str_eq(key, STR("all"))) {
        struct str word = family_of(key);
        char *of = arena_alloc(s->memory, word.len + 1);
        of[0] = '*';
        memcpy(of + 1, word.len ? word.at : "", word.len);
        entry->property.family = number_of(s, (struct str){of, word.len + 1}, &family);
    }
    return entry->property;
}

static bool is_old_function(struct str token)
{
    return str_eq_nocase(token, STR("rgb(")) || str_eq_nocase(token, STR("rgba(")) ||
           str_eq_nocase(token, STR("url("));
}

bool css_is_plain(struct str text)
{
    enum css_token kind;
    for (size_t len; (len = css_token(text, &kind)); text = str_skip(text, len)) {
        struct str token = {text.at, len};
        if ((kind == CSS_FUNCTION && !is_old_function(token)) || css_has_liquid(token) ||
            (kind == CSS_IDENT && token.at[0] == '-'))
            return false;
    }
    return true;
}

static void add_value(struct css_sheets *s, struct css_rule *rule, const struct css_declaration *d)
{
    struct css_value *value = ARENA_NEW(s->memory, struct css_value);
    value->property = css_property(s, d->name);
    value->name = d->name;
    value->text = d->value;
    value->important = d->important;
    value->plain = css_is_plain(d->value);
    value->next = rule->values;
    rule->values = value;
}

/* False if the rule has to stay as it is. */
static bool read_values(struct css_sheets *s, struct css_rule *rule, struct str block)
{
    struct css_declaration d;
    while (css_next_declaration(&block, &d)) {
        if (d.kind == CSS_NESTED) {
            warn(s, d.whole,
                 "\"%.*s\" is a rule in a rule, which few mail programs know; write it "
                 "as a rule of its own.");
            return false;
        }
        if (d.kind == CSS_BROKEN)
            warn(s, d.whole, "\"%.*s\" is no declaration (name: value;) and is dropped.");
        else if (css_has_liquid(d.name))
            return false;
        else
            add_value(s, rule, &d);
    }
    return true;
}

static struct css_part *add_part(struct css_sheets *s, struct css_rule *rule, struct str text,
                                 enum css_verdict *verdict)
{
    struct css_part *part = ARENA_NEW(s->memory, struct css_part);
    part->rule = rule;
    part->text = text;
    *verdict =
        css_has_liquid(text) ? CSS_UNKNOWN : css_selector_parse(text, s->memory, &part->selector);
    part->usable = *verdict == CSS_MATCHES;
    part->stays = !part->usable;
    s->part_count++;
    return part;
}

static bool read_parts(struct css_sheets *s, struct css_rule *rule)
{
    struct str rest = rule->prelude, text;
    struct css_part **end = &rule->parts;
    enum css_verdict verdict, worst = CSS_MATCHES;
    while (worst <= CSS_STATE && css_next_part(&rest, &text)) {
        *end = add_part(s, rule, text, &verdict);
        end = &(*end)->next;
        worst = verdict > worst ? verdict : worst;
    }
    if (worst == CSS_WRONG)
        warn(s, text.len ? text : rule->whole,
             "\"%.*s\" is no selector, so mail programs drop the whole rule.");
    return worst <= CSS_STATE;
}

static void add_usable(struct css_sheets *s, struct css_rule *rule)
{
    for (struct css_part *part = rule->parts; part; part = part->next) {
        if (!part->usable)
            continue;
        part->after = s->parts;
        s->parts = part;
    }
}

static struct css_rule *read_rule(struct css_sheets *s, const struct css_item *item)
{
    struct css_rule *rule = ARENA_NEW(s->memory, struct css_rule);
    size_t at = (size_t)(item->whole.at - s->liquid->bytes);
    rule->prelude = item->prelude;
    rule->whole = item->whole;
    rule->number = ++s->rule_count;
    rule->block = css_liquid_block(s->liquid, at);
    rule->tagged = css_liquid_has_tag(s->liquid, at, at + item->whole.len);
    if (!read_parts(s, rule) || !read_values(s, rule, item->block))
        return NULL;
    add_usable(s, rule);
    return rule;
}

static struct css_rule *read_item(struct css_sheets *s, const struct css_item *item)
{
    if (item->kind == CSS_AT_RULE)
        return NULL;
    if (item->kind == CSS_NO_RULE || !item->closed) {
        warn(s, item->whole, "The rule that starts with \"%.*s\" never ends; is a \"}\" missing?");
        return NULL;
    }
    return read_rule(s, item);
}

static int read_sheet(struct css_sheets *s, struct css_sheet *sheet, struct err *err)
{
    struct str rest = sheet->style->text;
    struct css_entry **end = &sheet->entries;
    struct css_item item;
    while (css_next_item(&rest, &item)) {
        *end = ARENA_NEW(s->memory, struct css_entry);
        (*end)->whole = item.whole;
        (*end)->rule = read_item(s, &item);
        end = &(*end)->next;
        if (s->rule_count > CSS_MAX_RULES || s->part_count > CSS_MAX_SELECTORS)
            return err_set(err,
                           "Line %u: The style sheets have more than %d rules or %d selectors; "
                           "take out what the message does not use.",
                           css_liquid_line(s->liquid, (size_t)(item.whole.at - s->liquid->bytes)),
                           CSS_MAX_RULES, CSS_MAX_SELECTORS);
    }
    return 0;
}

static bool is_wanted(const struct css_style *style)
{
    const struct css_element *e = style->element;
    struct str type = str_trim(css_element_value(e, STR("type")));
    struct str media = str_trim(css_element_value(e, STR("media")));
    if (e->vague || style->conditional || css_element_value(e, STR("data-embed")).at)
        return false;
    if (str_eq_nocase(str_trim(css_element_value(e, STR("data-inline"))), STR("off")))
        return false;
    return (type.len == 0 || str_eq_nocase(type, STR("text/css"))) &&
           (media.len == 0 || str_eq_nocase(media, STR("all")));
}

int css_sheets_init(struct css_sheets *s, const struct css_tree *tree,
                    const struct css_report *report, struct arena *memory, struct err *err)
{
    struct css_sheet **end = &s->first;
    *s = (struct css_sheets){.memory = memory, .liquid = tree->liquid, .report = report};
    for (size_t i = 0; i < tree->style_count; i++) {
        if (!is_wanted(&tree->styles[i]))
            continue;
        *end = ARENA_NEW(memory, struct css_sheet);
        (*end)->style = &tree->styles[i];
        if (read_sheet(s, *end, err) < 0)
            return -1;
        end = &(*end)->next;
    }
    return 0;
}

void css_sheets_release(struct css_sheets *s)
{
    HASH_CLEAR(hh, s->names);
}
