/*
 * Forecasts for requests: of a plan (a dry run), for which it is found out first where the mail of
 * its domains would go, and of a job that is being sent. Both end the request, a moment later.
 */
#ifndef TOCSIN_API_FORECASTS_H
#define TOCSIN_API_FORECASTS_H

#include "api/answer.h"
#include "delivery/prospect.h"

/* Answers with the number of recipients and the forecast. Copies what it needs of the plan. */
void forecast_plan(struct http_request *request, const struct campaign_plan *plan,
                   uint32_t recipients);

/* Whether there is anything to expect of a job: it is being sent. */
bool forecast_concerns(const struct job_view *job);

/* Answers by calling `write` with the view to write to and what is to be expected; NULL when there
 * is nothing any more. `write` ends the view, or refuses. */
void forecast_job(struct http_request *request, uint32_t job,
                  void (*write)(struct view *view, uint32_t job, const struct prospect *prospect));

#endif
