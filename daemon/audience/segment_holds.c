/*
 * What an expression means for one contact, and which lists it rests on. A job stands for the
 * audience that it was submitted for, so that who left a list is left alone by a job that is for
 * the recipients of an earlier one, too. Jobs name earlier jobs only; the way back is bounded.
 */
#include "audience/contacts.h"
#include "audience/segment.h"
#include "store/names.h"
#include "store/sets.h"

enum { HOPS_MAX = 16 };

/* The audience of another job: release it in any case. */
static bool job_segment(struct txn *txn, uint32_t id, struct segment *out)
{
    struct job_record job;
    *out = (struct segment){.root = NULL};
    return job_read(txn, id, &job) && segment_parse(job.segment, out, NULL) == 0;
}

/* --- For one contact --- */

struct look {
    struct txn *txn;
    uint32_t contact;
    unsigned hops;
};

static bool holds(struct look *look, const struct segment_node *node);

static bool on_list(const struct look *look, struct str name)
{
    uint32_t list = name_find(look->txn, NAME_LIST, name);
    return list && set_has(look->txn, SET_LIST, list, look->contact);
}

static bool is_address(const struct look *look, struct str address)
{
    struct contact contact;
    return contact_lookup(look->txn, address, &contact, NULL) == 0 && contact.id == look->contact;
}

static bool of_job(struct look *look, uint32_t job)
{
    struct segment segment;
    if (!set_has(look->txn, SET_JOB, job, look->contact))
        return false;
    if (look->hops == HOPS_MAX)
        return true;
    look->hops++;
    bool answer = !job_segment(look->txn, job, &segment) || holds(look, segment.root);
    segment_release(&segment);
    look->hops--;
    return answer;
}

static bool holds(struct look *look, const struct segment_node *node)
{
    switch (node->kind) {
    case SEGMENT_ALL:
        return true;
    case SEGMENT_LIST:
        return on_list(look, node->text);
    case SEGMENT_EMAIL:
        return is_address(look, node->text);
    case SEGMENT_JOB:
        return of_job(look, node->job);
    case SEGMENT_NOT:
        return !holds(look, node->left);
    case SEGMENT_AND:
        return holds(look, node->left) && holds(look, node->right);
    case SEGMENT_OR:
        return holds(look, node->left) || holds(look, node->right);
    }
    return false;
}

bool segment_holds(struct txn *txn, const struct segment *segment, uint32_t contact)
{
    struct look look = {.txn = txn, .contact = contact};
    return holds(&look, segment->root);
}

/* --- Its lists --- */

struct gathering {
    struct txn *txn;
    struct arena *memory;
    struct str *lists;
    size_t count, room;
    unsigned hops;
};

static void gather(struct gathering *g, const struct segment_node *node, bool helps);

static void gather_list(struct gathering *g, struct str name)
{
    for (size_t i = 0; i < g->count; i++)
        if (str_eq(g->lists[i], name))
            return;
    if (g->count == g->room) {
        struct str *before = g->lists;
        g->room = g->room ? g->room * 2 : 8;
        g->lists = arena_alloc(g->memory, g->room * sizeof(*g->lists));
        for (size_t i = 0; i < g->count; i++)
            g->lists[i] = before[i];
    }
    g->lists[g->count++] = arena_str(g->memory, name);
}

static void gather_job(struct gathering *g, uint32_t job)
{
    struct segment segment;
    if (g->hops == HOPS_MAX)
        return;
    g->hops++;
    if (job_segment(g->txn, job, &segment))
        gather(g, segment.root, true);
    segment_release(&segment);
    g->hops--;
}

static void gather(struct gathering *g, const struct segment_node *node, bool helps)
{
    if (!node)
        return;
    if (helps && node->kind == SEGMENT_LIST)
        gather_list(g, node->text);
    if (helps && node->kind == SEGMENT_JOB)
        gather_job(g, node->job);
    if (node->kind == SEGMENT_NOT)
        helps = !helps;
    gather(g, node->left, helps);
    gather(g, node->right, helps);
}

size_t segment_lists(struct txn *txn, struct segment *segment, const struct str **lists)
{
    struct gathering g = {.txn = txn, .memory = &segment->memory};
    gather(&g, segment->root, true);
    *lists = g.lists;
    return g.count;
}
