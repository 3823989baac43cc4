#include "api/routes.h"

#include "api/answer.h"
#include "api/backups.h"
#include "api/contacts.h"
#include "api/counters.h"
#include "api/flow.h"
#include "api/imports.h"
#include "api/jobs.h"
#include "api/messages.h"
#include "api/queue.h"
#include "api/sites.h"
#include "api/status.h"
#include "api/submission.h"
#include "api/why.h"

/* Three ways to answer: at once, when somebody else has answered, and in pieces. */
#define AT_ONCE(handler)         \
    {                            \
        .on_request = (handler), \
    }
#define LATER(handler)                                  \
    {                                                   \
        .on_request = (handler), .on_gone = (call_gone) \
    }
#define STREAM(handler)                                                               \
    {                                                                                 \
        .on_request = (handler), .on_drained = (flow_drained), .on_gone = (flow_gone) \
    }
#define UPLOAD                                                                    \
    {                                                                             \
        .on_request = import_begin, .on_body = import_body, .on_end = import_end, \
        .on_gone = import_gone,                                                   \
    }

/* Bodies that nobody reads: an empty JSON object is fine. */
enum { NO_BODY = 1024, BACKUP_BODY = 16384, SUSPENSION_BODY = 8192, COUNTER_BODY = 8192 };

const struct http_route control_routes[] = {
    {"GET", "/v1/status", AT_ONCE(status_show), NO_BODY},
    {"POST", "/v1/backup", LATER(backup_take), BACKUP_BODY},
    {"GET", "/v1/backup", AT_ONCE(backup_show), NO_BODY},
    {"POST", "/v1/jobs", LATER(job_submit), SUBMISSION_MAX_SIZE},
    {"GET", "/v1/jobs", AT_ONCE(job_list), NO_BODY},
    {"GET", "/v1/jobs/:id", LATER(job_show), NO_BODY},
    {"POST", "/v1/jobs/:id/pause", LATER(job_pause), NO_BODY},
    {"POST", "/v1/jobs/:id/resume", LATER(job_resume), NO_BODY},
    {"POST", "/v1/jobs/:id/cancel", LATER(job_cancel), NO_BODY},
    {"POST", "/v1/jobs/:id/retry", LATER(job_retry), NO_BODY},
    {"GET", "/v1/jobs/:id/recipients", STREAM(job_recipients), NO_BODY},
    {"POST", "/v1/messages/check", AT_ONCE(message_check), SUBMISSION_MAX_SIZE},
    {"POST", "/v1/messages/preview", AT_ONCE(message_preview), SUBMISSION_MAX_SIZE},
    {"GET", "/v1/sites", LATER(sites_list), NO_BODY},
    {"GET", "/v1/sites/:name", LATER(site_show), NO_BODY},
    {"POST", "/v1/sites/:name/suspend", LATER(site_suspend), SUSPENSION_BODY},
    {"POST", "/v1/sites/:name/resume", LATER(site_resume), NO_BODY},
    {"GET", "/v1/queue", LATER(queue_show), NO_BODY},
    {"GET", "/v1/why", STREAM(why_show), NO_BODY},
    {"POST", "/v1/contacts/import", UPLOAD, 0},
    {"GET", "/v1/imports/:id", AT_ONCE(import_show), NO_BODY},
    {"GET", "/v1/imports/:id/rejects", STREAM(import_rejects), NO_BODY},
    {"GET", "/v1/contacts", STREAM(contacts_export), NO_BODY},
    {"GET", "/v1/contacts/:address", AT_ONCE(contact_show), NO_BODY},
    {"POST", "/v1/contacts/:address/suppress", LATER(contact_suppress), NO_BODY},
    {"POST", "/v1/contacts/:address/unsuppress", LATER(contact_unsuppress), NO_BODY},
    {"POST", "/v1/contacts/:address/unsubscribe", LATER(contact_unsubscribe), NO_BODY},
    {"POST", "/v1/contacts/:address/resubscribe", LATER(contact_resubscribe), NO_BODY},
    {"POST", "/v1/contacts/:address/consent", LATER(contact_consent), NO_BODY},
    {"POST", "/v1/contacts/:address/erase", LATER(contact_erasure), NO_BODY},
    {"GET", "/v1/counters", AT_ONCE(counters_list), NO_BODY},
    {"GET", "/v1/counters/:name", AT_ONCE(counter_show), NO_BODY},
    {"PUT", "/v1/counters/:name", LATER(counter_put), COUNTER_BODY},
    {"POST", "/v1/counters/:name", LATER(counter_increase), COUNTER_BODY},
    {"DELETE", "/v1/counters/:name", LATER(counter_remove), NO_BODY},
    {"GET", "/v1/lists", AT_ONCE(lists_show), NO_BODY},
    {"GET", "/v1/count", AT_ONCE(contacts_count), NO_BODY},
};
const size_t control_routes_len = sizeof(control_routes) / sizeof(control_routes[0]);
