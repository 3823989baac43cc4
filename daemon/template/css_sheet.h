/*
 * The style sheets of a document, read for inlining: which rules there are, which of them can be
 * inlined at all, and the declarations of those. Private to the room.
 */
#ifndef TOCSIN_TEMPLATE_CSS_SHEET_H
#define TOCSIN_TEMPLATE_CSS_SHEET_H

#include "template/css_select.h"
#include "template/inline_css.h"

enum { CSS_MAX_RULES = 4096, CSS_MAX_SELECTORS = 16 * 1024 };

/* Number of what a property name stands for, and of those that a shorthand may set together. */
struct css_property {
    uint32_t number, family;
};

enum { CSS_FAMILY_ALL = 0 }; /* of "all", which sets everything */

struct css_value {
    struct css_value *next; /* the one before it in its rule: the stronger one comes first */
    struct css_property property;
    struct str name, text; /* views of the masked text */
    bool important;
    bool plain; /* every mail program understands it; others may fall back to an earlier one */
};

/* One selector of a rule's list. */
struct css_part {
    struct css_part *next;   /* in its rule */
    struct css_part *beside; /* in its bucket of the index */
    struct css_part *after;  /* of all */
    struct css_rule *rule;
    struct css_selector selector;
    struct str text;
    bool usable;  /* can be matched */
    bool matched; /* some element, perhaps */
    bool stays;   /* in the sheet */
};

struct css_rule {
    struct str prelude, whole;
    struct css_part *parts;
    struct css_value *values;
    uint32_t number;  /* in the order of the document */
    uint32_t block;   /* of Liquid, in which it stands */
    uint32_t weighed; /* when the cascade last did */
    bool tagged;      /* a Liquid tag stands in it */
};

/* A rule or an at-rule, as it stands in the sheet. */
struct css_entry {
    struct css_entry *next;
    struct str whole;
    struct css_rule *rule; /* NULL: it stays as it is */
};

struct css_sheet {
    struct css_sheet *next;
    const struct css_style *style;
    struct css_entry *entries;
};

struct css_sheets {
    struct arena *memory;
    const struct css_liquid *liquid;
    const struct css_report *report;
    struct css_sheet *first;
    struct css_part *parts; /* all that are usable */
    struct css_name *names;
    uint32_t rule_count, part_count, name_count;
    unsigned warnings;
};

/* Reads the sheets of the tree; -1 if there are too many rules. Release it in any case. */
int css_sheets_init(struct css_sheets *s, const struct css_tree *tree,
                    const struct css_report *report, struct arena *memory, struct err *err);
void css_sheets_release(struct css_sheets *s);

/* The numbers of a property's name; a new one gets new numbers. */
struct css_property css_property(struct css_sheets *s, struct str name);

/* True if every mail program understands the value; `text` is masked. */
bool css_is_plain(struct str text);

#endif
