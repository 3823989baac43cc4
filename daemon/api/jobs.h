/* The routes of jobs: submit, list, show, pause, resume, cancel, retry, and their recipients. */
#ifndef TOCSIN_API_JOBS_H
#define TOCSIN_API_JOBS_H

#include "http/server.h"

void job_submit(struct http_request *request);
void job_list(struct http_request *request);
void job_show(struct http_request *request);
void job_pause(struct http_request *request);
void job_resume(struct http_request *request);
void job_cancel(struct http_request *request);
void job_retry(struct http_request *request);
void job_recipients(struct http_request *request);

/* The states that the query names as `state=bounced,expired`, as 1 << enum recipient_state each;
 * `*states` stays when it names none. False, and the request is answered, if one is unknown. */
bool request_states(struct http_request *request, unsigned *states);

#endif
