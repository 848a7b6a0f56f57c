/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_METRICS_HTTP_H
#define TURNPIKE_WORKERS_SUPERVISOR_METRICS_HTTP_H

#include "workers/supervisor/metrics.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * metrics_http -- what a scraper asks for. Pure. The reply closes the connection, so whatever
 * follows the head of the request is not read.
 */
struct metrics_ask {
    int status; /* 200, or why it is refused: 400, 404, 405, 406 */
    bool head;  /* HEAD: no body */
    enum metrics_form form;
};
/* The length of a whole head at the front of bytes, with its empty line; 0 = not whole yet. */
size_t metrics_http_whole(const char *bytes, size_t len);
/* head: as long as metrics_http_whole said. */
void metrics_http_read(const char *head, size_t len, struct metrics_ask *out);
/* The reply's head; its body has body_len bytes. */
void metrics_http_reply(const struct metrics_ask *ask, size_t body_len, struct buf *out);

#endif
