/*
 * What a template computes with: nothing, truth, whole and real numbers, text, arrays, ranges and
 * objects. A value is 24 bytes that are copied freely and own nothing: text, items and objects
 * belong to whoever made them (the caller's data, the template, or the arena of the rendering) and
 * must stay until the rendering is over.
 *
 * Objects are how the outside is seen: `contact.first_name` is one call of `get`, nothing is built
 * beforehand. Rules of Liquid live here too: what is true, equal, empty, and how a value reads as a
 * number. This file knows nothing of templates, contacts or mail.
 */
#ifndef TOCSIN_TEMPLATE_VALUE_H
#define TOCSIN_TEMPLATE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum value_kind {
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STR,
    VALUE_ARRAY,
    VALUE_RANGE, /* whole numbers from first to last, both included; empty if last < first */
    VALUE_OBJECT,
    VALUE_EMPTY, /* the literal `empty`: equal to anything without content */
    VALUE_BLANK  /* the literal `blank`: `empty`, and also nil, false and white space */
};

struct object_type;

struct value {
    uint8_t kind; /* enum value_kind */
    bool markup;  /* text that is HTML already and is not escaped again */
    bool loose;   /* text of the outside (a CSV cell): beside a number it counts as one if it is */
    uint32_t count; /* of an array's items */
    union {
        bool truth;
        int64_t whole;
        double real;
        struct str str;
        const struct value *items;
        struct {
            int64_t first, last;
        } range;
        struct {
            const struct object_type *type;
            const void *ctx;
        } object;
    };
};

/* What an object can do. Only `get` must be there. */
struct object_type {
    /* The member of that name; false if there is none (it then reads as nil). */
    bool (*get)(const void *ctx, struct str member, struct value *out);
    /* How many members a `for` over the object sees; NULL means none. */
    size_t (*count)(const void *ctx);
    /* The member number `index` (below `count`), in a fixed order. NULL where `count` is. */
    void (*at)(const void *ctx, size_t index, struct str *name, struct value *out);
    /* How the object itself reads in {{ }}, e.g. a counter with members; NULL means as nothing. */
    struct str (*text)(const void *ctx);
};

/* Where the outside's top-level names come from: `contact`, `job`, `links` … */
struct template_scope {
    void *ctx;
    /* False if there is no such name. Called once a rendering for each name that is used. */
    bool (*lookup)(void *ctx, struct str name, struct value *out);
};

static inline struct value value_nil(void)
{
    return (struct value){.kind = VALUE_NIL};
}

static inline struct value value_bool(bool truth)
{
    return (struct value){.kind = VALUE_BOOL, .truth = truth};
}

static inline struct value value_int(int64_t whole)
{
    return (struct value){.kind = VALUE_INT, .whole = whole};
}

static inline struct value value_float(double real)
{
    return (struct value){.kind = VALUE_FLOAT, .real = real};
}

static inline struct value value_str(struct str s)
{
    return (struct value){.kind = VALUE_STR, .str = s};
}

/* Text whose writer could not say whether it is a number. Filters give plain text. */
static inline struct value value_loose(struct str s)
{
    return (struct value){.kind = VALUE_STR, .loose = true, .str = s};
}

/* At most UINT32_MAX items. */
static inline struct value value_array(const struct value *items, size_t count)
{
    return (struct value){.kind = VALUE_ARRAY, .count = (uint32_t)count, .items = items};
}

static inline struct value value_range(int64_t first, int64_t last)
{
    return (struct value){.kind = VALUE_RANGE, .range = {first, last}};
}

static inline struct value value_object(const struct object_type *type, const void *ctx)
{
    return (struct value){.kind = VALUE_OBJECT, .object = {type, ctx}};
}

/* Liquid's truth: everything but nil and false. */
static inline bool value_is_true(const struct value *v)
{
    return v->kind != VALUE_NIL && (v->kind != VALUE_BOOL || v->truth);
}

static inline bool value_is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

/* Text, arrays, ranges and objects without content. */
bool value_is_empty(const struct value *v);

/* Empty, nil, false, or white space only. */
bool value_is_blank(const struct value *v);

/* Liquid's ==: numbers by size, text by bytes, arrays item by item, `empty` and `blank` by content.
 */
bool value_equals(const struct value *a, const struct value *b);

/* value_equals that adds to *looked_at the bytes and values it had to look at. */
bool value_equals_counted(const struct value *a, const struct value *b, uint64_t *looked_at);

/* <0, 0, >0 in *order; false if the two have no order (text and a number, anything and nil). */
bool value_order(const struct value *a, const struct value *b, int *order);

/*
 * The number that v is or that its text begins with ("12 apples" is 12, "1.5" is 1.5); 0 for
 * anything else. The result is VALUE_INT or VALUE_FLOAT.
 */
struct value value_number(const struct value *v);

/* True and the whole number if v is one, or text that is nothing but one, or a real (cut off). */
bool value_to_int(const struct value *v, int64_t *out);
double value_to_double(const struct value *number);

/* Arrays, ranges, and objects that tell their members. */
static inline bool value_has_items(const struct value *v)
{
    return v->kind == VALUE_ARRAY || v->kind == VALUE_RANGE ||
           (v->kind == VALUE_OBJECT && v->object.type->count);
}

/* How many items a loop over v sees: array, range, object; 1 for other text, 0 for the rest. */
uint64_t value_count(const struct value *v);

/* Writes a number as Liquid does (12, 4.5, 2.0); returns the length, below `VALUE_NUMBER_SIZE`. */
enum { VALUE_NUMBER_SIZE = 40 };
size_t value_number_text(const struct value *number, char out[VALUE_NUMBER_SIZE]);

#endif
