/*
 * What the site above has decided about a session, handed down as one const struct: the protocol
 * has no policy of its own (RFC 5321 for the protocol). The caller owns everything in here; texts
 * and pointers stay valid until the session is closed, and one struct may serve many sessions.
 */
#ifndef TOCSIN_SMTP_PARAMS_H
#define TOCSIN_SMTP_PARAMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct ssl_ctx_st;     /* OpenSSL's SSL_CTX */
struct ssl_session_st; /* OpenSSL's SSL_SESSION */

/* More overlap than this brings nothing: eight flights already fill any line. */
#define SMTP_IN_FLIGHT_MAX 16

#define SMTP_ADDRESSES_MAX 8

enum smtp_tls_policy {
    SMTP_TLS_NONE,          /* never STARTTLS */
    SMTP_TLS_OPPORTUNISTIC, /* STARTTLS when offered; in clear when it is refused with a reply */
    SMTP_TLS_REQUIRED,      /* no mail in clear, ever */
};

/* How long to wait for each answer, in milliseconds (RFC 5321 §4.5.3.2); 0 waits without end. */
struct smtp_timeouts {
    int64_t connect;  /* all addresses together */
    int64_t greeting; /* 5 min in the RFC */
    int64_t ehlo;     /* EHLO and HELO, 5 min */
    int64_t starttls; /* the answer to STARTTLS, and then the handshake */
    int64_t mail;     /* MAIL and RSET, 5 min */
    int64_t rcpt;     /* 5 min */
    int64_t data;     /* the 354, 2 min */
    int64_t body;     /* the answer after the last byte, 10 min */
    int64_t quit;
};

/* The RFC's values, and 30 s where it names none. */
#define SMTP_TIMEOUTS_RFC \
    ((struct smtp_timeouts){30000, 300000, 300000, 120000, 300000, 300000, 120000, 600000, 30000})

struct smtp_params {
    const char *ehlo_name;   /* our name in EHLO: a host name or an address literal */
    const char *server_name; /* for logs, SNI and the certificate; may be NULL */
    /* Where to connect to: one host's addresses, in the order to try them; what `apart_ms` and the
     * sources mean, struct stream_target in loop/stream.h says. */
    struct sockaddr_storage addresses[SMTP_ADDRESSES_MAX];
    unsigned address_count;
    unsigned apart_ms; /* 0: strictly one after the other, never two connections at once */
    struct sockaddr_storage source4, source6; /* ss_family AF_UNSPEC: let the kernel choose */
    enum smtp_tls_policy tls;
    struct ssl_ctx_st *tls_context;    /* needed unless tls is SMTP_TLS_NONE */
    struct ssl_session_st *tls_resume; /* a session to resume, or NULL */
    struct smtp_timeouts timeouts;
    unsigned in_flight; /* transactions that may overlap: 1 to SMTP_IN_FLIGHT_MAX; 0 counts as 1 */
    /* Lessons about this site: do not use the extension even when it is offered. */
    bool no_pipelining;
    bool no_chunking;
    bool no_starttls;
};

#endif
