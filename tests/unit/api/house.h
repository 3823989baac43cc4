/*
 * For the tests of api/: the API on a front loop of its own thread, with a real store, campaign and
 * delivery, which is told of no job unless `delivers` is set; and a client that asks it.
 */
#ifndef TOCSIN_TESTS_API_HOUSE_H
#define TOCSIN_TESTS_API_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "api/api.h"
#include "http/client.h"
#include "unit/people.h"

struct house {
    struct people people;
    struct senders *senders;
    struct composers *composers;
    struct loop front;
    struct campaign *campaign;
    struct delivery *delivery;
    _Atomic int delivers;
    struct api *api;
    struct http_client *client;
    struct letter close;
};

static inline void house_offer(void *ctx, struct mailing *mailing, const uint32_t *domains,
                               size_t count)
{
    struct house *h = ctx;
    if (atomic_load(&h->delivers))
        delivery_offer(h->delivery, mailing, domains, count);
}

static inline void house_committed(void *ctx, const struct outcome *outcomes, size_t count,
                                   const struct outcome_sums *sums, size_t sum_count)
{
    campaign_committed(((struct house *)ctx)->campaign, outcomes, count, sums, sum_count);
}

static inline struct api_parts house_parts(struct house *h)
{
    return (struct api_parts){.front = &h->front,
                              .store = h->people.store,
                              .campaign = h->campaign,
                              .delivery = h->delivery,
                              .composers = h->composers,
                              .config = h->senders->config};
}

static inline const char *house_socket(const struct house *h)
{
    return h->senders->config->control.socket.at;
}

static inline void house_open(struct house *h)
{
    struct campaign_hooks hooks = {.ctx = h, .offer = house_offer};
    struct delivery_hooks delivery_hooks = {.ctx = h, .committed = house_committed};
    struct err err;
    memset(h, 0, sizeof(*h));
    people_open(&h->people);
    h->senders = people_senders(&h->people);
    h->composers = composers_new(h->people.store, 1, h->senders, &err);
    assert_int_equal(loop_init(&h->front, "front", &err), 0);
    h->campaign = campaign_new(h->people.store, h->composers, &h->front, &hooks);
    h->delivery =
        delivery_new(h->people.store, h->composers, h->senders->config, 0, &delivery_hooks, &err);
    if (!h->delivery)
        fail_msg("%s", err.text);
    struct api_parts parts = house_parts(h);
    h->api = api_new(&parts, &err);
    if (!h->api)
        fail_msg("%s", err.text);
    assert_int_equal(loop_start(&h->front, &err), 0);
    h->client = http_client_open(house_socket(h), &err);
    assert_non_null(h->client);
    http_client_set_timeout(h->client, 60);
}

static inline void house_closed(void *ctx)
{
    loop_stop(&((struct house *)ctx)->front);
}

static inline void house_close_letter(struct letter *letter)
{
    struct house *h = LETTER_OF(letter, struct house, close);
    campaign_stop(h->campaign);
    api_close(h->api, 100, house_closed, h);
}

/* As main.c stops: the API first, then the delivery, the store, and the letters that are left. */
static inline void house_close(struct house *h)
{
    http_client_free(h->client);
    h->close.deliver = house_close_letter;
    loop_post(&h->front, &h->close);
    loop_join(&h->front);
    delivery_stop(h->delivery);
    composers_free(h->composers);
    people_close(&h->people);
    loop_release(&h->front);
    delivery_free(h->delivery);
    campaign_free(h->campaign);
    senders_unref(h->senders);
}

static inline int house_setup(void **state)
{
    *state = calloc(1, sizeof(struct house));
    house_open(*state);
    return 0;
}

static inline int house_teardown(void **state)
{
    house_close(*state);
    free(*state);
    return 0;
}

#define API_TEST(function) cmocka_unit_test_setup_teardown(function, house_setup, house_teardown)

/* One request; its answer as text, of any kind, to be released. */
static inline struct buf ask_raw(struct house *h, const char *method, const char *target,
                                 struct str body, unsigned status)
{
    struct err err;
    struct http_exchange x = {.method = method, .target = target, .body = body};
    if (http_client_send(h->client, &x, &err) != 0)
        fail_msg("%s %s: %s", method, target, err.text);
    if (x.status != status)
        fail_msg("%s %s: %u %.*s", method, target, x.status, STR_ARG(buf_str(&x.answer)));
    struct buf answer = x.answer;
    x.answer = BUF_INIT;
    http_exchange_release(&x);
    return answer;
}

/* The same for an answer that is one JSON object, to be given to json_decref. */
static inline json_t *ask(struct house *h, const char *method, const char *target, struct str body,
                          unsigned status)
{
    struct buf text = ask_raw(h, method, target, body, status);
    json_t *object = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object))
        fail_msg("%s %s: %.*s", method, target, STR_ARG(buf_str(&text)));
    buf_release(&text);
    return object;
}

static inline json_t *get(struct house *h, const char *target)
{
    return ask(h, "GET", target, STR(""), 200);
}

/* A request that must be refused, with a sentence that has these words in it. */
static inline void refused(struct house *h, const char *method, const char *target, struct str body,
                           unsigned status, const char *words)
{
    json_t *answer = ask(h, method, target, body, status);
    const char *sentence = json_string_value(json_object_get(answer, "error"));
    if (!sentence || !strstr(sentence, words) || !str_ends(str_of(sentence), STR(".")))
        fail_msg("%s %s: %s", method, target, sentence ? sentence : "no sentence");
    json_decref(answer);
}

static inline json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        fail_msg("there is no number \"%s\"", key);
    return json_integer_value(value);
}

static inline void assert_text(const json_t *object, const char *key, const char *want)
{
    const char *got = json_string_value(json_object_get(object, key));
    assert_non_null(got);
    assert_string_equal(got, want);
}

/* Waits for an import to be over; its summary. */
static inline json_t *await_import(struct house *h, json_int_t id)
{
    char target[64];
    snprintf(target, sizeof(target), "/v1/imports/%lld", (long long)id);
    for (;;) {
        json_t *summary = get(h, target);
        const char *at = json_string_value(json_object_get(summary, "state"));
        if (strcmp(at, "applying") != 0 && strcmp(at, "ready") != 0)
            return summary;
        json_decref(summary);
        usleep(1000);
    }
}

/* Uploads a file to a list, and waits until it is applied. */
static inline json_t *import(struct house *h, const char *target, struct str body)
{
    json_t *accepted = ask(h, "POST", target, body, 202);
    json_int_t id = number(accepted, "id");
    json_decref(accepted);
    return await_import(h, id);
}

/* A connection for requests that a good client never makes. */
static inline int dial(const struct house *h)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof(to.sun_path), "%s", house_socket(h));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static inline void say(int fd, struct str bytes)
{
    assert_int_equal(send(fd, bytes.at, bytes.len, MSG_NOSIGNAL), bytes.len);
}

#endif
