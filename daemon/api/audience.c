/* The routes that take or give many contacts at once: export, count, lists. */
#include "api/answer.h"
#include "api/contacts.h"
#include "api/flow.h"
#include "audience/contacts.h"
#include "audience/segment.h"
#include "store/names.h"
#include "store/sets.h"

enum { PIECE = 64 * 1024 };

/* The expression of the query, `all` when there is none. */
static struct str segment_of(struct http_request *request)
{
    struct str to = http_request_query_param(request, "to");
    return to.at ? to : STR("all");
}

static int export_next(void *ctx, struct buf *out, struct err *err)
{
    return contact_export_next(ctx, out, PIECE, err);
}

static void export_free(void *ctx)
{
    contact_export_free(ctx);
}

static const struct flow_producer exporter = {"text/csv; charset=utf-8", export_next, export_free};

/* The set that an expression means; NULL, and the view is refused, if it means none. */
static roaring_bitmap_t *resolve(struct view *view, struct str text)
{
    struct segment segment;
    roaring_bitmap_t *set = NULL;
    struct err err;
    if (segment_parse(text, &segment, &err) != 0 ||
        segment_resolve(&view->txn, &segment, &set, &err) != 0)
        view_refuse(view, 400, "%s", err.text);
    segment_release(&segment);
    return set;
}

static void export_start(struct http_request *request, roaring_bitmap_t *set)
{
    struct contact_export_options options = {
        .raw = str_eq(http_request_query_param(request, "raw"), STR("true"))};
    struct err err;
    struct contact_export *export = contact_export_new(store_of(request), set, &options, &err);
    if (export)
        flow_start(api_of(request)->parts.front, request, &exporter, export);
    else
        http_respond_error(request, 503, "%s", err.text);
}

void contacts_export(struct http_request *request)
{
    struct view view;
    view_begin(&view, request);
    roaring_bitmap_t *set = resolve(&view, segment_of(request));
    if (!set)
        return;
    txn_end(&view.txn);
    export_start(request, set);
}

void contacts_count(struct http_request *request)
{
    struct view view;
    uint64_t count;
    struct err err;
    view_begin(&view, request);
    if (segment_count(&view.txn, segment_of(request), &count, &err) != 0) {
        view_refuse(&view, 400, "%s", err.text);
        return;
    }
    json_open_object(&view.json, NULL);
    json_add_u64(&view.json, "contacts", count);
    json_close_object(&view.json);
    view_end(&view);
}

static bool write_list(void *ctx, uint32_t id, struct str name)
{
    struct view *view = ctx;
    roaring_bitmap_t *set = set_load(&view->txn, SET_LIST, id);
    json_open_object(&view->json, NULL);
    json_add_text(&view->json, "name", name);
    json_add_u64(&view->json, "contacts", roaring_bitmap_get_cardinality(set));
    json_close_object(&view->json);
    roaring_bitmap_free(set);
    return true;
}

void lists_show(struct http_request *request)
{
    struct view view;
    view_begin(&view, request);
    json_open_object(&view.json, NULL);
    json_open_array(&view.json, "lists");
    name_each(&view.txn, NAME_LIST, write_list, &view);
    json_close_array(&view.json);
    json_close_object(&view.json);
    view_end(&view);
}
