/* GET /v1/why: the whole story of one contact's copies. */
#ifndef TOCSIN_API_WHY_H
#define TOCSIN_API_WHY_H

#include "http/server.h"

void why_show(struct http_request *request);

#endif
