#include "api/imports.h"

#include <stdatomic.h>

#include "api/answer.h"
#include "api/import_request.h"
#include "api/inside.h"
#include "audience/import.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/health.h"

/*
 * One import. While it is received, the request owns it; from then on the table does. `over` comes
 * from the writer's thread when everything is applied; an import that is freed before then sends
 * none, so a record waits for its letter only if `posted` says that there is one.
 */
struct import_record {
    struct imports *imports; /* NULL when these are gone and only the letter is waited for */
    struct loop *front;
    struct import *import;         /* NULL when it is over */
    struct import_summary summary; /* then */
    struct err why;                /* then: why it failed */
    char *list;
    uint32_t created, finished; /* seconds since 1970 */
    struct letter over;
    atomic_bool posted;
};

void imports_init(struct imports *imports, struct loop *front, struct store *store,
                  struct str data_dir)
{
    struct buf folder = BUF_INIT;
    buf_add_str(&folder, data_dir);
    buf_add_text(&folder, "/imports");
    *imports = (struct imports){.front = front, .store = store, .folder = folder.at};
}

static void record_free(struct import_record *record)
{
    import_free(record->import);
    free(record->list);
    free(record);
}

void imports_release(struct imports *imports)
{
    for (size_t i = 0; i < IMPORTS_KEPT; i++) {
        struct import_record *record = imports->records[i];
        if (!record)
            continue;
        import_free(record->import);
        bool waits = record->import && atomic_load(&record->posted);
        record->import = NULL;
        record->imports = NULL;
        if (!waits)
            record_free(record);
    }
    free(imports->folder);
}

static struct import_record *record_find(struct imports *imports, uint32_t id)
{
    for (size_t i = 0; i < IMPORTS_KEPT; i++) {
        struct import_record *record = imports->records[i];
        if (record && (record->import ? import_summary(record->import) : record->summary).id == id)
            return record;
    }
    return NULL;
}

/* A place for one more: a free one, or that of the import that has been over for longest. NULL when
 * all are being applied. */
static struct import_record **place_find(struct imports *imports)
{
    struct import_record **oldest = NULL;
    for (size_t i = 0; i < IMPORTS_KEPT; i++) {
        struct import_record **place = &imports->records[i];
        if (!*place)
            return place;
        if (!(*place)->import && (!oldest || (*place)->summary.id < (*oldest)->summary.id))
            oldest = place;
    }
    return oldest;
}

/* -- Receiving. */

static bool refuse_too_many(struct http_request *request)
{
    enum { RECEIVING_MAX = 8 };
    struct imports *imports = &api_of(request)->imports;
    if (imports->receiving < RECEIVING_MAX && place_find(imports))
        return false;
    http_respond_error(request, 503,
                       "Too many imports are under way: wait until one of them is over.");
    return true;
}

void import_begin(struct http_request *request)
{
    struct imports *imports = &api_of(request)->imports;
    struct import_options options;
    struct err err;
    if (refuse_new_work(request) || refuse_too_many(request))
        return;
    if (import_request_parse(http_request_query(request), http_request_arena(request), &options,
                             &err) != 0) {
        http_respond_error(request, 400, "%s", err.text);
        return;
    }
    options.folder = imports->folder;
    struct import *import = import_new(imports->store, &options, &err);
    if (!import) {
        http_respond_error(request, 400, "%s", err.text);
        return;
    }
    struct import_record *record = NEW(struct import_record);
    record->imports = imports;
    record->front = imports->front;
    record->import = import;
    record->list = str_dup(options.list);
    record->created = (uint32_t)clock_wall_s();
    imports->receiving++;
    http_request_set_state(request, record);
}

/* Ends the receiving of a record, which leaves nothing behind. */
static void give_up(struct import_record *record)
{
    record->imports->receiving--;
    record_free(record);
}

static void refuse(struct http_request *request, const struct err *err)
{
    give_up(http_request_state(request));
    http_respond_error(request, 400, "%s", err->text);
}

void import_body(struct http_request *request, struct str bytes)
{
    struct import_record *record = http_request_state(request);
    struct err err;
    if (import_feed(record->import, bytes, &err) != 0)
        refuse(request, &err);
}

void import_gone(struct http_request *request)
{
    give_up(http_request_state(request));
    http_fail(request);
}

/* -- Applying. */

static void log_over(const struct import_record *record)
{
    const struct import_summary *s = &record->summary;
    struct log_line line;
    if (!log_begin(&line, s->state == IMPORT_DONE ? LOG_INFO : LOG_ERROR, "import_over"))
        return;
    log_u64(&line, "import", s->id);
    log_text(&line, "state", import_state_name(s->state));
    log_text(&line, "list", record->list);
    log_u64(&line, "rows", s->rows);
    log_u64(&line, "added", s->added);
    log_u64(&line, "updated", s->updated);
    log_u64(&line, "rejected", s->rejected);
    if (record->why.text[0])
        log_text(&line, "why", record->why.text);
    log_end(&line);
}

/* On the front loop. */
static void on_over(struct letter *letter)
{
    struct import_record *record = LETTER_OF(letter, struct import_record, over);
    if (!record->imports) {
        record_free(record);
        return;
    }
    record->summary = import_summary(record->import);
    err_set(&record->why, "%s", import_error(record->import));
    record->finished = (uint32_t)clock_wall_s();
    import_free(record->import);
    record->import = NULL;
    log_over(record);
}

/* On the writer's thread. */
static void on_done(void *ctx, struct import *import)
{
    struct import_record *record = ctx;
    (void)import;
    atomic_store(&record->posted, true);
    loop_post(record->front, &record->over);
}

static void apply(struct imports *imports, struct import_record *record)
{
    struct import_record **place = place_find(imports);
    if (*place)
        record_free(*place);
    *place = record;
    imports->receiving--;
    record->over.deliver = on_over;
    import_apply(record->import, on_done, record);
}

void import_end(struct http_request *request)
{
    struct imports *imports = &api_of(request)->imports;
    struct import_record *record = http_request_state(request);
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    struct err err;
    if (import_finish(record->import, &err) != 0) {
        refuse(request, &err);
        return;
    }
    if (!place_find(imports)) {
        err_set(&err, "Too many imports are being applied: wait until one of them is over.");
        refuse(request, &err);
        return;
    }
    json_open_object(&json, NULL);
    json_add_u64(&json, "id", import_summary(record->import).id);
    json_close_object(&json);
    apply(imports, record);
    answer_json(request, 202, &text);
}

/* -- What became of it. */

/* An import that is being applied waits like everything else while the store takes nothing. */
static void write_waiting(struct json *json, const struct import_record *record)
{
    struct store_health health = {.why = ""};
    if (record->import)
        store_health(record->imports->store, &health);
    json_add_text(json, "waiting", health.why[0] ? str_of(health.why) : (struct str){NULL, 0});
}

static void write_record(struct json *json, const struct import_record *record)
{
    bool over = !record->import;
    struct import_summary s = over ? record->summary : import_summary(record->import);
    json_open_object(json, NULL);
    json_add_u64(json, "id", s.id);
    json_add_text(json, "state", str_of(import_state_name(s.state)));
    json_add_text(json, "list", record->list[0] ? str_of(record->list) : (struct str){NULL, 0});
    json_add_u64(json, "bytes", s.bytes);
    json_add_u64(json, "rows", s.rows);
    json_add_u64(json, "rejected", s.rejected);
    json_add_u64(json, "added", s.added);
    json_add_u64(json, "updated", s.updated);
    json_add_u64(json, "unchanged", s.unchanged);
    json_add_u64(json, "duplicates", s.duplicates);
    json_add_u64(json, "left", s.left);
    json_add_text(json, "error",
                  over && record->why.text[0] ? str_of(record->why.text) : (struct str){NULL, 0});
    write_waiting(json, record);
    json_add_time(json, "created_at", record->created);
    json_add_time(json, "finished_at", record->finished);
    json_close_object(json);
}

void import_show(struct http_request *request)
{
    struct import_record *record;
    struct buf text = BUF_INIT;
    struct json json = json_to(&text);
    uint32_t id;
    if (!request_id(request, "import", &id))
        return;
    record = record_find(&api_of(request)->imports, id);
    if (!record) {
        http_respond_error(request, 404,
                           "There is no import %u, or it was before the daemon's start or the "
                           "last %d.",
                           id, IMPORTS_KEPT);
        return;
    }
    write_record(&json, record);
    answer_json(request, 200, &text);
}
