/*
 * What delivery committed, on its way from the writer's thread to the campaign's: which copies have
 * landed, and the new sums of their jobs, to be taken over in one moment.
 */
#include "base/alloc.h"
#include "campaign/job.h"

struct news {
    struct letter letter;
    struct campaign *campaign;
    size_t sum_count, landed_count;
    struct landed {
        uint32_t job;
        enum recipient_state from;
        uint32_t count;
    } * landed; /* copies that are no longer in flight */
    struct outcome_sums sums[];
};

static void add_landed(struct news *news, const struct outcome *o)
{
    size_t i = 0;
    while (i < news->landed_count &&
           (news->landed[i].job != o->job || news->landed[i].from != o->from))
        i++;
    if (i == news->landed_count)
        news->landed[news->landed_count++] = (struct landed){o->job, o->from, 0};
    news->landed[i].count++;
}

static void on_news(struct letter *letter)
{
    struct news *news = LETTER_OF(letter, struct news, letter);
    struct campaign *campaign = news->campaign;
    for (size_t i = 0; i < news->landed_count; i++) {
        struct job *job = job_find(campaign, news->landed[i].job);
        if (job)
            atomic_fetch_sub(&job->mailing->begun[news->landed[i].from], news->landed[i].count);
    }
    for (size_t i = 0; i < news->sum_count; i++) {
        job_take_sums(campaign, &news->sums[i]);
        struct job *job = job_find(campaign, news->sums[i].job);
        if (job)
            job_settle(campaign, job);
    }
    free(news->landed);
    free(news);
}

void campaign_committed(struct campaign *campaign, const struct outcome *outcomes, size_t count,
                        const struct outcome_sums *sums, size_t sum_count)
{
    struct news *news = alloc(sizeof(*news) + sum_count * sizeof(news->sums[0]));
    news->letter = (struct letter){.deliver = on_news};
    news->campaign = campaign;
    news->sum_count = sum_count;
    memcpy(news->sums, sums, sum_count * sizeof(news->sums[0]));
    news->landed_count = 0;
    news->landed = alloc_zero(count, sizeof(*news->landed));
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].counted)
            add_landed(news, &outcomes[i]);
    loop_post(campaign->front, &news->letter);
}
