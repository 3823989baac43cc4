/*
 * What each state says when it is entered, and what it makes of the answer: two small functions a
 * state, which return the state that comes next. What they say gathers in the session's
 * output. The table in states.c names them, and the diagram above it shows where they lead.
 */
#ifndef TOCSIN_SMTP_VERBS_H
#define TOCSIN_SMTP_VERBS_H

#include "smtp/states.h"

void smtp_say_nothing(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_greeting(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_ehlo(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_helo(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_starttls(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_handshake(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_idle(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_rset(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_mail(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_rcpt(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_data(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_body(struct smtp_session *s, struct smtp_slot *slot);
void smtp_say_quit(struct smtp_session *s, struct smtp_slot *slot);

enum smtp_state smtp_hear_unasked(struct smtp_session *s, struct smtp_slot *slot,
                                  const struct smtp_reply *r);
enum smtp_state smtp_hear_greeting(struct smtp_session *s, struct smtp_slot *slot,
                                   const struct smtp_reply *r);
enum smtp_state smtp_hear_ehlo(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);
enum smtp_state smtp_hear_helo(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);
enum smtp_state smtp_hear_starttls(struct smtp_session *s, struct smtp_slot *slot,
                                   const struct smtp_reply *r);
enum smtp_state smtp_hear_rset(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);
enum smtp_state smtp_hear_mail(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);
enum smtp_state smtp_hear_rcpt(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);
enum smtp_state smtp_hear_data(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);
enum smtp_state smtp_hear_body(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);
enum smtp_state smtp_hear_quit(struct smtp_session *s, struct smtp_slot *slot,
                               const struct smtp_reply *r);

#endif
