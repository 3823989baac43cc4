/* The table of the control API; docs/api.md has a section for each row. */
#ifndef TOCSIN_API_ROUTES_H
#define TOCSIN_API_ROUTES_H

#include "http/router.h"

extern const struct http_route control_routes[];
extern const size_t control_routes_len;

#endif
