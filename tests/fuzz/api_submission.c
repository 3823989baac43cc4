/*
 * Any bytes as the body of POST /v1/jobs: refused with a sentence, or texts without NUL that come
 * back the same when our writer writes them and the parser reads that. The same bytes as those of a
 * message that is no job: what both have is taken alike.
 */
#include <assert.h>

#include "api/json.h"
#include "api/submission.h"
#include "compose/bundle.h"

static void add_if(struct json *json, const char *key, struct str text)
{
    assert(!str_find(text, '\0') && str_is_utf8(text));
    json_add_text(json, key, text);
}

static void write_again(const struct submission *s, struct buf *out)
{
    struct json json = json_to(out);
    json_open_object(&json, NULL);
    add_if(&json, "message", s->source);
    add_if(&json, "to", s->segment);
    add_if(&json, "name", s->name.at ? s->name : STR(""));
    add_if(&json, "message_name", s->message_name.at ? s->message_name : STR(""));
    add_if(&json, "identity", s->identity.at ? s->identity : STR(""));
    if (s->key.len)
        add_if(&json, "key", s->key);
    json_add_text(&json, "lane", str_of(job_lane_name(s->lane)));
    add_if(&json, "pool", s->pool.at ? s->pool : STR(""));
    json_add_u64(&json, "weight", s->weight);
    json_add_bool(&json, "dry_run", s->dry_run);
    json_close_object(&json);
}

static void assert_same(const struct submission *a, const struct submission *b)
{
    assert(str_eq(a->source, b->source) && str_eq(a->segment, b->segment));
    assert(str_eq(a->name, b->name) && str_eq(a->message_name, b->message_name));
    assert(str_eq(a->identity, b->identity));
    assert(str_eq(a->key, b->key) && a->key.len <= JOB_KEY_MAX);
    assert(str_eq(a->pool, b->pool));
    assert(a->weight == b->weight && a->weight >= 1 && a->weight <= JOB_WEIGHT_MAX);
    assert(a->lane == b->lane && a->dry_run == b->dry_run);
}

/* With files the source is a bundle, in which every byte may be. */
static bool has_files(const struct submission *s, struct arena *arena)
{
    struct bundle bundle;
    struct err err;
    return str_find(s->source, '\0') && bundle_read(s->source, arena, &bundle, &err) == 0;
}

static void parse_as_message(struct str body, bool is_preview)
{
    struct arena arena = ARENA_INIT;
    struct message_request request;
    struct err err = {""};
    if (message_request_parse(body, is_preview, &arena, &request, &err) != 0) {
        assert(err.text[0]);
    } else {
        assert(request.what.source.at && request.what.weight == 1 && !request.what.dry_run);
        assert(!request.what.segment.at && !request.what.key.at);
        assert(is_preview == (request.contact.at != NULL));
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct submission first, second;
    struct err err = {""};
    if (submission_parse(str_from(data, size), &arena, &first, &err) == 0) {
        if (has_files(&first, &arena))
            first.source = STR("Subject: x");
        write_again(&first, &text);
        assert(submission_parse(buf_str(&text), &arena, &second, &err) == 0);
        assert_same(&first, &second);
        assert(first.key.len == 0 || submission_take_key(&second, first.key, &err) == 0);
    } else {
        assert(err.text[0]);
    }
    parse_as_message(str_from(data, size), false);
    parse_as_message(str_from(data, size), true);
    buf_release(&text);
    arena_release(&arena);
    return 0;
}
