#include "loop/resolve.h"

#include <netdb.h>

#include "base/alloc.h"
#include "base/descriptors.h"
#include "base/str.h"

struct resolve {
    uv_getaddrinfo_t request;
    char *host;
    void (*on_answer)(void *ctx, const struct resolve_answer *answer);
    void *ctx;
    struct timer failed; /* libuv refused the question: answer from the loop all the same */
    struct resolve_answer answer;
};

static void finish(struct resolve *r)
{
    if (r->on_answer)
        r->on_answer(r->ctx, &r->answer);
    free(r->host);
    free(r);
}

static void on_failed(void *ctx)
{
    finish(ctx);
}

static void on_addresses(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolve *r = request->data;
    struct resolve_answer *answer = &r->answer;
    for (struct addrinfo *a = list; a && answer->count < RESOLVE_MAX; a = a->ai_next)
        memcpy(&answer->addresses[answer->count++], a->ai_addr, a->ai_addrlen);
    /* The system's resolver has no word for it: what it cannot open, it takes for not there. */
    answer->shortage = answer->count == 0 && (error_is_shortage(-status) || !descriptors_left(0));
    if (answer->count == 0)
        err_set(&answer->err, "The host %s was not found: %s.", r->host,
                status ? uv_strerror(status) : "it has no address");
    uv_freeaddrinfo(list);
    finish(r);
}

struct resolve *resolve_ask(struct loop *loop, const char *host, uint16_t port,
                            void (*on_answer)(void *ctx, const struct resolve_answer *answer),
                            void *ctx)
{
    struct resolve *r = NEW(struct resolve);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[8];
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    r->host = str_dup(str_of(host));
    r->on_answer = on_answer;
    r->ctx = ctx;
    r->request.data = r;
    int rc = uv_getaddrinfo(&loop->uv, &r->request, on_addresses, host, service, &hints);
    if (rc != 0) {
        err_set(&r->answer.err, "The host %s could not be looked up: %s.", host, uv_strerror(rc));
        timer_init(&r->failed, loop, on_failed, r);
        timer_start(&r->failed, 0);
    }
    return r;
}

void resolve_hurry(struct resolve *resolve)
{
    if (!timer_running(&resolve->failed))
        uv_cancel((uv_req_t *)&resolve->request);
}

void resolve_cancel(struct resolve *resolve)
{
    if (!resolve)
        return;
    resolve->on_answer = NULL;
    if (timer_running(&resolve->failed)) {
        timer_stop(&resolve->failed);
        finish(resolve);
        return;
    }
    uv_cancel((uv_req_t *)&resolve->request);
}
