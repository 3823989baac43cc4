/* The queue, by site and job. Like the sites (sites.h) it is asked of the delivery threads; nothing
 * walks it. */
#ifndef TOCSIN_API_QUEUE_H
#define TOCSIN_API_QUEUE_H

#include "http/server.h"

void queue_show(struct http_request *request);

#endif
