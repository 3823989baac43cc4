/*
 * A name server for tests, over UDP and TCP on one port of 127.0.0.x, on the loop of those who ask
 * it. What it says is the test's: `respond` gets each question and writes a message, or says
 * nothing. It counts what it saw.
 */
#ifndef TOCSIN_TEST_DNS_NAME_SERVER_H
#define TOCSIN_TEST_DNS_NAME_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "dns/message.h"
#include "dns/name.h"
#include "loop/loop.h"
#include "loop/watch.h"

enum { SECTION_ANSWER = 6, SECTION_AUTHORITY = 8, RCODE_AT = 3, FLAGS_AT = 2 };

struct name_server;

struct asked {
    char host[DNS_HOST_MAX + 1];
    unsigned type;
    bool tcp;
    bool edns;
    unsigned before; /* how often this server was asked anything before */
};

struct name_server {
    void (*respond)(struct name_server *server, const struct asked *asked, struct buf *out);
    void *ctx;
    struct loop *loop;
    int udp, tcp, connection;
    struct watch *watches[3];
    unsigned last_octet; /* 0: 1 */
    unsigned port;       /* 0: a free one */
    unsigned asked, asked_over_tcp;
};

static inline void put_name(struct buf *out, const char *name)
{
    for (struct str rest = str_of(name); rest.at && rest.len;) {
        struct str label = str_cut(&rest, '.');
        buf_add_byte(out, (char)label.len);
        buf_add_str(out, label);
    }
    buf_add_byte(out, '\0');
}

/* Header and question of an answer. */
static inline void put_head(struct buf *out, unsigned id, const char *name, unsigned type)
{
    buf_add_u16be(out, (uint16_t)id);
    buf_add(out, "\x81\x80\0\1\0\0\0\0\0\0", 10);
    put_name(out, name);
    buf_add_u16be(out, (uint16_t)type);
    buf_add_u16be(out, 1);
}

/* A record's fixed part; `section` is where its count stands. Returns where the data begins. */
static inline size_t put_record(struct buf *out, int section, const char *owner, unsigned type,
                                uint32_t ttl_s)
{
    out->at[section + 1]++;
    if (out->at[section + 1] == 0)
        out->at[section]++;
    put_name(out, owner);
    buf_add_u16be(out, (uint16_t)type);
    buf_add_u16be(out, 1);
    buf_add_u32be(out, ttl_s);
    buf_add_u16be(out, 0);
    return out->len;
}

static inline void end_data(struct buf *out, size_t start)
{
    size_t len = out->len - start;
    out->at[start - 2] = (char)(len >> 8);
    out->at[start - 1] = (char)len;
}

static inline void put_mx(struct buf *out, const char *owner, uint32_t ttl_s, unsigned preference,
                          const char *host)
{
    size_t start = put_record(out, SECTION_ANSWER, owner, DNS_TYPE_MX, ttl_s);
    buf_add_u16be(out, (uint16_t)preference);
    put_name(out, host);
    end_data(out, start);
}

static inline void put_cname(struct buf *out, const char *owner, uint32_t ttl_s, const char *to)
{
    size_t start = put_record(out, SECTION_ANSWER, owner, DNS_TYPE_CNAME, ttl_s);
    put_name(out, to);
    end_data(out, start);
}

/* "192.0.2.1" or "2001:db8::1". */
static inline void put_address(struct buf *out, const char *owner, uint32_t ttl_s, const char *text)
{
    unsigned char at[16];
    bool six = strchr(text, ':') != NULL;
    assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, text, at), 1);
    size_t start = put_record(out, SECTION_ANSWER, owner, six ? DNS_TYPE_AAAA : DNS_TYPE_A, ttl_s);
    buf_add(out, at, six ? 16 : 4);
    end_data(out, start);
}

static inline void put_soa(struct buf *out, const char *owner, uint32_t ttl_s, uint32_t minimum_s)
{
    size_t start = put_record(out, SECTION_AUTHORITY, owner, DNS_TYPE_SOA, ttl_s);
    put_name(out, "ns.example");
    put_name(out, "hostmaster.example");
    for (uint32_t field = 1; field <= 4; field++)
        buf_add_u32be(out, field * 1000);
    buf_add_u32be(out, minimum_s);
    end_data(out, start);
}

static inline void put_rcode(struct buf *out, unsigned rcode)
{
    out->at[RCODE_AT] = (char)((unsigned char)out->at[RCODE_AT] | rcode);
}

static inline void put_truncated(struct buf *out)
{
    out->at[FLAGS_AT] |= 2;
}

static inline void name_server_hear(struct name_server *server, struct str query, bool tcp,
                                    struct buf *out)
{
    struct asked asked = {.tcp = tcp, .before = server->asked};
    struct dns_name name;
    size_t at = 12;
    assert_true(query.len > 12);
    assert_int_equal(dns_name_read(query, &at, &name), 0);
    assert_true(dns_name_host(&name, asked.host) > 0);
    asked.type = (unsigned)(unsigned char)query.at[at] << 8 | (unsigned char)query.at[at + 1];
    asked.edns =
        query.at[11] == 1 && query.len == at + 4 + 11 &&
        (unsigned char)query.at[at + 4 + 3] * 256 + (unsigned char)query.at[at + 4 + 4] == 1232;
    server->asked++;
    server->asked_over_tcp += tcp;
    put_head(out, (unsigned)(unsigned char)query.at[0] << 8 | (unsigned char)query.at[1],
             asked.host, asked.type);
    server->respond(server, &asked, out);
}

static inline void on_datagram(void *ctx, int fd, bool readable, bool writable)
{
    struct name_server *server = ctx;
    char query[2000];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    struct buf out = BUF_INIT;
    (void)readable;
    (void)writable;
    ssize_t n = recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from, &from_len);
    if (n <= 0)
        return;
    name_server_hear(server, str_from(query, (size_t)n), false, &out);
    if (out.len)
        sendto(fd, out.at, out.len, 0, (struct sockaddr *)&from, from_len);
    buf_release(&out);
}

/* One connection at a time, and a question in one piece: enough for c-ares on loopback. */
static inline void on_connection_bytes(void *ctx, int fd, bool readable, bool writable)
{
    struct name_server *server = ctx;
    char query[2000];
    struct buf out = BUF_INIT;
    (void)readable;
    (void)writable;
    ssize_t n = recv(fd, query, sizeof(query), 0);
    if (n <= 2) {
        watch_free(server->watches[2]);
        server->watches[2] = NULL;
        close(fd);
        return;
    }
    name_server_hear(server, str_from(query + 2, (size_t)n - 2), true, &out);
    char length[2] = {(char)(out.len >> 8), (char)out.len};
    if (out.len) {
        send(fd, length, 2, MSG_NOSIGNAL | MSG_MORE);
        send(fd, out.at, out.len, MSG_NOSIGNAL);
    }
    buf_release(&out);
}

static inline void on_caller(void *ctx, int fd, bool readable, bool writable)
{
    struct name_server *server = ctx;
    (void)readable;
    (void)writable;
    server->connection = accept(fd, NULL, NULL);
    assert_true(server->connection >= 0);
    assert_null(server->watches[2]);
    server->watches[2] =
        watch_new(server->loop, server->connection, on_connection_bytes, server, NULL);
    watch_set(server->watches[2], true, false);
}

static inline void name_server_open(struct name_server *server, struct loop *loop)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
    socklen_t len = sizeof(at);
    int size = 4 << 20;
    at.sin_addr.s_addr = htonl(0x7F000000 | (server->last_octet ? server->last_octet : 1));
    server->loop = loop;
    server->connection = -1;
    server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    assert_int_equal(bind(server->tcp, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(server->tcp, 8), 0);
    assert_int_equal(getsockname(server->tcp, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(bind(server->udp, (struct sockaddr *)&at, sizeof(at)), 0);
    server->port = ntohs(at.sin_port);
    server->watches[0] = watch_new(loop, server->udp, on_datagram, server, NULL);
    server->watches[1] = watch_new(loop, server->tcp, on_caller, server, NULL);
    watch_set(server->watches[0], true, false);
    watch_set(server->watches[1], true, false);
}

static inline void name_server_close(struct name_server *server)
{
    if (server->watches[2])
        close(server->connection);
    for (size_t i = 0; i < 3; i++) {
        watch_free(server->watches[i]);
        server->watches[i] = NULL;
    }
    close(server->udp);
    close(server->tcp);
}

#endif
