/*
 * What filters on lists share, private to the room: the value as a list, a member of an item, and
 * when two items are the same.
 */
#ifndef TOCSIN_TEMPLATE_FILTER_LIST_H
#define TOCSIN_TEMPLATE_FILTER_LIST_H

#include "template/filters.h"

struct list {
    struct value *items; /* a copy in scratch, for changing */
    size_t count;
};

/*
 * A value as filters see it: the items of an array, those of arrays in it too; the numbers of a
 * range; nothing for nil; and anything else (also an object) as a list of itself. False, and
 * failed, if there are too many.
 */
bool list_of(struct call *c, const struct value *v, struct list *out);

enum list_member {
    MEMBER_READ,  /* *out is item[key]; nil where there is no such member */
    MEMBER_NEVER, /* items of this kind have no members; the whole result is then nothing */
    MEMBER_WRONG  /* the key cannot be asked of the item */
};

/*
 * item[key]: the member of an object; of a text, the part that is the key, if it is in there, or
 * the character at a number; of a number, true if the key is the same number.
 */
enum list_member list_member(struct call *c, const struct value *item, const struct value *key,
                             struct value *out);

/* list_member for a filter that cannot go on: false after a failure; MEMBER_NEVER reads as nil. */
bool list_member_of(struct call *c, const struct value *item, const struct value *key,
                    struct value *out);

/* Fails with the sentence for MEMBER_WRONG. */
void list_fail(struct call *c);

/* value_equals, but objects are the same if all their members are. */
bool list_same(struct call *c, const struct value *a, const struct value *b);

#endif
