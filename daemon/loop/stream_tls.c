/*
 * TLS inside a stream. OpenSSL sees a BIO of our own: it reads from the bytes that libuv just
 * brought (no copy), and writes into the loop's wire buffer, which is sent before anybody else is
 * called.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>

#include "base/alloc.h"
#include "loop/scratch.h"
#include "loop/stream_inside.h"

enum { WIRE_MAX = 128 * 1024 }; /* encrypted bytes that gather before they are sent */

/* -- The BIO. */

static int bio_read(BIO *bio, char *out, int size)
{
    struct stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (stream->input.len == 0 || size <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = (size_t)size < stream->input.len ? (size_t)size : stream->input.len;
    memcpy(out, stream->input.at, n);
    stream->input = str_skip(stream->input, n);
    return (int)n;
}

static int bio_write(BIO *bio, const char *at, int size)
{
    struct stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size > 0)
        buf_add(&stream->loop->scratch->wire, at, (size_t)size);
    return size;
}

static long bio_ctrl(BIO *bio, int command, long number, void *at)
{
    (void)bio;
    (void)number;
    (void)at;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;
static pthread_once_t bio_method_once = PTHREAD_ONCE_INIT;

static void make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tocsin stream");
    if (!bio_method)
        return;
    BIO_meth_set_read(bio_method, bio_read);
    BIO_meth_set_write(bio_method, bio_write);
    BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

static BIO *bio_new(struct stream *stream)
{
    pthread_once(&bio_method_once, make_bio_method);
    BIO *bio = bio_method ? BIO_new(bio_method) : NULL;
    if (!bio)
        return NULL;
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    return bio;
}

/* -- Failures. */

/* OpenSSL's own words for what went wrong last, and an empty error queue. */
static const char *take_problem(const SSL *ssl)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        reason = X509_verify_cert_error_string(SSL_get_verify_result(ssl));
    ERR_clear_error();
    return reason ? reason : "unknown reason";
}

static void send_wire(struct stream *stream)
{
    struct buf *wire = &stream->loop->scratch->wire;
    struct str part = buf_str(wire);
    if (part.len)
        stream_send_wire(stream, &part, 1);
    buf_reset(wire);
}

/* The alert that tells the peer goes out first. */
static void tls_fail(struct stream *stream)
{
    const char *problem = take_problem(stream->ssl);
    send_wire(stream);
    if (stream->handshaking)
        stream_end_now(stream, STREAM_TLS_FAILED, "The TLS handshake with %s failed: %s.",
                       stream->peer_name, problem);
    else
        stream_end_now(stream, STREAM_TLS_FAILED, "The TLS connection with %s broke: %s.",
                       stream->peer_name, problem);
}

/* -- Reading. */

static void on_handshake_done(struct stream *stream)
{
    stream->handshaking = false;
    stream_update_reading(stream);
    bool drained = stream_release_held(stream);
    if (stream->events->on_secure && stream->state == STREAM_OPEN)
        stream->events->on_secure(stream->owner, 0, NULL);
    if (drained)
        stream_tell_drained(stream);
}

/* True if there may be more to do with the input that is there. */
static bool handshake_step(struct stream *stream)
{
    ERR_clear_error();
    int rc = SSL_do_handshake(stream->ssl);
    if (rc == 1) {
        send_wire(stream);
        on_handshake_done(stream);
        return true;
    }
    if (SSL_get_error(stream->ssl, rc) == SSL_ERROR_WANT_READ)
        send_wire(stream);
    else
        tls_fail(stream);
    return false;
}

static bool read_step(struct stream *stream)
{
    char *plain = stream->loop->scratch->plain;
    ERR_clear_error();
    int n = SSL_read(stream->ssl, plain, LOOP_RECORD_SIZE);
    if (n > 0) {
        send_wire(stream);
        stream_give(stream, str_from(plain, (size_t)n));
        return true;
    }
    switch (SSL_get_error(stream->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        send_wire(stream);
        break;
    case SSL_ERROR_ZERO_RETURN:
        stream_peer_ended(stream);
        break;
    default:
        tls_fail(stream);
    }
    return false;
}

void stream_tls_input(struct stream *stream, struct str bytes)
{
    stream->input = bytes;
    bool more = true;
    while (more && stream->state == STREAM_OPEN && !(stream->paused && !stream->handshaking))
        more = stream->handshaking ? handshake_step(stream) : read_step(stream);
    if (stream->state == STREAM_OPEN && stream->input.len) {
        buf_add_str(&stream->undecrypted, stream->input);
        stream_update_reading(stream);
    }
    stream->input = (struct str){NULL, 0};
}

void stream_tls_resume(void *ctx)
{
    struct stream *stream = ctx;
    struct buf kept = stream->undecrypted;
    buf_init(&stream->undecrypted);
    stream_tls_input(stream, buf_str(&kept));
    buf_release(&kept);
    stream_update_reading(stream);
}

/* -- Writing. */

static bool encrypt(struct stream *stream, const char *at, size_t len)
{
    ERR_clear_error();
    if (SSL_write(stream->ssl, at, (int)len) != (int)len) {
        tls_fail(stream);
        return false;
    }
    if (stream->loop->scratch->wire.len >= WIRE_MAX)
        send_wire(stream);
    return true;
}

/* Adds a part to the record that is being filled; full records are encrypted, from where the bytes
 * are if possible. */
static bool pack(struct stream *stream, struct str part, size_t *filled)
{
    char *record = stream->loop->scratch->record;
    while (part.len) {
        size_t n = LOOP_RECORD_SIZE - *filled < part.len ? LOOP_RECORD_SIZE - *filled : part.len;
        const char *from = record;
        if (n == LOOP_RECORD_SIZE)
            from = part.at;
        else
            memcpy(record + *filled, part.at, n);
        *filled += n;
        part = str_skip(part, n);
        if (*filled < LOOP_RECORD_SIZE)
            return true;
        if (!encrypt(stream, from, LOOP_RECORD_SIZE))
            return false;
        *filled = 0;
    }
    return true;
}

void stream_tls_write(struct stream *stream, const struct str *parts, size_t n)
{
    size_t filled = 0;
    for (size_t i = 0; i < n; i++)
        if (!pack(stream, parts[i], &filled))
            return;
    if (filled && !encrypt(stream, stream->loop->scratch->record, filled))
        return;
    send_wire(stream);
}

void stream_tls_say_goodbye(struct stream *stream)
{
    ERR_clear_error();
    SSL_shutdown(stream->ssl);
    ERR_clear_error();
    send_wire(stream);
}

/* -- The beginning and the end. */

/* SNI never carries an address (RFC 6066 §3), and certificates name addresses in another way. */
static bool set_server_name(SSL *ssl, const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1;
}

static bool set_client(struct stream *stream, const struct stream_tls *tls)
{
    SSL_set_connect_state(stream->ssl);
    if (tls->server_name && !set_server_name(stream->ssl, tls->server_name))
        return false;
    if (tls->session) /* one that does not fit is no failure: the handshake is a full one */
        SSL_set_session(stream->ssl, tls->session);
    return true;
}

static bool ssl_begin(struct stream *stream, const struct stream_tls *tls)
{
    BIO *bio = bio_new(stream);
    stream->ssl = bio ? SSL_new(tls->ctx) : NULL;
    if (!stream->ssl) {
        BIO_free(bio);
        return false;
    }
    SSL_set_bio(stream->ssl, bio, bio);
    SSL_set_mode(stream->ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_set_options(stream->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    stream->names_server = tls->server_name != NULL;
    if (!tls->server)
        return set_client(stream, tls);
    SSL_set_accept_state(stream->ssl);
    return true;
}

void stream_start_tls(struct stream *stream, const struct stream_tls *tls)
{
    if (stream->state != STREAM_OPEN || stream->ssl)
        return;
    stream->handshaking = true;
    if (tls->unread) {
        stream_end_now(stream, STREAM_TLS_FAILED,
                       "%s sent %zu bytes in clear text behind STARTTLS, which somebody on the way "
                       "may have injected; nothing was sent to it.",
                       stream->peer_name, tls->unread);
        return;
    }
    if (!ssl_begin(stream, tls)) {
        stream_end_now(stream, STREAM_TLS_FAILED, "TLS with %s cannot be set up: %s.",
                       stream->peer_name, take_problem(stream->ssl));
        return;
    }
    stream_update_reading(stream);
    if (!tls->server)
        handshake_step(stream);
}

/* Without the mark of an orderly shutdown, OpenSSL would spoil a session that is to be resumed. */
void stream_tls_release(struct stream *stream)
{
    if (!stream->ssl)
        return;
    if (stream->why != STREAM_TLS_FAILED)
        SSL_set_shutdown(stream->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(stream->ssl);
    stream->ssl = NULL;
}

/* -- What is known of it. */

struct stream_tls_info stream_tls_info(const struct stream *stream)
{
    struct stream_tls_info info = {0};
    if (!stream->ssl || stream->handshaking)
        return info;
    long result = SSL_get_verify_result(stream->ssl);
    info.version = SSL_get_version(stream->ssl);
    info.cipher = SSL_get_cipher_name(stream->ssl);
    info.resumed = SSL_session_reused(stream->ssl);
    if (!SSL_get0_peer_certificate(stream->ssl))
        info.verify_problem = "the peer has no certificate";
    else if (result != X509_V_OK)
        info.verify_problem = X509_verify_cert_error_string(result);
    else if (!stream->names_server && !SSL_is_server(stream->ssl))
        info.verify_problem = "no name was given to compare with";
    info.verified = !info.verify_problem;
    return info;
}

SSL_SESSION *stream_session(const struct stream *stream)
{
    if (!stream->ssl || stream->handshaking || stream->why == STREAM_TLS_FAILED)
        return NULL;
    SSL_SESSION *session = SSL_get1_session(stream->ssl);
    if (session && SSL_SESSION_is_resumable(session))
        return session;
    SSL_SESSION_free(session);
    return NULL;
}
