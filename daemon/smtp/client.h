/*
 * One outgoing SMTP session over one connection: it connects, greets, secures, sends transactions,
 * several at once where the server can take it, and says exactly once what came of each. It lives
 * on one loop and is used on that loop's thread only. Policy (whom to connect to, how often, what
 * to do with an answer) is decided above and comes down in `struct smtp_params`.
 *
 * The client is opaque; it belongs to the caller from smtp_client_new until on_closed returns, and
 * is then gone. It keeps no copy of transactions.
 *
 *     smtp_client_new ──> on_ready ──> smtp_client_send ──> on_began ──> on_answer ┐
 *                            │              ▲                    └─────> on_lost   │
 *                            │              └──────────── on_room <────────────────┘
 *                            └─ smtp_client_quit / smtp_client_abort / the server ──> on_closed
 *
 * Callbacks may come from inside flush, quit and abort when these are called from outside a
 * callback; on_closed never comes from inside a call. Every call is allowed inside every callback;
 * in on_closed, calls do nothing.
 */
#ifndef TOCSIN_SMTP_CLIENT_H
#define TOCSIN_SMTP_CLIENT_H

#include "smtp/ehlo.h"
#include "smtp/params.h"
#include "smtp/reply.h"
#include "smtp/transaction.h"

struct loop;
struct smtp_client;
struct stream_tls_info; /* loop/stream.h */

struct smtp_events {
    /* Once, when transactions can be sent. `tls` is NULL in clear; both are valid in the call. */
    void (*on_ready)(struct smtp_client *client, void *owner,
                     const struct smtp_extensions *extensions, const struct stream_tls_info *tls);
    /* The first byte of the transaction is about to be written: the moment to journal it. */
    void (*on_began)(struct smtp_client *client, void *owner, struct smtp_transaction *tx);
    /* Its last byte was given to the connection: the message's bytes (`body`) are not looked at any
     * more. At most once, not after its answer. May be NULL. */
    void (*on_handed_over)(struct smtp_client *client, void *owner, struct smtp_transaction *tx);
    /* Either of these, exactly once for each transaction; then the caller may free it. */
    void (*on_answer)(struct smtp_client *client, void *owner, struct smtp_transaction *tx,
                      const struct smtp_answer *answer);
    void (*on_lost)(struct smtp_client *client, void *owner, struct smtp_transaction *tx,
                    enum smtp_loss loss, const char *sentence);
    /* smtp_client_room is above 0 again. */
    void (*on_room)(struct smtp_client *client, void *owner);
    /*
     * Once, last, after every transaction was answered or lost. `reply` is the one that ended the
     * session, or NULL. When this returns, the client is freed.
     */
    void (*on_closed)(struct smtp_client *client, void *owner, enum smtp_end end,
                      const struct smtp_reply *reply, const char *sentence);
};

/*
 * Starts to connect. `params` and `events` are not copied and stay valid until on_closed. Failures,
 * also immediate ones, come through on_closed.
 */
struct smtp_client *smtp_client_new(struct loop *loop, const struct smtp_params *params,
                                    const struct smtp_events *events, void *owner);

/*
 * Which of params.addresses is connected, as an index, or -1; and those that failed before (or all
 * of them, when none is), bit 1 << i for address i, with a sentence that names them and says why,
 * "" when none did. What this machine lacked is no address's failure. The answers stand from
 * on_ready on, and in on_closed; the sentence is valid until on_closed returns.
 */
int smtp_client_reached(const struct smtp_client *client);
unsigned smtp_client_failed(const struct smtp_client *client);
const char *smtp_client_failures(const struct smtp_client *client);

/* What was seen of the server's manners up to now; complete in on_closed. */
struct smtp_manners smtp_client_manners(const struct smtp_client *client);

/* How many transactions may be sent at this moment; 0 before on_ready and after quit. */
unsigned smtp_client_room(const struct smtp_client *client);

/* Takes a transaction. Allowed only while smtp_client_room is above 0. It begins with the next
 * smtp_client_flush: what was taken together goes out in one write. */
void smtp_client_send(struct smtp_client *client, struct smtp_transaction *tx);
void smtp_client_flush(struct smtp_client *client);

/* Takes no more transactions, and says QUIT after the last answer. Before on_ready: just closes. */
void smtp_client_quit(struct smtp_client *client);

/* Closes now: what is unanswered is lost. */
void smtp_client_abort(struct smtp_client *client);

/*
 * The TLS session to resume next time, or NULL. The caller owns the reference (SSL_SESSION_free).
 * Best asked in on_closed: servers send their tickets late.
 */
struct ssl_session_st *smtp_client_tls_session(struct smtp_client *client);

#endif
