#include "api/flow.h"

#include "base/alloc.h"
#include "base/log.h"

/*
 *   flow_start ──► turn ──chunk taken──► timer ──► turn …      next says 0 ──► end
 *                   └──chunk kept──► (on_drained) ──► timer    next says -1 ──► fail
 */
struct flow {
    struct http_request *request;
    const struct flow_producer *producer;
    void *ctx;
    struct timer timer;
    struct buf piece;
    bool begun;
};

static void flow_free(struct flow *flow)
{
    timer_stop(&flow->timer);
    flow->producer->free(flow->ctx);
    buf_release(&flow->piece);
    free(flow);
}

/* Once the answer has begun, only a broken connection can say that it is not whole. */
static void fail(struct flow *flow, const struct err *err)
{
    struct http_request *request = flow->request;
    bool begun = flow->begun;
    log_say(LOG_ERROR, "answer_failed", "%s", err->text);
    flow_free(flow);
    if (begun)
        http_fail(request);
    else
        http_respond_error(request, 503, "%s", err->text);
}

static void end(struct flow *flow)
{
    struct http_request *request = flow->request;
    flow_free(flow);
    http_respond_end(request);
}

/* True when the kernel took everything. */
static bool give(struct flow *flow)
{
    if (!flow->begun)
        http_respond_begin(flow->request, 200, flow->producer->content_type);
    flow->begun = true;
    return flow->piece.len == 0 || http_respond_chunk(flow->request, buf_str(&flow->piece));
}

static bool is_head(const struct flow *flow)
{
    return str_eq(http_request_method(flow->request), STR("HEAD"));
}

static void turn(void *ctx)
{
    struct flow *flow = ctx;
    struct err err;
    buf_reset(&flow->piece);
    int more = flow->producer->next(flow->ctx, &flow->piece, &err);
    if (more < 0) {
        fail(flow, &err);
        return;
    }
    bool taken = give(flow);
    if (more == 0 || is_head(flow))
        end(flow);
    else if (taken)
        timer_start(&flow->timer, 0);
}

void flow_start(struct loop *loop, struct http_request *request,
                const struct flow_producer *producer, void *ctx)
{
    struct flow *flow = NEW(struct flow);
    flow->request = request;
    flow->producer = producer;
    flow->ctx = ctx;
    timer_init(&flow->timer, loop, turn, flow);
    http_request_set_state(request, flow);
    turn(flow);
}

void flow_drained(struct http_request *request)
{
    struct flow *flow = http_request_state(request);
    timer_start(&flow->timer, 0);
}

void flow_gone(struct http_request *request)
{
    struct flow *flow = http_request_state(request);
    flow_free(flow);
    http_fail(request);
}
