/*
 * The states of an SMTP session and the one door between them. A state is named after what we wait
 * for; states.c holds their table and draws how they follow each other. For session.c and verbs.c
 * only.
 */
#ifndef TOCSIN_SMTP_STATES_H
#define TOCSIN_SMTP_STATES_H

#include "smtp/session.h"

/* The start of a sentence. */
const char *smtp_server_name(const struct smtp_session *s);

/* The phrase for "no answer to …". */
const char *smtp_state_waits_for(enum smtp_state state);

/*
 * The one door: logs old → new, says what the new state says unless that was already said in a
 * flight, and sets the timer. `slot` is the transaction it is about, or NULL.
 */
void smtp_state_enter(struct smtp_session *s, enum smtp_state next, struct smtp_slot *slot);

/* Gives the answer in the parser to the state that waits for it, and enters what it asks for. */
void smtp_state_hear(struct smtp_session *s);

/* Sets the timer anew for the state we are in. */
void smtp_state_rearm(struct smtp_session *s);

/* Says all of a transaction that can be said before an answer. */
void smtp_state_launch(struct smtp_session *s, struct smtp_slot *slot);

/* What comes after an answer that needs nothing said at once. */
enum smtp_state smtp_upcoming(const struct smtp_session *s);

/* For verbs.c: the sentence for those who are lost in a session that goes on: what the server
 * `did`, to what, and its reply. */
void smtp_note(struct smtp_session *s, const char *did, const struct smtp_reply *r);

/* For verbs.c: note why the session ends and return SMTP_CLOSED. The sentence may be a reply's. */
enum smtp_state smtp_ending(struct smtp_session *s, enum smtp_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum smtp_state smtp_ended_by(struct smtp_session *s, enum smtp_end end, const char *did,
                              const struct smtp_reply *r);
enum smtp_state smtp_out_of_step(struct smtp_session *s, const struct smtp_reply *r);

/* Notes why the session ends, and ends it. The first reason counts. */
void smtp_state_end(struct smtp_session *s, enum smtp_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
