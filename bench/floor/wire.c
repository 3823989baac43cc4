#include "floor/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_TIMEOUT_S = 30 };

static int openssl_error(struct err *err, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_get_error());
    return err_set(err, "%s: %s.", what, why ? why : strerror(errno));
}

/* -- What OpenSSL reads and writes through. */

static int bio_read(BIO *bio, char *at, int size)
{
    const struct wire *w = BIO_get_data(bio);
    ssize_t n = recv(w->fd, at, (size_t)size, 0);
    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return (int)n;
}

static int bio_write(BIO *bio, const char *at, int size)
{
    struct wire *w = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    buf_add(&w->out, at, (size_t)size);
    return size;
}

/* OpenSSL flushes at the end of each flight of the handshake, and only there. */
static long bio_ctrl(BIO *bio, int command, long number, void *at)
{
    struct wire *w = BIO_get_data(bio);
    (void)number;
    (void)at;
    return command == BIO_CTRL_FLUSH && wire_flush(w) == 0;
}

static BIO_METHOD *bio_method;

static void make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "floor wire");
    BIO_meth_set_read(bio_method, bio_read);
    BIO_meth_set_write(bio_method, bio_write);
    BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

static BIO *bio_new(struct wire *w)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_bio_method);
    BIO *bio = BIO_new(bio_method);
    BIO_set_data(bio, w);
    BIO_set_init(bio, 1);
    return bio;
}

/* -- Opening and closing. */

SSL_CTX *wire_context(struct err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx) {
        openssl_error(err, "TLS cannot be started");
        return NULL;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_read_ahead(ctx, 1);
    return ctx;
}

int wire_open(struct wire *w, const struct options *o, struct err *err)
{
    const struct timeval patience = {.tv_sec = READ_TIMEOUT_S};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(o->port)};
    int on = 1;
    *w = (struct wire){.fd = -1};
    if (inet_pton(AF_INET, o->host, &to.sin_addr) != 1)
        return err_set(err, "'%s' is no IPv4 address.", o->host);
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (w->fd < 0)
        return err_set(err, "A socket cannot be made: %s.", strerror(errno));
    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(w->fd, (struct sockaddr *)&to, sizeof to))
        return err_set(err, "%s:%u cannot be reached: %s.", o->host, o->port, strerror(errno));
    return 0;
}

void wire_close(struct wire *w)
{
    SSL_free(w->ssl);
    if (w->fd >= 0)
        close(w->fd);
    buf_release(&w->out);
    *w = (struct wire){.fd = -1};
}

int wire_secure(struct wire *w, SSL_CTX *tls, struct err *err)
{
    w->ssl = SSL_new(tls);
    if (!w->ssl)
        return openssl_error(err, "TLS cannot be set up");
    BIO *bio = bio_new(w);
    SSL_set_bio(w->ssl, bio, bio);
    if (SSL_connect(w->ssl) != 1)
        return openssl_error(err, "The TLS handshake failed");
    return 0;
}

int wire_unblock(struct wire *w, struct err *err)
{
    if (fcntl(w->fd, F_SETFL, fcntl(w->fd, F_GETFL) | O_NONBLOCK))
        return err_set(err, "A socket cannot be made non-blocking: %s.", strerror(errno));
    return 0;
}

/* -- Bytes. */

int wire_add(struct wire *w, struct str bytes)
{
    if (w->ssl)
        return SSL_write(w->ssl, bytes.at, (int)bytes.len) > 0 ? 0 : -1;
    buf_add_str(&w->out, bytes);
    return 0;
}

int wire_flush(struct wire *w)
{
    while (w->sent < w->out.len) {
        ssize_t n = send(w->fd, w->out.at + w->sent, w->out.len - w->sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? WIRE_LATER : WIRE_GONE;
        w->sent += (size_t)n;
    }
    buf_reset(&w->out);
    w->sent = 0;
    return 0;
}

int wire_read(struct wire *w, char *at, size_t size)
{
    int n = w->ssl ? SSL_read(w->ssl, at, (int)size) : (int)recv(w->fd, at, size, 0);
    if (n > 0)
        return n;
    if (!w->ssl)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? WIRE_LATER : WIRE_GONE;
    int why = SSL_get_error(w->ssl, n);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ ? WIRE_LATER : WIRE_GONE;
}

bool wire_has_more(const struct wire *w)
{
    return w->ssl && SSL_has_pending(w->ssl);
}
