#include "smtp/flight.h"

#include <assert.h>

struct smtp_slot *smtp_flight_slot(struct smtp_flight *f, unsigned i)
{
    return &f->slots[(f->first_slot + i) % SMTP_IN_FLIGHT_MAX];
}

const struct smtp_slot *smtp_flight_newest(const struct smtp_flight *f)
{
    if (f->slot_count == 0)
        return NULL;
    return &f->slots[(f->first_slot + f->slot_count - 1) % SMTP_IN_FLIGHT_MAX];
}

struct smtp_slot *smtp_flight_take(struct smtp_flight *f, struct smtp_transaction *tx)
{
    assert(f->slot_count < SMTP_IN_FLIGHT_MAX);
    struct smtp_slot *slot = smtp_flight_slot(f, f->slot_count++);
    *slot = (struct smtp_slot){.tx = tx};
    return slot;
}

bool smtp_flight_release(struct smtp_flight *f)
{
    unsigned before = f->slot_count;
    while (f->slot_count > 0) {
        const struct smtp_slot *oldest = smtp_flight_slot(f, 0);
        if (oldest->tx || oldest->replies > 0)
            break;
        f->first_slot = (f->first_slot + 1) % SMTP_IN_FLIGHT_MAX;
        f->slot_count--;
    }
    return f->slot_count < before;
}

bool smtp_flight_waiting(const struct smtp_flight *f)
{
    for (unsigned i = 0; i < f->slot_count; i++) {
        const struct smtp_slot *slot = &f->slots[(f->first_slot + i) % SMTP_IN_FLIGHT_MAX];
        if (slot->outcome == SMTP_OUTCOME_NONE && slot->stage != SMTP_SLOT_FLYING)
            return true;
    }
    return false;
}

void smtp_flight_expect(struct smtp_flight *f, struct smtp_expectation expectation)
{
    assert(f->expected_count < SMTP_EXPECTATIONS_MAX);
    unsigned at = (f->first_expected + f->expected_count++) % SMTP_EXPECTATIONS_MAX;
    f->expected[at] = expectation;
    f->expected[at].behind = f->expected_count > 1;
    if (expectation.slot)
        expectation.slot->replies++;
}

const struct smtp_expectation *smtp_flight_expected(const struct smtp_flight *f)
{
    return f->expected_count ? &f->expected[f->first_expected] : NULL;
}

static enum smtp_depth depth_of(const struct smtp_expectation *e)
{
    return e->behind && e->slot ? e->slot->depth : SMTP_ALONE;
}

enum smtp_depth smtp_flight_depth(const struct smtp_flight *f)
{
    enum smtp_depth deepest = SMTP_NOT_SAID;
    for (unsigned i = 0; i < f->expected_count; i++) {
        enum smtp_depth depth =
            depth_of(&f->expected[(f->first_expected + i) % SMTP_EXPECTATIONS_MAX]);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

struct smtp_slot *smtp_flight_heard(struct smtp_flight *f)
{
    const struct smtp_expectation *oldest = smtp_flight_expected(f);
    if (!oldest)
        return NULL;
    f->first_expected = (f->first_expected + 1) % SMTP_EXPECTATIONS_MAX;
    f->expected_count--;
    if (oldest->slot)
        oldest->slot->replies--;
    return oldest->slot;
}

void smtp_flight_expect_nothing(struct smtp_flight *f)
{
    f->expected_count = 0;
    for (unsigned i = 0; i < f->slot_count; i++)
        smtp_flight_slot(f, i)->replies = 0;
}

void smtp_slot_answer(struct smtp_slot *slot, enum smtp_phase phase, const struct smtp_reply *reply,
                      bool local)
{
    if (slot->outcome != SMTP_OUTCOME_NONE)
        return;
    slot->outcome = SMTP_OUTCOME_ANSWER;
    slot->answer =
        (struct smtp_answer){.phase = phase, .local = local, .depth = slot->depth, .reply = reply};
}

void smtp_slot_lose(struct smtp_slot *slot, enum smtp_loss loss)
{
    if (slot->outcome != SMTP_OUTCOME_NONE)
        return;
    slot->outcome = SMTP_OUTCOME_LOST;
    slot->loss = loss;
}
