/* The routes of contacts: show, export, count, what is changed in one (contact_change.c), lists. */
#ifndef TOCSIN_API_CONTACTS_H
#define TOCSIN_API_CONTACTS_H

#include "http/server.h"

void contact_show(struct http_request *request);
void contact_suppress(struct http_request *request);
void contact_unsuppress(struct http_request *request);
void contact_unsubscribe(struct http_request *request);
void contact_resubscribe(struct http_request *request);
void contact_consent(struct http_request *request);
void contact_erasure(struct http_request *request);
void contacts_export(struct http_request *request);
void contacts_count(struct http_request *request);
void lists_show(struct http_request *request);

/* Answers with the contact of this address, as GET does. */
void contact_answer(struct http_request *request, struct str address);

/* The status that an address deserves which contact_lookup did not find: 400 if it is none. */
unsigned contact_refusal(struct str address);

#endif
