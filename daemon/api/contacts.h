/* The routes of contacts: show, export, count, suppress, and the lists that they are on. */
#ifndef TOCSIN_API_CONTACTS_H
#define TOCSIN_API_CONTACTS_H

#include "http/server.h"

void contact_show(struct http_request *request);
void contact_suppress(struct http_request *request);
void contact_unsuppress(struct http_request *request);
void contacts_export(struct http_request *request);
void contacts_count(struct http_request *request);
void lists_show(struct http_request *request);

/* The status that an address deserves which contact_lookup did not find: 400 if it is none. */
unsigned contact_refusal(struct str address);

#endif
