#include "audience/segment_reach.h"

#include "audience/contacts.h"
#include "base/alloc.h"
#include "store/names.h"
#include "store/outcomes.h"
#include "store/sets.h"

/* The audience of an earlier job; without a root when it cannot be read. */
struct earlier {
    uint32_t job;
    struct segment segment;
};

struct segment_reach {
    struct segment own;
    struct earlier *jobs; /* in the order of their numbers: each names only some before it */
    struct str *lists;    /* views into the expressions */
    size_t job_count, job_room, list_count, list_room;
    unsigned terms;
    bool cut; /* there was more */
};

/* --- What it rests on --- */

/* Room for one more. */
static void *grown(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 4;
    return alloc_again(items, *room * size);
}

static void add_list(struct segment_reach *r, struct str name)
{
    for (size_t i = 0; i < r->list_count; i++)
        if (str_eq(r->lists[i], name))
            return;
    r->lists = grown(r->lists, r->list_count, &r->list_room, sizeof(*r->lists));
    r->lists[r->list_count++] = name;
}

static void add_job(struct segment_reach *r, uint32_t job)
{
    for (size_t i = 0; i < r->job_count; i++)
        if (r->jobs[i].job == job)
            return;
    r->jobs = grown(r->jobs, r->job_count, &r->job_room, sizeof(*r->jobs));
    r->jobs[r->job_count++] = (struct earlier){.job = job};
}

/* `helps`: being in what the node names helps to be in the audience. */
static void gather(struct segment_reach *r, const struct segment_node *node, bool helps)
{
    if (!node || r->cut)
        return;
    if (!node->left && ++r->terms > SEGMENT_REACH_MAX) {
        r->cut = true;
        return;
    }
    if (helps && node->kind == SEGMENT_LIST)
        add_list(r, node->text);
    if (helps && node->kind == SEGMENT_JOB)
        add_job(r, node->job);
    if (node->kind == SEGMENT_NOT)
        helps = !helps;
    gather(r, node->left, helps);
    gather(r, node->right, helps);
}

static void read_audience(struct txn *txn, uint32_t id, struct segment *out)
{
    struct job_record job;
    if (job_read(txn, id, &job) && segment_parse(job.segment, out, NULL) != 0)
        segment_release(out);
}

static int by_number(const void *a, const void *b)
{
    const struct earlier *x = a, *y = b;
    return (x->job > y->job) - (x->job < y->job);
}

/* Gathering from a job may add jobs to the end, where their turn comes. */
static void gather_all(struct segment_reach *r, struct txn *txn)
{
    gather(r, r->own.root, true);
    for (size_t i = 0; i < r->job_count && !r->cut; i++) {
        read_audience(txn, r->jobs[i].job, &r->jobs[i].segment);
        gather(r, r->jobs[i].segment.root, true);
    }
    if (r->job_count > 1)
        qsort(r->jobs, r->job_count, sizeof(*r->jobs), by_number);
}

/* All but the expression itself. */
static void forget(struct segment_reach *r)
{
    for (size_t i = 0; i < r->job_count; i++)
        segment_release(&r->jobs[i].segment);
    free(r->jobs);
    free(r->lists);
}

struct segment_reach *segment_reach_new(struct txn *txn, struct segment *segment)
{
    struct segment_reach *r = NEW(struct segment_reach);
    r->own = *segment;
    *segment = (struct segment){.root = NULL};
    gather_all(r, txn);
    return r;
}

void segment_reach_free(struct segment_reach *reach)
{
    if (!reach)
        return;
    forget(reach);
    segment_release(&reach->own);
    free(reach);
}

int segment_reach_check(struct txn *txn, const struct segment *segment, struct err *err)
{
    struct segment_reach r = {.own = *segment};
    gather_all(&r, txn);
    forget(&r);
    if (!r.cut)
        return 0;
    return err_set(
        err,
        "The audience rests on too many lists and earlier jobs: with the audiences of the "
        "jobs that it names there can be %d of them. Put its people on a list.",
        SEGMENT_REACH_MAX);
}

size_t segment_reach_lists(const struct segment_reach *reach, const struct str **lists)
{
    *lists = reach->lists;
    return reach->list_count;
}

/* --- For one contact --- */

struct look {
    const struct segment_reach *reach;
    struct txn *txn;
    uint32_t contact;
    size_t known;                    /* of so many earlier jobs it is known … */
    bool answers[SEGMENT_REACH_MAX]; /* … whether their audience holds the contact now */
};

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

/* What resolving would say: a recipient of the job, in that state if one is named. */
static bool was_in(const struct look *look, const struct segment_node *node)
{
    struct job_record job;
    struct ledger_entry entry;
    if (!node->by_state)
        return set_has(look->txn, SET_JOB, node->job, look->contact);
    return job_read(look->txn, node->job, &job) &&
           recipient_lookup(look->txn, &job, look->contact, &entry) && entry.state == node->state;
}

/* False for a job that is not known yet: it would name itself, or a later one. */
static bool audience_holds(const struct look *look, uint32_t job)
{
    struct earlier wanted = {.job = job};
    const struct earlier *found =
        bsearch(&wanted, look->reach->jobs, look->known, sizeof(wanted), by_number);
    return found && look->answers[found - look->reach->jobs];
}

static bool holds(const struct look *look, const struct segment_node *node, bool helps)
{
    switch (node->kind) {
    case SEGMENT_ALL:
        return true;
    case SEGMENT_LIST:
        return on_list(look, node->text);
    case SEGMENT_EMAIL:
        return is_address(look, node->text);
    case SEGMENT_JOB:
        return (!helps || audience_holds(look, node->job)) && was_in(look, node);
    case SEGMENT_NOT:
        return !holds(look, node->left, !helps);
    case SEGMENT_AND:
        return holds(look, node->left, helps) && holds(look, node->right, helps);
    case SEGMENT_OR:
        return holds(look, node->left, helps) || holds(look, node->right, helps);
    }
    return false;
}

bool segment_reach_holds(const struct segment_reach *reach, struct txn *txn, uint32_t contact)
{
    struct look look = {.reach = reach, .txn = txn, .contact = contact};
    if (reach->cut)
        return false;
    for (; look.known < reach->job_count; look.known++) {
        const struct segment_node *root = reach->jobs[look.known].segment.root;
        look.answers[look.known] = root && holds(&look, root, true);
    }
    return holds(&look, reach->own.root, true);
}
