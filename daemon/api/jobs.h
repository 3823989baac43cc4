/* The routes of jobs: submit, list, show, pause, resume, cancel, and their recipients. */
#ifndef TOCSIN_API_JOBS_H
#define TOCSIN_API_JOBS_H

#include "http/server.h"

void job_submit(struct http_request *request);
void job_list(struct http_request *request);
void job_show(struct http_request *request);
void job_pause(struct http_request *request);
void job_resume(struct http_request *request);
void job_cancel(struct http_request *request);
void job_recipients(struct http_request *request);

#endif
