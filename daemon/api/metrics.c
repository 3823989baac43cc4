#include "api/metrics.h"

#include <unistd.h>

#include "api/answer.h"
#include "api/site_metrics.h"
#include "api/sites.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "store/health.h"

static struct metric uptime = {
    .name = "tocsin_uptime_seconds",
    .help = "Seconds since the daemon started.",
    .kind = METRIC_GAUGE,
};
static struct metric jobs_active = {
    .name = "tocsin_jobs_active",
    .help = "Jobs that are being sent or paused.",
    .kind = METRIC_GAUGE,
};
static struct metric healthy = {
    .name = "tocsin_store_healthy",
    .help = "1 while new work is taken, 0 while the store cannot be written or the disk is nearly "
            "full.",
    .kind = METRIC_GAUGE,
};
static struct metric resident = {
    .name = "process_resident_memory_bytes",
    .help = "Resident memory size in bytes.",
    .kind = METRIC_GAUGE,
};

void metrics_init(void)
{
    metric_register(&uptime);
    metric_register(&jobs_active);
    metric_register(&healthy);
    metric_register(&resident);
}

/* The second number of /proc/self/statm (proc(5)), in bytes; 0 if it cannot be read. */
static int64_t resident_bytes(void)
{
    unsigned long long total, pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%llu %llu", &total, &pages) != 2)
        pages = 0;
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void measure(const struct api *api)
{
    metric_set(&uptime, (clock_mono_us() - api->started_us) / 1000000);
    metric_set(&jobs_active, campaign_active(api->parts.campaign));
    metric_set(&healthy, store_healthy(api->parts.store));
    metric_set(&resident, resident_bytes());
}

static void answer_metrics(struct http_request *request, const struct survey *survey)
{
    struct buf text = BUF_INIT;
    measure(api_of(request));
    metrics_render(&text);
    site_metrics_render(survey, (uint32_t)clock_steady_s(), &text);
    http_respond(request, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&text));
    buf_release(&text);
}

static void on_survey(void *ctx, const struct survey *survey)
{
    struct call *call = ctx;
    if (call->request)
        answer_metrics(call->request, survey);
    free(call);
}

static void show_metrics(struct http_request *request)
{
    struct call *call = NEW(struct call);
    call_begin(call, request);
    sites_ask(api_of(request), (struct survey_question){.name = STR("")}, on_survey, call);
}

static void show_health(struct http_request *request)
{
    struct store_health health;
    store_health(store_of(request), &health);
    if (health.writable && health.roomy)
        http_respond(request, 200, "text/plain", STR("fine\n"));
    else
        http_respond(request, 503, "text/plain", str_of(health.why));
}

const struct http_route metrics_routes[] = {
    {"GET", "/metrics", {.on_request = show_metrics, .on_gone = call_gone}, 0},
    {"GET", "/healthz", {.on_request = show_health}, 0},
};
const size_t metrics_routes_len = sizeof(metrics_routes) / sizeof(metrics_routes[0]);
