/*
 * Answers of one piece, in two kinds: from a read transaction, at once (a view), and from somebody
 * who answers later (a call). Both end the request exactly once.
 */
#ifndef TOCSIN_API_ANSWER_H
#define TOCSIN_API_ANSWER_H

#include "api/inside.h"
#include "api/json.h"

/* Reads the store and writes one JSON value. Begin, write to `json`, end or refuse. */
struct view {
    struct http_request *request;
    struct txn txn;
    struct buf text;
    struct json json;
};

void view_begin(struct view *view, struct http_request *request);

/* Ends the transaction and answers 200 with what was written; 503 if the store failed. */
void view_end(struct view *view);

/* The same with an error instead; a failure of the store comes first, since whatever seemed absent
 * then may be there. `view` is ended. */
void view_refuse(struct view *view, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * A request that waits for somebody else's answer. The answer always comes, but the peer may go
 * before it: then `request` is NULL, and all that is left to do is to free the call. Routes with
 * calls have call_gone as their handler.
 */
struct call {
    struct http_request *request;
};

/* `call` is embedded in what waits, and must live until the answer came. */
void call_begin(struct call *call, struct http_request *request);
void call_gone(struct http_request *request);

/* The JSON that was written, as a whole answer; releases `text`. */
void answer_json(struct http_request *request, unsigned status, struct buf *text);

/* True, and the request is answered with 503, while nothing can be written to the store. */
bool refuse_unwritable(struct http_request *request);

/* The same for what brings new work: also while the disk has little room. */
bool refuse_new_work(struct http_request *request);

/* The ":id" of the route; false, and the request is answered with 404, if it is no number. */
bool request_id(struct http_request *request, const char *noun, uint32_t *id);

/* A number of the query in [1, max]; `*out` stays when it is not given. False, and the request is
 * answered with 400, if it is none. */
bool request_number(struct http_request *request, const char *name, uint32_t max, uint32_t *out);

#endif
