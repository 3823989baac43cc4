/* Messages that are no jobs yet: looked over, and shown as one contact would get them. Nothing is
 * sent or written. */
#ifndef TOCSIN_API_MESSAGES_H
#define TOCSIN_API_MESSAGES_H

#include "http/server.h"

void message_check(struct http_request *request);
void message_preview(struct http_request *request);

#endif
