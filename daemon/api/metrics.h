/* The metrics server: GET /metrics and GET /healthz. */
#ifndef TOCSIN_API_METRICS_H
#define TOCSIN_API_METRICS_H

#include "http/router.h"

extern const struct http_route metrics_routes[];
extern const size_t metrics_routes_len;

/* Registers the numbers that are measured when somebody asks. */
void metrics_init(void);

#endif
