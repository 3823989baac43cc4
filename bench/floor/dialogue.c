#include "floor/dialogue.h"

enum { REPLY_MAX = 16 * 1024 };

/* True once the last line of `reply` is whole and has no hyphen behind its code. */
static bool is_whole(struct str reply)
{
    if (!reply.at || !str_ends(reply, STR("\r\n")))
        return false;
    const char *before = memrchr(reply.at, '\n', reply.len - 2);
    struct str last = before ? str_skip(reply, (size_t)(before - reply.at) + 1) : reply;
    return last.len >= 5 && last.at[3] != '-';
}

static int hear(struct wire *w, const char *code, const char *after, struct buf *reply,
                struct err *err)
{
    buf_reset(reply);
    while (!is_whole(buf_str(reply)) && reply->len < REPLY_MAX) {
        int n = wire_read(w, buf_reserve(reply, 1024), 1024);
        if (n < 0)
            return err_set(err, "The receiver gave no answer to %s.", after);
        reply->len += (size_t)n;
    }
    struct str text = str_trim(buf_str(reply));
    if (!str_starts(text, str_of(code)))
        return err_set(err, "The receiver answered %s with '%.*s' and not with %s.", after,
                       STR_ARG(text), code);
    return 0;
}

static int ask(struct wire *w, const char *command, const char *code, struct buf *reply,
               struct err *err)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "%s\r\n", command);
    int failed = wire_add(w, buf_str(&line)) || wire_flush(w);
    buf_release(&line);
    return failed ? err_set(err, "%s cannot be sent to the receiver.", command)
                  : hear(w, code, command, reply, err);
}

/* An EHLO keyword on a line of its own, as `250-` or `250 ` and the word. */
static int demand(const struct buf *reply, const char *keyword, struct err *err)
{
    for (struct str rest = buf_str(reply); rest.at;) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (str_eq_nocase(str_skip(line, 4), str_of(keyword)))
            return 0;
    }
    return err_set(err, "The receiver does not offer %s, which is needed.", keyword);
}

static int say_hello(struct wire *w, struct buf *reply, struct err *err)
{
    return ask(w, "EHLO floor.example", "250", reply, err);
}

static int secure(struct wire *w, SSL_CTX *tls, struct buf *reply, struct err *err)
{
    if (demand(reply, "STARTTLS", err) || ask(w, "STARTTLS", "220", reply, err))
        return -1;
    return wire_secure(w, tls, err) ? -1 : say_hello(w, reply, err);
}

int dialogue_open(struct wire *w, const struct options *o, SSL_CTX *tls, struct err *err)
{
    struct buf reply = BUF_INIT;
    int failed = wire_open(w, o, err) || hear(w, "220", "the connection", &reply, err) ||
                 say_hello(w, &reply, err) || (tls && secure(w, tls, &reply, err)) ||
                 demand(&reply, "PIPELINING", err) || demand(&reply, "CHUNKING", err) ||
                 wire_unblock(w, err);
    buf_release(&reply);
    return failed ? -1 : 0;
}

void dialogue_close(struct wire *w)
{
    if (wire_add(w, STR("QUIT\r\n")) == 0)
        (void)wire_flush(w);
    wire_close(w);
}
