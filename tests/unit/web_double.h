/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_WEB_DOUBLE_H
#define TURNPIKE_TESTS_UNIT_WEB_DOUBLE_H

#include <sys/types.h>

/* web_double -- a web server of the test's own, on a port of the loopback address. */
struct web_page {
    const char *request; /* what the request must begin with: "GET /search?q=" */
    const char *has;     /* what it must hold besides, or NULL; else 400 */
    const char *head;    /* status and headers: "200 OK\r\nContent-Type: text/html" */
    const char *body;    /* NULL = silent until the client gives up */
};
struct web_double {
    pid_t pid;
    char base[64]; /* "http://127.0.0.1:PORT" */
};
/* pages: ended by a request NULL; they must stay. "$BASE" in heads is replaced. */
void web_double_start(struct web_double *d, const struct web_page *pages);
void web_double_stop(struct web_double *d);

#endif
