#include "delivery/verdict.h"

uint32_t retry_delay_s(const struct retry_config *retry, uint16_t attempts, uint32_t chance)
{
    double delay = (double)retry->first_ms;
    for (uint16_t i = 0; i < attempts && delay < (double)retry->max_ms; i++)
        delay *= retry->factor;
    if (delay > (double)retry->max_ms)
        delay = (double)retry->max_ms;
    delay *= 0.9 + 0.2 * chance / 1000.0;
    uint32_t seconds = (uint32_t)(delay / 1000.0 + 0.5);
    return seconds ? seconds : 1;
}

static struct verdict try_again(const struct retry_config *retry, const struct attempt *a,
                                enum recipient_state state)
{
    uint32_t due = a->now + retry_delay_s(retry, a->attempts, a->chance);
    int64_t first = a->first ? a->first : a->now; /* later than now when the clock was set back */
    if (state == RECIPIENT_DEFERRED && due - first > retry->max_age_ms / 1000)
        return (struct verdict){RECIPIENT_EXPIRED, 0};
    return (struct verdict){state, due};
}

struct verdict verdict_of_answer(const struct retry_config *retry, const struct attempt *attempt,
                                 const struct smtp_answer *answer)
{
    if (smtp_answer_accepted(answer))
        return (struct verdict){RECIPIENT_DELIVERED, 0};
    if (answer->reply->code / 100 == 5)
        return (struct verdict){RECIPIENT_BOUNCED, 0};
    return try_again(retry, attempt, RECIPIENT_DEFERRED);
}

struct verdict verdict_of_loss(const struct retry_config *retry, const struct attempt *attempt,
                               enum smtp_loss loss)
{
    if (loss == SMTP_NOT_SENT)
        return try_again(retry, attempt, RECIPIENT_DEFERRED);
    if (attempt->guarantee == GUARANTEE_AT_MOST_ONCE)
        return (struct verdict){RECIPIENT_IN_DOUBT, 0};
    return try_again(retry, attempt, RECIPIENT_IN_DOUBT);
}
