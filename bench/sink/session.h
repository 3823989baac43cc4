/*
 * One SMTP session, without I/O: bytes of the client in, bytes of replies out. conn.c owns the
 * socket, gives what it read to session_take, sends what is in `out`, tells with session_delivered
 * how much of it left, and does what `fate` says once all of it has. The commands are in command.c.
 *
 *     COMMAND --DATA, 354--> DATA  --final dot--> COMMAND
 *     COMMAND --BDAT n-----> CHUNK --n octets---> COMMAND
 *     any     --stall------> IGNORED
 */
#ifndef SINK_SESSION_H
#define SINK_SESSION_H

#include "sink/body.h"
#include "sink/options.h"
#include "sink/record.h"

enum { MESSAGE_MAX = 100 * 1024 * 1024, RECIPIENTS_MAX = 1000 };

enum mode { MODE_COMMAND, MODE_DATA, MODE_CHUNK, MODE_IGNORED };

enum fate {
    FATE_GO_ON,
    FATE_START_TLS,
    FATE_BREAK_TLS, /* as if, and then no TLS */
    FATE_CLOSE,     /* politely: what the client still sends is read */
    FATE_CUT        /* at once */
};

struct envelope {
    bool open;    /* MAIL was accepted */
    bool refused; /* MAIL or an RCPT was refused, so what was pipelined behind it is no fault */
    bool eight_bit, utf8;
    bool chunked; /* a BDAT came */
    unsigned recipients;
    struct buf from; /* escaped for the log */
    struct buf to;
    const struct fault_rule *end; /* what a recipient wants to happen to the message */
};

struct session {
    const struct options *options;
    struct record *record;
    bool tls_offered;
    uint64_t id;
    uint64_t draws;
    enum mode mode;
    enum fate fate;
    bool hello, extended; /* EHLO or HELO; EHLO */
    bool tls;
    bool must_wait;           /* the last command ends its group, RFC 2920 §3.1 */
    uint64_t said, delivered; /* bytes of replies, ever */
    unsigned messages;
    struct buf line; /* an unfinished command */
    struct buf out;
    struct envelope envelope;
    struct body body;
    bool body_open;
    uint64_t keep; /* the number to keep the message as, or 0 */
    struct dots dots;
    uint64_t chunk_left;
    bool chunk_last, chunk_refused;
    bool body_begun; /* its first bytes came */
};

/* Says the banner, too. `options` and `record` outlive the session. */
void session_init(struct session *s, const struct options *options, struct record *record,
                  bool tls_offered, uint64_t id);
void session_release(struct session *s);

void session_take(struct session *s, struct str in);
void session_delivered(struct session *s, size_t bytes);

/* After a handshake: as at the start, but without a banner (RFC 3207 §4.2). */
void session_secured(struct session *s);

/* For command.c. */
void session_reply(struct session *s, unsigned code, const char *text);
void session_fault(struct session *s, const char *sentence);

/* True if a fault was drawn for this stage; then it has been obeyed and the command is over. */
bool session_draw(struct session *s, enum stage stage);
void session_obey(struct session *s, const struct fault_rule *rule);

/* Notes a fault if the client spoke before it could know the answer it had to wait for. */
void session_check_turn(struct session *s);

/* Ends the transaction, whatever it was. */
void session_reset(struct session *s);

/* Prepares for the first bytes of the message. */
void session_open_body(struct session *s);

/* All octets of a BDAT are there. */
void session_end_chunk(struct session *s);

#endif
