#include "loop/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

void address_name(const struct sockaddr_storage *address, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(out, size, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(out, size, "[%s]:%u", host, (unsigned)ntohs(v6->sin6_port));
    } else {
        snprintf(out, size, "%s", address->ss_family == AF_UNIX ? "unix" : "unknown");
    }
}

int address_parse_host(struct str host, unsigned port, struct sockaddr_storage *out,
                       struct err *err)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    *out = (struct sockaddr_storage){0};
    if (host.len < sizeof(text) && !memchr(host.at ? host.at : "", '\0', host.len)) {
        snprintf(text, sizeof(text), "%.*s", STR_ARG(host));
        if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
            v4->sin_family = AF_INET;
            v4->sin_port = htons((uint16_t)port);
            return 0;
        }
        if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
            v6->sin6_family = AF_INET6;
            v6->sin6_port = htons((uint16_t)port);
            return 0;
        }
    }
    return err_set(err, "\"%.*s\" is no IPv4 or IPv6 address; write it in numbers.", STR_ARG(host));
}

/* address = IPv4 ":" port / "[" IPv6 "]" ":" port */
int socket_address_parse(struct str text, struct sockaddr_storage *out, struct err *err)
{
    const char *colon = text.len ? memrchr(text.at, ':', text.len) : NULL;
    uint64_t port = 0;
    size_t len = colon ? (size_t)(colon - text.at) : 0;
    if (!colon || !str_to_u64(str_skip(text, len + 1), &port) || port > UINT16_MAX)
        return err_set(err, "\"%.*s\" has no port: write it as 127.0.0.1:8025 or [::1]:8025.",
                       STR_ARG(text));
    struct str host = str_from(text.at, len);
    bool bracketed = len >= 2 && host.at[0] == '[' && host.at[len - 1] == ']';
    if (bracketed)
        host = str_from(host.at + 1, len - 2);
    if (bracketed != (str_find(host, ':') != NULL))
        return err_set(err, "\"%.*s\" is no address: only IPv6 is written in brackets, [::1]:8025.",
                       STR_ARG(text));
    return address_parse_host(host, (unsigned)port, out, err);
}

socklen_t address_size(const struct sockaddr_storage *address)
{
    switch (address->ss_family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    default:
        return sizeof(struct sockaddr_un);
    }
}
