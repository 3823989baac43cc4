/*
 * The routes of sites: how it stands at all of them, or at one place; suspend and resume. What is
 * shown is asked of the delivery threads (delivery/survey.h), so each answer comes a moment later.
 */
#ifndef TOCSIN_API_SITES_H
#define TOCSIN_API_SITES_H

#include "api/answer.h"
#include "api/place.h"

void sites_list(struct http_request *request);
void site_show(struct http_request *request);
void site_suspend(struct http_request *request);
void site_resume(struct http_request *request);

/* Asks about the places of a name, or about all for an empty one; on_survey comes once. */
void sites_ask(struct api *api, struct survey_question question,
               void (*on_survey)(void *ctx, const struct survey *survey), void *ctx);

/* Finds a place by the configuration in force, which stays at least until the caller returns to the
 * loop. */
bool sites_find(struct api *api, const struct survey *survey, struct str name, struct place *out);

/* All that is known of a place: one JSON object; if `lifted` is not negative, with that number. -1
 * with a sentence: the store cannot be read. */
int place_write(struct api *api, const struct survey *survey, const struct place *place,
                int64_t lifted, struct buf *out, struct err *err);

/* 404, with a sentence that says where to look, and `more`. */
void refuse_place(struct http_request *request, struct str name, const char *more);

#endif
