/* GET /v1/status: how the daemon is. */
#ifndef TOCSIN_API_STATUS_H
#define TOCSIN_API_STATUS_H

#include "http/server.h"

void status_show(struct http_request *request);

#endif
