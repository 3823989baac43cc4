/* The routes of counters: list, show, set, add, delete. */
#ifndef TOCSIN_API_COUNTERS_H
#define TOCSIN_API_COUNTERS_H

#include "http/server.h"

void counters_list(struct http_request *request);
void counter_show(struct http_request *request);
void counter_put(struct http_request *request);
void counter_increase(struct http_request *request);
void counter_remove(struct http_request *request);

#endif
