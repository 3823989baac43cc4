#include "audience/segment.h"

#include "audience/contacts.h"
#include "audience/quote.h"
#include "base/suggest.h"
#include "store/names.h"
#include "store/recipients.h"
#include "store/sets.h"

struct resolver {
    struct txn *txn;
    struct err *err;
};

/* --- A list that does not exist --- */

struct list_search {
    struct str wanted;
    struct buf near;  /* the first name that is near enough */
    struct buf names; /* the first few, for the sentence */
    size_t count;
};

static bool list_look(void *ctx, uint32_t id, struct str name)
{
    enum { SHOWN = 5 };
    struct list_search *s = ctx;
    (void)id;
    if (s->near.len == 0 && suggest_is_near(s->wanted, name))
        quote_add(&s->near, name);
    if (s->count < SHOWN) {
        buf_add_text(&s->names, s->count ? ", " : "");
        quote_add(&s->names, name);
    }
    s->count++;
    if (s->count > SHOWN && s->near.len)
        return false;
    return true;
}

static roaring_bitmap_t *refuse_list(struct resolver *r, const struct segment_node *node)
{
    struct list_search s = {.wanted = node->text};
    struct buf say = BUF_INIT;
    name_each(r->txn, NAME_LIST, list_look, &s);
    buf_add_text(&say, "There is no list ");
    quote_add(&say, node->text);
    buf_addf(&say, " (column %u).", node->column);
    if (s.near.len)
        buf_addf(&say, " Did you mean %s?", s.near.at);
    if (s.count)
        buf_addf(&say, " Lists are: %s%s.", s.names.at, s.count > 5 ? ", …" : "");
    else
        buf_add_text(&say, " There are no lists yet: import contacts with --list NAME.");
    if (txn_failed(r->txn, r->err) == 0)
        err_set(r->err, "%s", say.at);
    buf_release(&s.near);
    buf_release(&s.names);
    buf_release(&say);
    return NULL;
}

/* --- Set algebra: each gives a set of its own, or NULL with a sentence --- */

static roaring_bitmap_t *resolve(struct resolver *r, const struct segment_node *node);

static roaring_bitmap_t *resolve_list(struct resolver *r, const struct segment_node *node)
{
    uint32_t list = name_find(r->txn, NAME_LIST, node->text);
    return list ? set_load(r->txn, SET_LIST, list) : refuse_list(r, node);
}

static roaring_bitmap_t *resolve_email(struct resolver *r, const struct segment_node *node)
{
    struct contact contact;
    if (contact_lookup(r->txn, node->text, &contact, r->err) < 0) {
        err_prefix(r->err, "Column %u", node->column);
        return NULL;
    }
    return roaring_bitmap_of(1, contact.id);
}

/* Whoever was erased since then is in the job's set and nowhere else. */
static roaring_bitmap_t *resolve_job(struct resolver *r, const struct segment_node *node)
{
    struct job_record job;
    if (!job_read(r->txn, node->job, &job)) {
        err_set(r->err, "There is no job %u (column %u).", node->job, node->column);
        return NULL;
    }
    roaring_bitmap_t *set = node->by_state ? recipients_in_state(r->txn, &job, node->state)
                                           : set_load(r->txn, SET_JOB, node->job);
    roaring_bitmap_t *all = set_load(r->txn, SET_ALL, 0);
    roaring_bitmap_and_inplace(set, all);
    roaring_bitmap_free(all);
    return set;
}

/* `a and not b` needs no complement. */
static roaring_bitmap_t *resolve_and(struct resolver *r, const struct segment_node *node)
{
    bool without = node->right->kind == SEGMENT_NOT;
    roaring_bitmap_t *set = resolve(r, node->left);
    if (!set)
        return NULL;
    roaring_bitmap_t *other = resolve(r, without ? node->right->left : node->right);
    if (!other) {
        roaring_bitmap_free(set);
        return NULL;
    }
    if (without)
        roaring_bitmap_andnot_inplace(set, other);
    else
        roaring_bitmap_and_inplace(set, other);
    roaring_bitmap_free(other);
    return set;
}

static roaring_bitmap_t *resolve_or(struct resolver *r, const struct segment_node *node)
{
    roaring_bitmap_t *set = resolve(r, node->left);
    roaring_bitmap_t *other = set ? resolve(r, node->right) : NULL;
    if (!other) {
        if (set)
            roaring_bitmap_free(set);
        return NULL;
    }
    roaring_bitmap_or_inplace(set, other);
    roaring_bitmap_free(other);
    return set;
}

static roaring_bitmap_t *resolve_not(struct resolver *r, const struct segment_node *node)
{
    roaring_bitmap_t *without = resolve(r, node->left);
    if (!without)
        return NULL;
    roaring_bitmap_t *set = set_load(r->txn, SET_ALL, 0);
    if (set)
        roaring_bitmap_andnot_inplace(set, without);
    roaring_bitmap_free(without);
    return set;
}

static roaring_bitmap_t *resolve(struct resolver *r, const struct segment_node *node)
{
    switch (node->kind) {
    case SEGMENT_ALL:
        return set_load(r->txn, SET_ALL, 0);
    case SEGMENT_LIST:
        return resolve_list(r, node);
    case SEGMENT_EMAIL:
        return resolve_email(r, node);
    case SEGMENT_JOB:
        return resolve_job(r, node);
    case SEGMENT_NOT:
        return resolve_not(r, node);
    case SEGMENT_AND:
        return resolve_and(r, node);
    case SEGMENT_OR:
        return resolve_or(r, node);
    }
    return NULL;
}

int segment_resolve(struct txn *txn, const struct segment *segment, roaring_bitmap_t **out,
                    struct err *err)
{
    struct resolver r = {.txn = txn, .err = err};
    *out = NULL;
    roaring_bitmap_t *set = resolve(&r, segment->root);
    if (txn_failed(txn, err) == 0) {
        *out = set;
        return set ? 0 : -1;
    }
    if (set)
        roaring_bitmap_free(set);
    return -1;
}

int segment_count(struct txn *txn, struct str text, uint64_t *count, struct err *err)
{
    struct segment segment;
    roaring_bitmap_t *set = NULL;
    int rc = segment_parse(text, &segment, err);
    if (rc == 0)
        rc = segment_resolve(txn, &segment, &set, err);
    if (rc == 0)
        *count = roaring_bitmap_get_cardinality(set);
    if (set)
        roaring_bitmap_free(set);
    segment_release(&segment);
    return rc;
}
