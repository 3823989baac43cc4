#include "api/status.h"

#include <unistd.h>

#include "api/answer.h"
#include "base/clock.h"
#include "store/contacts.h"
#include "store/health.h"
#include "store/restore.h"

static void write_store(struct json *json, const struct store *store,
                        const struct store_health *health)
{
    uint64_t file, used;
    store_size(store, &file, &used);
    json_open_object(json, "store");
    json_add_u64(json, "file_bytes", file);
    json_add_u64(json, "used_bytes", used);
    json_add_u64(json, "free_bytes", health->free_bytes);
    json_add_u64(json, "min_free_bytes", health->min_free);
    json_close_object(json);
}

void status_show(struct http_request *request)
{
    const struct api *api = api_of(request);
    struct store_health health;
    struct view view;
    struct json *json = &view.json;
    store_health(api->parts.store, &health);
    view_begin(&view, request);
    json_open_object(json, NULL);
    json_add_text(json, "version", STR(TOCSIN_VERSION));
    json_add_u64(json, "pid", (uint64_t)getpid());
    json_add_u64(json, "uptime_s", (uint64_t)(clock_mono_us() - api->started_us) / 1000000);
    json_add_bool(json, "healthy", health.writable && health.roomy);
    json_add_text(json, "trouble", health.why[0] ? str_of(health.why) : (struct str){NULL, 0});
    json_add_u64(json, "active_jobs", campaign_active(api->parts.campaign));
    json_add_u64(json, "contacts", contact_count(&view.txn));
    json_add_time(json, "restored_at", restored_at(&view.txn));
    write_store(json, api->parts.store, &health);
    json_close_object(json);
    view_end(&view);
}
