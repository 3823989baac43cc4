#include "dns/channel.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>

#include "base/alloc.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "loop/address.h"
#include "loop/watch.h"

enum {
    EDNS_SIZE = 1232, /* what passes everywhere in one piece: DNS flag day 2020 */
    CLASS_IN = 1,
    HOSTS_FILE_TTL_S = 60,
};

/* A socket of c-ares'. */
struct peephole {
    struct peephole *next;
    struct watch *watch;
};

/* One c-ares channel with its sockets and its clock. */
struct wing {
    ares_channel ares;
    struct loop *loop;
    struct timer timer;
    struct peephole *peepholes;
};

struct channel {
    struct wing first;
    struct wing second; /* .ares is NULL where there is one server only */
};

struct asking {
    struct channel *channel;
    const char *host;
    enum dns_type type;
    unsigned refusal; /* the first wing's rcode, while the second one asks; or 0 */
    unsigned tries;
    channel_fn *on_reply;
    void *ctx;
};

static void set_timer(struct wing *wing)
{
    struct timeval left;
    if (!ares_timeout(wing->ares, NULL, &left)) {
        timer_stop(&wing->timer);
        return;
    }
    timer_start(&wing->timer, (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1);
}

/* Never ares_process: it writes past its fd_set when a descriptor is 1024 or more. */
static void on_socket(void *ctx, int fd, bool readable, bool writable)
{
    struct wing *wing = ctx;
    ares_process_fd(wing->ares, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
    set_timer(wing);
}

static void on_due(void *ctx)
{
    struct wing *wing = ctx;
    ares_process_fd(wing->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(wing);
}

static struct peephole **find_peephole(struct wing *wing, int fd)
{
    struct peephole **at = &wing->peepholes;
    while (*at && watch_fd((*at)->watch) != fd)
        at = &(*at)->next;
    return at;
}

static void close_peephole(struct peephole **at)
{
    struct peephole *gone = *at;
    if (!gone)
        return;
    *at = gone->next;
    watch_free(gone->watch);
    free(gone);
}

/* NULL: the questions to that server will be found to have timed out. */
static struct peephole *open_peephole(struct wing *wing, int fd)
{
    struct err err;
    struct watch *watch = watch_new(wing->loop, fd, on_socket, wing, &err);
    if (!watch) {
        log_say(LOG_ERROR, "dns-socket", "%s", err.text);
        return NULL;
    }
    struct peephole *peephole = NEW(struct peephole);
    peephole->watch = watch;
    peephole->next = wing->peepholes;
    wing->peepholes = peephole;
    return peephole;
}

/* c-ares says what it wants of a socket: nothing at all just before it closes it. */
static void on_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct wing *wing = ctx;
    struct peephole **at = find_peephole(wing, fd);
    if (!readable && !writable) {
        close_peephole(at);
        return;
    }
    struct peephole *peephole = *at ? *at : open_peephole(wing, fd);
    if (peephole)
        watch_set(peephole->watch, readable, writable);
}

static bool is_refusal(unsigned rcode)
{
    return rcode == DNS_SERVFAIL || rcode == DNS_NOTIMP || rcode == DNS_REFUSED;
}

/* c-ares reports sockets that cannot be made as a refused connection. */
static enum dns_result result_of(int status)
{
    switch (status) {
    case ARES_ETIMEOUT:
        return DNS_TIMEOUT;
    case ARES_ECONNREFUSED:
        return descriptors_left(0) ? DNS_UNREACHABLE : DNS_SHORTAGE;
    case ARES_ENOMEM:
        return DNS_SHORTAGE;
    case ARES_ENOTFOUND: /* ".onion", which is not asked for: RFC 7686 */
        return DNS_NO_NAME;
    default:
        return DNS_BROKEN;
    }
}

static void on_ares(void *arg, int status, int timeouts, unsigned char *bytes, int len);

/* True if the second wing asks now. */
static bool ask_the_others(struct asking *asking, unsigned rcode)
{
    struct wing *second = &asking->channel->second;
    if (!second->ares || asking->refusal)
        return false;
    asking->refusal = rcode;
    ares_query(second->ares, asking->host, CLASS_IN, (int)asking->type, on_ares, asking);
    set_timer(second);
    return true;
}

/* The asking is over: frees it, then tells. */
static void reply(struct asking *asking, const struct channel_reply *reply)
{
    channel_fn *on_reply = asking->on_reply;
    void *ctx = asking->ctx;
    free(asking);
    on_reply(ctx, reply);
}

static void on_ares(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
    struct asking *asking = arg;
    struct channel_reply said = {.tries = asking->tries + (unsigned)timeouts};
    unsigned rcode = bytes && len > 3 ? bytes[3] & 0x0Fu : 0; /* RFC 1035 §4.1.1 */
    if (status == ARES_EDESTRUCTION) {
        free(asking);
        return;
    }
    asking->tries = said.tries;
    if (is_refusal(rcode) && ask_the_others(asking, rcode))
        return;
    if (is_refusal(rcode) || (!bytes && asking->refusal)) {
        said.result = DNS_REFUSAL;
        said.rcode = is_refusal(rcode) ? rcode : asking->refusal;
    } else if (bytes) {
        said.bytes = str_from(bytes, (size_t)len);
    } else {
        said.result = result_of(status);
    }
    reply(asking, &said);
}

void channel_ask(struct channel *channel, const char *host, enum dns_type type,
                 channel_fn *on_reply, void *ctx)
{
    struct asking *asking = NEW(struct asking);
    *asking = (struct asking){
        .channel = channel, .host = host, .type = type, .on_reply = on_reply, .ctx = ctx};
    ares_query(channel->first.ares, host, CLASS_IN, (int)type, on_ares, asking);
    set_timer(&channel->first);
}

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_status;

bool channel_hosts_file(struct channel *channel, const char *host, enum dns_type type,
                        struct dns_message *out)
{
    struct hostent *found = NULL;
    bool v6 = type == DNS_TYPE_AAAA;
    if (ares_gethostbyname_file(channel->first.ares, host, v6 ? AF_INET6 : AF_INET, &found) !=
        ARES_SUCCESS)
        return false;
    *out = (struct dns_message){.result = DNS_RECORDS, .ttl_s = HOSTS_FILE_TTL_S};
    for (char **at = found->h_addr_list; *at && out->count < DNS_ADDRESSES_MAX; at++)
        memcpy(v6 ? out->v6[out->count++] : out->v4[out->count++], *at, v6 ? 16 : 4);
    ares_free_hostent(found);
    return out->count > 0;
}

/* ares_library_init is not safe among threads. What it takes is kept until the process ends. */
static void library_init(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

static int set_server(struct wing *wing, const struct listen_address *server, struct err *err)
{
    struct ares_addr_port_node node = {.udp_port = server->port, .tcp_port = server->port};
    struct sockaddr_storage address;
    if (address_parse_host(str_of(server->host), server->port, &address, err))
        return err_prefix(err, "The name server's address cannot be used");
    node.family = address.ss_family;
    if (node.family == AF_INET)
        memcpy(&node.addr, &((struct sockaddr_in *)&address)->sin_addr, sizeof(struct in_addr));
    else
        memcpy(&node.addr, &((struct sockaddr_in6 *)&address)->sin6_addr, sizeof(struct in6_addr));
    int status = ares_set_servers_ports(wing->ares, &node);
    if (status != ARES_SUCCESS)
        return err_set(err, "The name server %s cannot be used: %s.", server->host,
                       ares_strerror(status));
    return 0;
}

static void wing_release(struct wing *wing)
{
    if (!wing->ares)
        return;
    timer_stop(&wing->timer);
    ares_destroy(wing->ares);
    wing->ares = NULL;
    while (wing->peepholes)
        close_peephole(&wing->peepholes);
}

/* What c-ares is told; the rest it finds in `file`. The texts are copied by c-ares. */
struct wing_plan {
    const struct dns_config *config;
    struct resolv_conf file;
    int flags; /* ARES_FLAG_NOCHECKRESP: refusals are handed on, not tried at the next server */
};

static int wing_init(struct wing *wing, struct loop *loop, const struct wing_plan *plan,
                     struct err *err)
{
    const struct dns_config *config = plan->config;
    char lookups[] = "b"; /* DNS, and no file */
    char *path = str_dup(str_of(plan->file.path));
    struct ares_options options = {
        .flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | plan->flags,
        .timeout = config->timeout_ms < INT32_MAX ? (int)config->timeout_ms : INT32_MAX,
        .tries = (int)config->tries,
        .udp_port = plan->file.port,
        .tcp_port = plan->file.port,
        .lookups = lookups,
        .ednspsz = EDNS_SIZE,
        .sock_state_cb = on_state,
        .sock_state_cb_data = wing,
        .resolvconf_path = path,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
               ARES_OPT_DOMAINS | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB | ARES_OPT_UDP_PORT |
               ARES_OPT_TCP_PORT | ARES_OPT_RESOLVCONF;
    wing->loop = loop;
    timer_init(&wing->timer, loop, on_due, wing);
    int status = ares_init_options(&wing->ares, &options, mask);
    free(path);
    if (status == ARES_SUCCESS)
        return config->server.port ? set_server(wing, &config->server, err) : 0;
    wing->ares = NULL;
    return err_set(err, "The resolver cannot start: %s.", ares_strerror(status));
}

static size_t count_servers(const struct channel *channel)
{
    struct ares_addr_port_node *list = NULL;
    size_t count = 0;
    ares_get_servers_ports(channel->first.ares, &list);
    for (struct ares_addr_port_node *node = list; node; node = node->next)
        count++;
    ares_free_data(list);
    return count;
}

struct channel *channel_new(struct loop *loop, const struct dns_config *config,
                            const struct resolv_conf *file, struct err *err)
{
    static const struct resolv_conf system_file = {"/etc/resolv.conf", 53},
                                    no_file = {"/dev/null", 53};
    pthread_once(&library_once, library_init);
    if (library_status != ARES_SUCCESS) {
        err_set(err, "The resolver cannot start: %s.", ares_strerror(library_status));
        return NULL;
    }
    struct channel *channel = NEW(struct channel);
    struct wing_plan plan = {config, file ? *file : system_file, ARES_FLAG_NOCHECKRESP};
    if (config->server.port)
        plan.file = no_file;
    if (wing_init(&channel->first, loop, &plan, err) == 0) {
        plan.flags = 0;
        if (count_servers(channel) < 2 || wing_init(&channel->second, loop, &plan, err) == 0)
            return channel;
    }
    channel_free(channel);
    return NULL;
}

void channel_free(struct channel *channel)
{
    if (!channel)
        return;
    wing_release(&channel->first);
    wing_release(&channel->second);
    free(channel);
}

void channel_servers(const struct channel *channel, struct buf *out)
{
    struct ares_addr_port_node *list = NULL;
    ares_get_servers_ports(channel->first.ares, &list);
    for (struct ares_addr_port_node *node = list; node; node = node->next) {
        char text[INET6_ADDRSTRLEN] = "";
        inet_ntop(node->family, &node->addr, text, sizeof(text));
        buf_addf(out, "%s,%d,%d ", text, node->udp_port, node->tcp_port);
    }
    ares_free_data(list);
}
