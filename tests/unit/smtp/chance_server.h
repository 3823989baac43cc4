/*
 * A receiver for tests of the pure session that fails by chance, the same way for the same seed. It
 * reads what the session wrote, as far as it has left the machine, and names in each reply the
 * person that it believes the reply is about: "250 rcpt 3". Whoever uses it brings the bytes to and
 * fro. It knows what it took, which is the truth that the session's outcomes are held against.
 *
 * Person N is written to by `MAIL FROM:<fromN@x>`, `RCPT TO:<toN@x>` and the body of chance_body.
 */
#ifndef TOCSIN_TESTS_SMTP_CHANCE_SERVER_H
#define TOCSIN_TESTS_SMTP_CHANCE_SERVER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"

#define CHANCE_PEOPLE 24

enum chance_fault {
    FAULT_NONE,
    FAULT_LATER,          /* 451 */
    FAULT_NEVER,          /* 550 */
    FAULT_LEAVING,        /* 421, and closes */
    FAULT_BUSY,           /* 421, and goes on */
    FAULT_CLOSE,          /* replies that had not arrived may never do */
    FAULT_STALL,          /* silent from now on, deaf too */
    FAULT_GARBAGE,        /* no reply */
    FAULT_SENSELESS,      /* a reply, but to something else */
    FAULT_OUT_OF_SEQUENCE /* 503 to MAIL, as one who lost count says */
};

struct chance_server {
    uint64_t seed;
    bool pipelining, chunking;
    uint64_t faults; /* of 1,000 replies */

    const struct buf *wire; /* what the session wrote */
    size_t left;            /* of it: has left the session's machine */
    size_t read;
    struct buf said;
    size_t delivered; /* of what it said: the session has it */

    enum { SERVER_COMMAND, SERVER_TEXT, SERVER_CHUNK, SERVER_DEAF, SERVER_CLOSED } mode;
    size_t chunk_left;
    struct buf body;
    bool open, refused; /* MAIL was taken; something of this transaction was refused */
    unsigned person;    /* whom the last command was about */
    unsigned recipient; /* 0: no RCPT was taken */

    unsigned took[CHANCE_PEOPLE + 1];
    size_t final_at[CHANCE_PEOPLE + 1]; /* where the reply that decides about a person ends */
    unsigned final_code[CHANCE_PEOPLE + 1];
    bool busy_once; /* it said 421 and went on */
    bool senseless_once;
    const char *complaint; /* what the session may not do */
};

/* splitmix64. */
static uint64_t chance(uint64_t *seed, uint64_t below)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % below;
}

static void chance_body(struct buf *out, unsigned person)
{
    buf_addf(out, "Dear %u,\r\n", person);
    for (unsigned i = 0; i < person % 4; i++)
        buf_add_text(out, ".a line that begins with a dot\r\n");
    buf_addf(out, "yours, end of %u\r\n", person);
}

static void server_complain(struct chance_server *sv, const char *complaint)
{
    if (!sv->complaint)
        sv->complaint = complaint;
}

static void server_say(struct chance_server *sv, unsigned code, const char *what)
{
    if (chance(&sv->seed, 4) == 0)
        buf_addf(&sv->said, "%u-on second thoughts\r\n", code);
    buf_addf(&sv->said, "%u %s %u\r\n", code, what, sv->person);
}

/* A reply that decides about the person. */
static void server_decide(struct chance_server *sv, unsigned code, const char *what)
{
    server_say(sv, code, what);
    if (sv->final_at[sv->person] > 0)
        return;
    sv->final_at[sv->person] = sv->said.len;
    sv->final_code[sv->person] = code;
}

static enum chance_fault server_draw(struct chance_server *sv, bool is_mail)
{
    if (chance(&sv->seed, 1000) >= sv->faults)
        return FAULT_NONE;
    if (is_mail && chance(&sv->seed, 4) == 0)
        return FAULT_OUT_OF_SEQUENCE;
    return (enum chance_fault)(FAULT_LATER + chance(&sv->seed, FAULT_SENSELESS));
}

/* The connection breaks: of what has not arrived, a part never will. */
static void server_close(struct chance_server *sv)
{
    size_t under_way = sv->said.len - sv->delivered;
    if (!sv->busy_once)
        sv->said.len = sv->delivered + chance(&sv->seed, under_way + 1);
    sv->mode = SERVER_CLOSED;
}

static void server_fail(struct chance_server *sv, enum chance_fault fault, const char *what)
{
    sv->refused = true;
    sv->senseless_once |= fault == FAULT_GARBAGE || fault == FAULT_SENSELESS;
    sv->busy_once |= fault == FAULT_BUSY;
    if (fault == FAULT_LATER)
        server_decide(sv, 451, what);
    else if (fault == FAULT_NEVER)
        server_decide(sv, 550, what);
    else if (fault == FAULT_LEAVING || fault == FAULT_BUSY)
        server_decide(sv, 421, what);
    else if (fault == FAULT_OUT_OF_SEQUENCE)
        server_decide(sv, 503, what);
    else if (fault == FAULT_GARBAGE)
        buf_add_text(&sv->said, "this is no reply\r\n");
    else if (fault == FAULT_SENSELESS)
        server_say(sv, str_eq(str_of(what), STR("data")) ? 250 : 354, what);
    if (fault == FAULT_LEAVING)
        sv->mode = SERVER_CLOSED;
    else if (fault == FAULT_CLOSE)
        server_close(sv);
    else if (fault == FAULT_STALL)
        sv->mode = SERVER_DEAF;
}

static void server_forget(struct chance_server *sv)
{
    sv->open = sv->refused = false;
    sv->recipient = 0;
    buf_reset(&sv->body);
}

static void server_mail(struct chance_server *sv)
{
    if (sv->open)
        server_complain(sv, "MAIL inside a transaction");
    server_forget(sv);
    enum chance_fault fault = server_draw(sv, true);
    if (fault)
        return server_fail(sv, fault, "mail");
    sv->open = true;
    server_say(sv, 250, "mail");
}

static void server_rcpt(struct chance_server *sv)
{
    if (!sv->open) {
        if (!sv->refused)
            server_complain(sv, "RCPT without MAIL");
        return server_decide(sv, 503, "rcpt");
    }
    enum chance_fault fault = server_draw(sv, false);
    if (fault)
        return server_fail(sv, fault, "rcpt");
    sv->recipient = sv->person;
    server_say(sv, 250, "rcpt");
}

static void server_data(struct chance_server *sv)
{
    if (sv->read < sv->wire->len)
        server_complain(sv, "bytes behind DATA before its answer");
    /* RFC 2920 §3.1: some say 354 without any recipient, and refuse the message after its dot. */
    bool generous = chance(&sv->seed, 2) == 0;
    if (sv->recipient == 0 && !sv->refused)
        server_complain(sv, "DATA without RCPT");
    if (sv->recipient == 0 && !(sv->open && generous))
        return server_decide(sv, sv->open ? 554 : 503, "data");
    enum chance_fault fault = server_draw(sv, false);
    if (fault)
        return server_fail(sv, fault, "data");
    server_say(sv, 354, "data");
    sv->mode = SERVER_TEXT;
}

/* The end of a message, by a dot or the last chunk. */
static void server_take(struct chance_server *sv)
{
    struct buf due = BUF_INIT;
    chance_body(&due, sv->recipient);
    bool whole = str_eq(buf_str(&sv->body), buf_str(&due));
    buf_release(&due);
    sv->mode = SERVER_COMMAND;
    if (sv->recipient == 0) {
        sv->open = sv->open && sv->chunking; /* RFC 5321 §4.1.1.4: the dot ends it */
        return server_decide(sv, sv->refused ? 554 : 503, "body");
    }
    if (!whole)
        server_complain(sv, "a message that is not its recipient's");
    enum chance_fault fault = server_draw(sv, false);
    unsigned recipient = sv->recipient;
    bool refused_chunks = sv->chunking && fault;
    server_forget(sv);
    sv->open = sv->refused = refused_chunks; /* RFC 3030 §2: RSET must come */
    if (fault)
        return server_fail(sv, fault, "body");
    sv->took[recipient]++;
    server_decide(sv, 250, "body");
}

static void server_bdat(struct chance_server *sv, size_t len)
{
    if (!sv->chunking)
        server_complain(sv, "BDAT, which was not offered");
    if (sv->recipient == 0 && !sv->refused)
        server_complain(sv, "BDAT without RCPT");
    sv->mode = SERVER_CHUNK;
    sv->chunk_left = len;
}

static void server_ehlo(struct chance_server *sv)
{
    buf_add_text(&sv->said, "250-chance.example\r\n");
    if (sv->pipelining)
        buf_add_text(&sv->said, "250-PIPELINING\r\n");
    buf_add_text(&sv->said, sv->chunking ? "250 CHUNKING\r\n" : "250 HELP\r\n");
}

/* RSET fails as others do, but decides about nobody. */
static void server_rset(struct chance_server *sv)
{
    static const enum chance_fault faults[] = {FAULT_LEAVING, FAULT_BUSY, FAULT_CLOSE, FAULT_STALL,
                                               FAULT_GARBAGE};
    server_forget(sv);
    if (server_draw(sv, false) == FAULT_NONE)
        return server_say(sv, 250, "rset");
    size_t decided = sv->final_at[sv->person];
    server_fail(sv, faults[chance(&sv->seed, sizeof(faults) / sizeof(faults[0]))], "rset");
    sv->final_at[sv->person] = decided;
    sv->refused = false;
}

static void server_command(struct chance_server *sv, const char *line)
{
    size_t len;
    if (!sv->pipelining && sv->delivered < sv->said.len)
        server_complain(sv, "a command before the last one's answer, without PIPELINING");
    if (sscanf(line, "MAIL FROM:<from%u@x>", &sv->person) == 1)
        server_mail(sv);
    else if (sscanf(line, "RCPT TO:<to%u@x>", &sv->person) == 1)
        server_rcpt(sv);
    else if (sscanf(line, "BDAT %zu LAST", &len) == 1)
        server_bdat(sv, len);
    else if (strcmp(line, "DATA") == 0)
        server_data(sv);
    else if (strcmp(line, "RSET") == 0)
        server_rset(sv);
    else if (strcmp(line, "EHLO me.example") == 0)
        server_ehlo(sv);
    else if (strcmp(line, "QUIT") == 0) {
        server_say(sv, 221, "quit");
        sv->mode = SERVER_CLOSED;
    } else
        server_complain(sv, "a command that there is not");
}

static void server_text(struct chance_server *sv, const char *line)
{
    if (strcmp(line, ".") == 0)
        server_take(sv);
    else
        buf_addf(&sv->body, "%s\r\n", line[0] == '.' ? line + 1 : line);
}

/* Takes a line or a piece of a chunk; false when there is nothing to take. */
static bool server_step(struct chance_server *sv)
{
    struct str in = str_from(sv->wire->at + sv->read, sv->left - sv->read);
    char line[200];
    if (in.len == 0 || sv->mode == SERVER_DEAF || sv->mode == SERVER_CLOSED)
        return false;
    if (sv->mode == SERVER_CHUNK) {
        size_t len = in.len < sv->chunk_left ? in.len : sv->chunk_left;
        buf_add_str(&sv->body, str_from(in.at, len));
        sv->read += len;
        sv->chunk_left -= len;
        if (sv->chunk_left == 0)
            server_take(sv);
        return true;
    }
    const char *lf = memchr(in.at, '\n', in.len);
    if (!lf)
        return false;
    size_t len = (size_t)(lf - in.at) + 1;
    snprintf(line, sizeof(line), "%.*s", (int)len - 2, in.at);
    sv->read += len;
    (sv->mode == SERVER_TEXT ? server_text : server_command)(sv, line);
    return true;
}

static void server_release(struct chance_server *sv)
{
    buf_release(&sv->said);
    buf_release(&sv->body);
}

#endif
