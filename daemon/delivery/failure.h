/*
 * What kind of failure a reply speaks of, so that each can be tried again on its own schedule
 * (config/schedule.h). Replies say so in enhanced codes (RFC 3463) where these are exact, and in
 * words where they are not: greylisting has no code of its own, and its text often says when to
 * come back. Pure; decides nothing.
 */
#ifndef TOCSIN_DELIVERY_FAILURE_H
#define TOCSIN_DELIVERY_FAILURE_H

#include "config/config.h"
#include "smtp/reply.h"

struct failure {
    enum retry_kind kind; /* ordinary, greylisted or mailbox full */
    uint32_t hint_s;      /* greylisted: seconds after which the reply asks us to return; 0: none */
};

/* For a reply with a code of 4xx. */
struct failure failure_of_reply(const struct smtp_reply *reply);

/*
 * The time that a text names, in seconds and at most a week; 0 if it names none:
 *
 *     time    = ( "in" / "for" / "after" ) SP [ "about" SP ] ( clock / amounts )
 *     clock   = 1*2DIGIT ":" 2DIGIT ":" 2DIGIT            ; hours, minutes, seconds
 *     amounts = amount [ [ "," ] SP [ "and" SP ] amount ]
 *     amount  = number [ SP ] unit
 *     unit    = ( "s" / "sec" / "second" / "m" / "min" / "minute" / "h" / "hr" / "hour" ) [ "s" ]
 *
 * Letters in lower case, words with one space between. The first that fits counts.
 */
uint32_t failure_time(struct str text);

#endif
