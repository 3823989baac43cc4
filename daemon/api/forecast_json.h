/*
 * A forecast (delivery/prospect.h) as JSON: the members `forecast` and `finished_in_s` of the
 * object that is open. Only writes; docs/api.md has the fields.
 */
#ifndef TOCSIN_API_FORECAST_JSON_H
#define TOCSIN_API_FORECAST_JSON_H

#include "api/json.h"
#include "delivery/prospect.h"

/* NULL: nothing is to be expected; both are null. */
void write_forecast(struct json *json, const struct prospect *prospect);

#endif
