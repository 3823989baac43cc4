/*
 * Numbers about sites for the metrics page: how many there are in each state, and what is queued at
 * each provider's. A series for each site would be without bound, and the states of single ones are
 * GET /v1/sites. Pure.
 */
#ifndef TOCSIN_API_SITE_METRICS_H
#define TOCSIN_API_SITE_METRICS_H

#include "delivery/survey.h"

/* As Prometheus text (format 0.0.4). */
void site_metrics_render(const struct survey *survey, uint32_t now_s, struct buf *out);

#endif
