/*
 * What the tests of loop/ and http/ share: plain blocking sockets that play the peer, and a
 * self-signed certificate that is made in memory.
 */
#ifndef TOCSIN_TEST_LOOP_SOCKETS_H
#define TOCSIN_TEST_LOOP_SOCKETS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

/* 127.0.0.1 at a port, for stream_connect and connect. */
static inline struct sockaddr_storage loopback(unsigned port)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A listening socket on a free port. */
static inline int peer_listen(unsigned *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage address = loopback(0);
    socklen_t len = sizeof(struct sockaddr_in);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(((struct sockaddr_in *)&address)->sin_port);
    return fd;
}

/* A listening socket whose backlog is full: it lets nobody in and says nothing. */
struct deaf {
    int fd;
    unsigned port;
    int fillers[4];
};

static inline void deaf_start(struct deaf *deaf)
{
    deaf->fd = peer_listen(&deaf->port);
    struct sockaddr_storage address = loopback(deaf->port);
    listen(deaf->fd, 0);
    for (int i = 0; i < 4; i++) {
        deaf->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(deaf->fillers[i], (struct sockaddr *)&address, sizeof(struct sockaddr_in));
    }
}

static inline void deaf_end(struct deaf *deaf)
{
    for (int i = 0; i < 4; i++)
        close(deaf->fillers[i]);
    close(deaf->fd);
}

static inline int peer_connect(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage address = loopback(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(struct sockaddr_in)), 0);
    return fd;
}

static inline void peer_send(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes = str_skip(bytes, (size_t)n);
    }
}

/* A certificate for `host`, signed with its own key, into a context of the given method. */
static inline SSL_CTX *self_signed(const char *host)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0);
    X509_set_issuer_name(cert, name);
    char alt[300];
    snprintf(alt, sizeof(alt), "DNS:%s", host);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt);
    X509_add_ext(cert, san, -1);
    X509_EXTENSION_free(san);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

#endif
