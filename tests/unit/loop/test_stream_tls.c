#include "loop/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "loop/listener.h"
#include "loop/loop.h"
#include "unit/loop/sockets.h"

enum { MUCH = 3 * 1024 * 1024 };

/* Both ends of one connection on one loop. */
struct end {
    struct world *world;
    struct stream *stream;
    struct buf heard;
    struct stream_tls tls;
    int secured, drained, closed;
    struct err failure;
    enum stream_end why;
    char detail[512];
    struct timer timer;
};

struct world {
    struct loop loop;
    struct listener *listener;
    struct end client, server;
    SSL_CTX *ctx;
    SSL_SESSION *session;
    struct stream_tls_info info; /* of the client */
    void (*when_secure)(struct world *world);
    void (*when_heard)(struct world *world, struct end *end);
    void (*when_accepted)(struct world *world);
};

static void on_open(void *owner)
{
    struct end *end = owner;
    stream_start_tls(end->stream, &end->tls);
}

static void on_read(void *owner, struct str bytes)
{
    struct end *end = owner;
    buf_add_str(&end->heard, bytes);
    if (end->world->when_heard)
        end->world->when_heard(end->world, end);
}

static void on_drained(void *owner)
{
    ((struct end *)owner)->drained++;
}

static void on_secure(void *owner, int result, const struct err *err)
{
    struct end *end = owner;
    struct world *world = end->world;
    assert_int_equal(end->closed, 0);
    end->secured = result ? -1 : 1;
    if (err)
        end->failure = *err;
    if (end == &world->client && result == 0)
        world->info = stream_tls_info(end->stream);
    if (world->client.secured == 1 && world->server.secured == 1 && world->when_secure)
        world->when_secure(world);
}

static void on_closed(void *owner, enum stream_end why, const char *detail)
{
    struct end *end = owner;
    struct world *world = end->world;
    end->closed++;
    end->why = why;
    timer_stop(&end->timer); /* the stream is gone: there is nothing to resume */
    snprintf(end->detail, sizeof(end->detail), "%s", detail);
    if (end == &world->client)
        world->session = stream_session(end->stream);
    if (world->client.closed && world->server.closed) {
        listener_close(world->listener);
        loop_stop(&world->loop);
    }
}

static const struct stream_events events = {on_open, on_read, on_drained, on_secure, on_closed};

static void on_connection(struct listener *listener, void *ctx)
{
    struct world *world = ctx;
    world->server.stream = listener_accept(listener, &events, &world->server);
    if (world->when_accepted)
        world->when_accepted(world);
    else
        stream_start_tls(world->server.stream, &world->server.tls);
}

static void on_resume(void *ctx)
{
    stream_resume_read(((struct end *)ctx)->stream);
}

static void world_init(struct world *world)
{
    struct err err;
    struct sockaddr_storage any = loopback(0);
    *world = (struct world){.ctx = self_signed("mx.example")};
    assert_int_equal(loop_init(&world->loop, "world", &err), 0);
    world->listener = listener_open_tcp(&world->loop, &any, on_connection, world, &err);
    assert_non_null(world->listener);
    world->client.world = world->server.world = world;
    world->client.tls =
        (struct stream_tls){.ctx = SSL_CTX_new(TLS_client_method()), .server_name = "mx.example"};
    world->server.tls = (struct stream_tls){.ctx = world->ctx, .server = true};
    timer_init(&world->client.timer, &world->loop, on_resume, &world->client);
}

static void world_run(struct world *world)
{
    struct stream_target target = {.addresses = {loopback(listener_port(world->listener))},
                                   .address_count = 1,
                                   .timeout_ms = 2000};
    world->client.stream = stream_connect(&world->loop, &target, &events, &world->client);
    loop_run(&world->loop);
    loop_release(&world->loop);
    assert_int_equal(world->client.closed, 1);
    assert_int_equal(world->server.closed, 1);
}

static void world_release(struct world *world)
{
    SSL_CTX_free(world->ctx);
    SSL_CTX_free(world->client.tls.ctx);
    SSL_SESSION_free(world->session);
    buf_release(&world->client.heard);
    buf_release(&world->server.heard);
}

static char *much(void)
{
    static char bytes[MUCH];
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = (char)(i % 253);
    return bytes;
}

/* -- Words and much data, both ways. */

static void talk(struct world *world)
{
    const struct str parts[] = {STR("EH"), STR("LO "), {much(), MUCH}};
    stream_write(world->client.stream, parts, 3);
}

static void answer(struct world *world, struct end *end)
{
    struct str whole = {world->server.heard.at, world->server.heard.len};
    if (end == &world->client && end->heard.len == MUCH + 5)
        stream_close(end->stream);
    else if (end == &world->server && whole.len == MUCH + 5)
        stream_write(end->stream, &whole, 1);
}

static void much_is_carried_both_ways(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.when_secure = talk;
    world.when_heard = answer;
    world_run(&world);
    assert_int_equal(world.client.secured, 1);
    assert_string_equal(world.info.version, "TLSv1.3");
    assert_false(world.info.resumed);
    assert_int_equal(world.client.heard.len, MUCH + 5);
    assert_memory_equal(world.client.heard.at, "EHLO ", 5);
    assert_memory_equal(world.client.heard.at + 5, much(), MUCH);
    assert_int_equal(world.client.why, STREAM_ENDED_HERE);
    assert_int_equal(world.server.why, STREAM_ENDED_BY_PEER);
    world_release(&world);
}

/* The reader rests after each record, in the middle of what came from the socket. */
static void rest_a_moment(struct world *world, struct end *end)
{
    if (end == &world->server) {
        answer(world, end);
        return;
    }
    assert_false(timer_running(&end->timer));
    stream_pause_read(end->stream);
    timer_start(&end->timer, 0);
    if (end->heard.len == MUCH + 5)
        stream_close(end->stream);
}

static void pausing_in_the_middle_loses_nothing(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.when_secure = talk;
    world.when_heard = rest_a_moment;
    world_run(&world);
    assert_int_equal(world.client.heard.len, MUCH + 5);
    assert_memory_equal(world.client.heard.at + 5, much(), MUCH);
    world_release(&world);
}

/* -- Trust. */

static void hello(struct world *world)
{
    struct str word = STR("220\r\n");
    stream_write(world->server.stream, &word, 1);
}

static void hang_up(struct world *world, struct end *end)
{
    if (end == &world->client)
        stream_close(end->stream);
}

static void run_hello(struct world *world)
{
    world->when_secure = hello;
    world->when_heard = hang_up;
    world_run(world);
}

static void trust_self_signed(struct world *world)
{
    SSL_CTX *ctx = world->client.tls.ctx;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), SSL_CTX_get0_certificate(world->ctx));
}

static void a_trusted_certificate_is_verified(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    trust_self_signed(&world);
    run_hello(&world);
    assert_true(world.info.verified);
    assert_null(world.info.verify_problem);
    world_release(&world);
}

/* Opportunistic: the connection stands, and says what it is worth. */
static void an_unknown_certificate_is_told(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    run_hello(&world);
    assert_int_equal(world.client.secured, 1);
    assert_false(world.info.verified);
    assert_non_null(strstr(world.info.verify_problem, "self-signed"));
    world_release(&world);
}

static void a_wrong_name_is_told(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    trust_self_signed(&world);
    world.client.tls.server_name = "mx.other.example";
    run_hello(&world);
    assert_false(world.info.verified);
    assert_non_null(strstr(world.info.verify_problem, "ostname mismatch"));
    world_release(&world);
}

static void required_verification_fails_the_handshake(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    SSL_CTX_set_verify(world.client.tls.ctx, SSL_VERIFY_PEER, NULL);
    world_run(&world);
    assert_int_equal(world.client.secured, -1);
    assert_int_equal(world.client.why, STREAM_TLS_FAILED);
    assert_non_null(strstr(world.client.failure.text, "self-signed"));
    assert_string_equal(world.client.failure.text, world.client.detail);
    world_release(&world);
}

/* -- Resumption, with a session that was asked for in on_closed. */

static void the_second_connection_resumes(void **state)
{
    (void)state;
    struct world first, second;
    world_init(&first);
    run_hello(&first);
    assert_non_null(first.session);
    world_init(&second);
    SSL_CTX *own = second.ctx;
    second.server.tls.ctx = first.ctx;
    second.client.tls.session = first.session;
    run_hello(&second);
    assert_true(second.info.resumed);
    second.ctx = own;
    world_release(&first);
    world_release(&second);
}

/* -- Enemies. */

/* What follows STARTTLS's answer in clear text must not be read as if it came through TLS. */
static void injected_bytes_fail(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.client.tls.unread = 14;
    world_run(&world);
    assert_int_equal(world.client.secured, -1);
    assert_int_equal(world.client.why, STREAM_TLS_FAILED);
    assert_non_null(strstr(world.client.detail, "injected"));
    world_release(&world);
}

static void speak_no_tls(struct world *world)
{
    struct str word = STR("454 TLS not available due to temporary reason\r\n");
    stream_write(world->server.stream, &word, 1);
}

static void clear_text_in_the_handshake_fails(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.when_accepted = speak_no_tls;
    world_run(&world);
    assert_int_equal(world.client.secured, -1);
    assert_int_equal(world.client.why, STREAM_TLS_FAILED);
    assert_non_null(strstr(world.client.detail, "wrong version number"));
    world_release(&world);
}

static void leave(struct world *world)
{
    stream_close(world->server.stream);
}

static void a_peer_that_leaves_in_the_handshake(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.when_accepted = leave;
    world_run(&world);
    assert_int_equal(world.client.secured, -1);
    assert_int_equal(world.client.why, STREAM_TLS_FAILED);
    world_release(&world);
}

/* A connection that is cut without close_notify is an end, not an accident. */
static void cut(struct world *world)
{
    stream_abort(world->server.stream);
}

static void cut_without_goodbye(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.when_secure = cut;
    world_run(&world);
    assert_int_equal(world.client.secured, 1);
    assert_int_equal(world.client.why, STREAM_ENDED_BY_PEER);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(much_is_carried_both_ways),
        cmocka_unit_test(pausing_in_the_middle_loses_nothing),
        cmocka_unit_test(a_trusted_certificate_is_verified),
        cmocka_unit_test(an_unknown_certificate_is_told),
        cmocka_unit_test(a_wrong_name_is_told),
        cmocka_unit_test(required_verification_fails_the_handshake),
        cmocka_unit_test(the_second_connection_resumes),
        cmocka_unit_test(injected_bytes_fail),
        cmocka_unit_test(clear_text_in_the_handshake_fails),
        cmocka_unit_test(a_peer_that_leaves_in_the_handshake),
        cmocka_unit_test(cut_without_goodbye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
