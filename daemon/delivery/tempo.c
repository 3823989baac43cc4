#include "delivery/tempo.h"

static const double KEEPS = 0.85, ENOUGH_COUNT = 20, ENOUGH_S = 25, LEAST_S = 0.0001;

void tempo_tick(struct tempo *tempo, bool at_work)
{
    if (at_work && tempo->at_work) {
        tempo->count = tempo->count * KEEPS + (double)tempo->answered;
        tempo->busy_s = tempo->busy_s * KEEPS + (double)tempo->busy_ms / 1000;
        tempo->seconds = tempo->seconds * KEEPS + (double)TEMPO_TICK_MS / 1000;
    }
    tempo->at_work = at_work;
    tempo->answered = tempo->busy_ms = 0;
}

double tempo_pace(const struct tempo *tempo)
{
    if (tempo->count < ENOUGH_COUNT || tempo->seconds < ENOUGH_S)
        return 0;
    return tempo->count / tempo->seconds;
}

double tempo_seconds(const struct tempo *tempo)
{
    if (tempo->count < ENOUGH_COUNT)
        return 0;
    double seconds = tempo->busy_s / tempo->count;
    return seconds > LEAST_S ? seconds : LEAST_S;
}
