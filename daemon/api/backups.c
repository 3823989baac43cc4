#include "api/backups.h"

#include "api/answer.h"
#include "api/backup_request.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "store/backup.h"

/* One backup. Its letter is posted exactly once; until it has come, the record must stay. */
struct backup_record {
    struct backups *backups; /* NULL when these are gone and only the letter is waited for */
    struct backup *backup;   /* NULL when it is over */
    struct backup_view view; /* then; `error` is in `why` */
    struct err why;
    struct loop *front;
    struct call call; /* its request is NULL when nobody waits */
    struct letter over;
    uint32_t id, began, ended; /* seconds since 1970 */
    char *dir;
};

void backups_init(struct backups *backups, struct loop *front, struct store *store)
{
    *backups = (struct backups){.front = front, .store = store};
}

static void record_free(struct backup_record *record)
{
    if (!record)
        return;
    free(record->dir);
    free(record);
}

void backups_stop(struct backups *backups)
{
    if (backups->last && backups->last->backup)
        backup_cancel(backups->last->backup);
}

void backups_release(struct backups *backups)
{
    struct backup_record *record = backups->last;
    backups->last = NULL;
    if (!record || !record->backup) {
        record_free(record);
        return;
    }
    backup_free(record->backup);
    record->backup = NULL;
    record->backups = NULL;
}

/* -- What is said of one. */

static const char *state_name(const struct backup_record *record)
{
    if (record->backup)
        return "copying";
    return record->view.state == BACKUP_DONE ? "done" : "failed";
}

static void write_record(struct json *json, const struct backup_record *record)
{
    struct backup_view view = record->view;
    if (record->backup)
        backup_look(record->backup, &view);
    json_open_object(json, NULL);
    json_add_u64(json, "id", record->id);
    json_add_text(json, "dir", str_of(record->dir));
    json_add_text(json, "state", str_of(state_name(record)));
    json_add_u64(json, "bytes", view.bytes);
    json_add_u64(json, "expected_bytes", view.expected);
    json_add_u64(json, "seconds", ((uint64_t)view.ms + 999) / 1000);
    json_add_text(json, "error",
                  record->why.text[0] ? str_of(record->why.text) : (struct str){NULL, 0});
    json_add_time(json, "began_at", record->began);
    json_add_time(json, "ended_at", record->ended);
    json_close_object(json);
}

static void answer_record(struct http_request *request, unsigned status,
                          const struct backup_record *record)
{
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    write_record(&json, record);
    answer_json(request, status, &text);
}

void backup_show(struct http_request *request)
{
    const struct backup_record *record = api_of(request)->backups.last;
    if (record)
        answer_record(request, 200, record);
    else
        http_respond_error(request, 404, "No backup was taken since tocsind started.");
}

/* -- Taking one. */

static void answer_end(const struct backup_record *record)
{
    struct http_request *request = record->call.request;
    if (!request)
        return;
    if (record->view.state == BACKUP_DONE)
        answer_record(request, 200, record);
    else
        http_respond_error(request, record->view.state == BACKUP_REFUSED ? 400 : 503, "%s",
                           record->why.text);
}

static void on_over(struct letter *letter)
{
    struct backup_record *record = LETTER_OF(letter, struct backup_record, over);
    if (!record->backups) {
        record_free(record);
        return;
    }
    backup_look(record->backup, &record->view);
    err_set(&record->why, "%s", record->view.error);
    backup_free(record->backup);
    record->backup = NULL;
    record->ended = (uint32_t)clock_wall_s();
    answer_end(record);
    record->call.request = NULL;
}

/* On the backup's thread. */
static void post_over(void *ctx)
{
    struct backup_record *record = ctx;
    loop_post(record->front, &record->over);
}

static struct backup_record *record_new(struct backups *backups, struct str dir, struct err *err)
{
    struct backup_record *record = NEW(struct backup_record);
    record->backups = backups;
    record->front = backups->front;
    record->over.deliver = on_over;
    record->dir = str_dup(dir);
    record->began = (uint32_t)clock_wall_s();
    record->backup = backup_new(backups->store, dir, post_over, record, err);
    if (record->backup) {
        record->id = ++backups->count;
        return record;
    }
    record_free(record);
    return NULL;
}

static bool refuse_second(struct http_request *request)
{
    const struct backup_record *last = api_of(request)->backups.last;
    if (!last || !last->backup)
        return false;
    http_respond_error(request, 409,
                       "A backup is being taken already, to %.200s: wait until it is over.",
                       last->dir);
    return true;
}

void backup_take(struct http_request *request)
{
    struct backups *backups = &api_of(request)->backups;
    struct backup_request wanted;
    struct err err;
    struct backup_record *record = NULL;
    if (refuse_unwritable(request) || refuse_second(request))
        return;
    if (backup_request_parse(http_request_body(request), http_request_arena(request), &wanted,
                             &err) == 0)
        record = record_new(backups, wanted.dir, &err);
    if (!record) {
        http_respond_error(request, 400, "%s", err.text);
        return;
    }
    record_free(backups->last);
    backups->last = record;
    if (wanted.wait)
        call_begin(&record->call, request);
    else
        answer_record(request, 202, record);
}
