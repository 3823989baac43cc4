#include "delivery/verdict.h"

#include "delivery/failure.h"

enum { HINT_MIN_S = 60 };

_Static_assert((int)RETRY_LANES == (int)LANES, "each lane has its schedules");
_Static_assert(LANE_TRANSACTIONAL == 0 && LANE_BULK == 1, "config/schedule.c names them so");

static uint32_t seconds_of(double ms)
{
    uint32_t seconds = (uint32_t)(ms / 1000.0 + 0.5);
    return seconds ? seconds : 1;
}

uint32_t retry_delay_s(const struct retry_schedule *schedule, uint16_t attempts, uint32_t chance)
{
    double delay = (double)schedule->first_ms;
    for (uint16_t i = 0; i < attempts && delay < (double)schedule->max_ms; i++)
        delay *= schedule->factor;
    if (delay > (double)schedule->max_ms)
        delay = (double)schedule->max_ms;
    return seconds_of(delay * (0.9 + 0.2 * chance / 1000.0));
}

/* Sooner than the receiver asked for would only be refused again. */
static uint32_t hinted_delay_s(const struct retry_schedule *schedule, uint32_t hint_s,
                               uint32_t chance)
{
    double delay = 1000.0 * (hint_s > HINT_MIN_S ? hint_s : HINT_MIN_S);
    if (delay > (double)schedule->max_ms)
        delay = (double)schedule->max_ms;
    return seconds_of(delay * (1.0 + 0.1 * chance / 1000.0));
}

bool retry_is_over(const struct retry_config *retry, enum job_lane lane, uint32_t since,
                   uint32_t now)
{
    return (int64_t)now - since > retry->max_ages_ms[lane] / 1000;
}

static struct verdict try_again(const struct retry_config *retry, const struct attempt *a,
                                enum recipient_state state, struct failure failure)
{
    const struct retry_schedule *schedule = &retry->schedules[a->lane][failure.kind];
    uint32_t delay = failure.hint_s ? hinted_delay_s(schedule, failure.hint_s, a->chance)
                                    : retry_delay_s(schedule, a->attempts, a->chance);
    uint32_t due = a->now + delay;
    if (state == RECIPIENT_DEFERRED &&
        retry_is_over(retry, a->lane, a->first ? a->first : a->now, due))
        return (struct verdict){RECIPIENT_EXPIRED, 0};
    return (struct verdict){state, due};
}

struct verdict verdict_of_answer(const struct retry_config *retry, const struct attempt *attempt,
                                 const struct smtp_answer *answer)
{
    if (smtp_answer_accepted(answer))
        return (struct verdict){RECIPIENT_DELIVERED, 0};
    if (answer->reply->code / 100 == 5 && !attempt->spared)
        return (struct verdict){RECIPIENT_BOUNCED, 0};
    return try_again(retry, attempt, RECIPIENT_DEFERRED, failure_of_reply(answer->reply));
}

struct verdict verdict_of_loss(const struct retry_config *retry, const struct attempt *attempt,
                               enum smtp_loss loss)
{
    struct failure unreachable = {RETRY_UNREACHABLE, 0}, in_doubt = {RETRY_IN_DOUBT, 0};
    if (loss == SMTP_NOT_SENT)
        return try_again(retry, attempt, RECIPIENT_DEFERRED, unreachable);
    if (attempt->guarantee == GUARANTEE_AT_MOST_ONCE)
        return (struct verdict){RECIPIENT_IN_DOUBT, 0};
    return try_again(retry, attempt, RECIPIENT_IN_DOUBT, in_doubt);
}
