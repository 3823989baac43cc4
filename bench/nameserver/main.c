/*
 * nameserver: answers questions about any number of invented domains, fast, for measurements. It
 * reads UDP on loopback, in one thread, and shares nothing with the daemon but base/.
 *
 *     MX of ANY.own.NAME      mx.ANY.own.NAME: each domain has a mail exchanger of its own
 *     MX of any other name    mx.PARENT, where PARENT is the name without its first label
 *     A of any name           one address of 127.1.0.0/24, by the name's hash
 *     anything else           no such record
 *
 * All of it lives for five minutes. Names are answered as they were asked for: a mail exchanger is
 * given as one label before a pointer into the question (RFC 1035 §4.1.4).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

enum { BATCH = 64, PACKET = 512, HEADER = 12, TTL = 300, SOCKET_ROOM = 8 << 20 };
enum { TYPE_A = 1, TYPE_MX = 15, CLASS_IN = 1 };

struct question {
    const uint8_t *name; /* labels, with the empty one at the end */
    size_t name_len;
    unsigned type;
    size_t end; /* of the question section, in the packet */
};

static unsigned read16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

/* One question without compression, as resolvers ask. */
static bool question_parse(const uint8_t *packet, size_t len, struct question *q)
{
    size_t at = HEADER;
    if (len < HEADER || (packet[2] & 0x80) || read16(packet + 4) != 1)
        return false;
    while (at < len && packet[at] != 0) {
        if (packet[at] > 63)
            return false;
        at += 1 + (size_t)packet[at];
    }
    if (at + 5 > len || read16(packet + at + 3) != CLASS_IN)
        return false;
    q->name = packet + HEADER;
    q->name_len = at + 1 - HEADER;
    q->type = read16(packet + at + 1);
    q->end = at + 5;
    return true;
}

/* Name, type, class, TTL; the data is to follow. */
static uint8_t *put_record(uint8_t *at, unsigned type, unsigned data_len)
{
    at = put16(at, 0xC000 | HEADER);
    at = put16(at, type);
    at = put16(at, CLASS_IN);
    at = put16(at, 0);
    at = put16(at, TTL);
    return put16(at, data_len);
}

static bool has_own_exchanger(const struct question *q)
{
    const uint8_t *second = q->name + 1 + q->name[0];
    return q->name[0] != 0 && second[0] == 3 &&
           strncasecmp((const char *)second + 1, "own", 3) == 0;
}

static uint8_t *put_mx(uint8_t *at, const struct question *q)
{
    bool own = has_own_exchanger(q);
    size_t parent = HEADER + (own || q->name[0] == 0 ? 0 : 1 + (size_t)q->name[0]);
    at = put_record(at, TYPE_MX, 7);
    at = put16(at, 10);
    *at++ = 2;
    *at++ = 'm';
    *at++ = 'x';
    return put16(at, 0xC000 | (unsigned)parent);
}

static uint8_t *put_a(uint8_t *at, const struct question *q)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < q->name_len; i++)
        hash = (hash ^ q->name[i]) * 16777619U;
    at = put_record(at, TYPE_A, 4);
    const uint8_t address[] = {127, 1, 0, (uint8_t)(1 + hash % 250)};
    memcpy(at, address, sizeof(address));
    return at + sizeof(address);
}

/* Turns a question of `len` bytes into its answer, in a packet of PACKET; returns the length, or 0
 * where there is nothing to be said. */
static size_t answer(uint8_t *packet, size_t len)
{
    struct question q;
    if (!question_parse(packet, len, &q) || q.end + 32 > PACKET)
        return 0;
    uint8_t *at = packet + q.end;
    if (q.type == TYPE_MX)
        at = put_mx(at, &q);
    else if (q.type == TYPE_A)
        at = put_a(at, &q);
    put16(packet + 2, 0x8580U | (read16(packet + 2) & 0x0100U)); /* an answer, ours to give */
    put16(packet + 6, at > packet + q.end);
    put16(packet + 8, 0);
    put16(packet + 10, 0);
    return (size_t)(at - packet);
}

static void serve(int fd)
{
    static uint8_t packets[BATCH][PACKET];
    static struct sockaddr_storage peers[BATCH];
    struct mmsghdr messages[BATCH], answers[BATCH];
    struct iovec at[BATCH];
    for (;;) {
        for (size_t i = 0; i < BATCH; i++) {
            at[i] = (struct iovec){packets[i], PACKET};
            messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &peers[i],
                                                       .msg_namelen = sizeof(peers[i]),
                                                       .msg_iov = &at[i],
                                                       .msg_iovlen = 1}};
        }
        int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
        unsigned count = 0;
        for (int i = 0; i < n; i++) {
            at[i].iov_len = answer(packets[i], messages[i].msg_len);
            if (at[i].iov_len)
                answers[count++] = messages[i];
        }
        if (count)
            sendmmsg(fd, answers, count, 0);
    }
}

static int open_socket(unsigned port, struct err *err)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof(here);
    int room = SOCKET_ROOM, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)))
        return err_set(err, "127.0.0.1:%u cannot be used: %s.", port, strerror(errno));
    getsockname(fd, (struct sockaddr *)&here, &len);
    printf("listening 127.0.0.1:%u\n", ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

int main(void)
{
    struct err err;
    int fd = open_socket(0, &err);
    if (fd < 0) {
        fprintf(stderr, "nameserver: %s\n", err.text);
        return 1;
    }
    serve(fd);
}
