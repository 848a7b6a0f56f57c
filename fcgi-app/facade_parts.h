/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_FACADE_PARTS_H
#define TURNPIKE_FCGI_APP_FACADE_PARTS_H

#include "base/err.h"
#include "fcgi-app/facade.h"
#include "fcgi-app/submit_parts.h"

/*
 * facade_parts -- what the readers of OpenAI's requests share with each other and with submit.
 * All that return int: 0; ERR_INVALID with the problem set; ERR_NOMEM.
 */

/* The bodies of POST /chat/completions and POST /responses, into p->out and its facade. */
MUST_CHECK int facade_completion_read(struct submit_parser *p);
MUST_CHECK int facade_response_read(struct submit_parser *p);

/* ---- facade_members ---- */

/* The reader's own state. */
struct facade_reader {
    struct submit_parser *p;
    struct facade *facade;
    struct buf instructions; /* of the application */
    const char *max_tokens;  /* name of the member that limits the answer */
    bool flat;               /* a response's tools have their members at the top */
};

/* Before and behind the messages: session, model, key of the request, what is not served; tools,
 * limits and instructions for the turn. */
MUST_CHECK int facade_begin(struct facade_reader *r);
MUST_CHECK int facade_end(struct facade_reader *r);
/* The document lives as long as the request. doc may be NULL: ERR_NOMEM. */
MUST_CHECK int facade_own(const struct facade_reader *r, jdoc *doc);
/* Refuses a value that would change the answer, and is not served. */
MUST_CHECK int facade_unsupported(const struct facade_reader *r, const char *param,
    const char *why);

/* ---- facade_content ---- */

/* Instructions of the application: a text, or parts of text. */
MUST_CHECK int facade_add_instructions(struct facade_reader *r, const jdoc *content);
/* A message of the user: is_new = it is checked as one. */
MUST_CHECK int facade_add_user(struct facade_reader *r, const jdoc *content, bool is_new);
/* The result of a call; call may be NULL: then it is refused. */
MUST_CHECK int facade_add_result(struct facade_reader *r, const char *call, const jdoc *content);
/*
 * Appends one call to the list of them: {"id","type","function"} of chat completions.
 */
struct facade_call {
    const char *id, *name, *arguments;
};
MUST_CHECK int facade_put_call(struct facade_reader *r, const struct facade_call *call,
    struct buf *calls);
/* An earlier message of the assistant: its text, and calls as facade_put_call left them. */
MUST_CHECK int facade_add_assistant(struct facade_reader *r, const jdoc *content,
    const struct buf *calls);

#endif
