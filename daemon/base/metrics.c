#include "base/metrics.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *first;

/* Puts m behind the last one of its name, or at the end, so that one name stays together. */
static void insert(struct metric *m)
{
    struct metric **place = &first;
    struct metric **after_same = NULL;
    for (; *place; place = &(*place)->next) {
        if (*place == m)
            return;
        if (strcmp((*place)->name, m->name) == 0)
            after_same = &(*place)->next;
    }
    if (after_same)
        place = after_same;
    m->next = *place;
    *place = m;
}

void metric_register(struct metric *m)
{
    pthread_mutex_lock(&lock);
    insert(m);
    pthread_mutex_unlock(&lock);
}

static void render_one(struct buf *out, const struct metric *m, const struct metric *before)
{
    if (!before || strcmp(before->name, m->name) != 0)
        buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
                 m->kind == METRIC_COUNTER ? "counter" : "gauge");
    buf_add_text(out, m->name);
    if (m->labels)
        buf_addf(out, "{%s}", m->labels);
    buf_addf(out, " %lld\n", (long long)metric_get(m));
}

void metrics_render(struct buf *out)
{
    pthread_mutex_lock(&lock);
    const struct metric *before = NULL;
    for (const struct metric *m = first; m; before = m, m = m->next)
        render_one(out, m, before);
    pthread_mutex_unlock(&lock);
}
