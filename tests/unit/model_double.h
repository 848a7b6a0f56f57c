/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_MODEL_DOUBLE_H
#define TURNPIKE_TESTS_UNIT_MODEL_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * model_double -- a model server of the test's own: a child process on a loopback port that
 * answers the n-th request with the n-th reply of a script, byte for byte.
 */
struct model_reply {
    int status;          /* 0 = 200 */
    const char *headers; /* further ones, each with \r\n; NULL = none */
    const char *body;
    size_t split; /* bytes in one write; 0 = all at once */
    int wait_ms;  /* before the body */
    bool cut;     /* the connection ends without the end of the body */
    bool hang;    /* after the body nothing more; until the client closes */
};
struct model_double {
    char dir[64];
    int port;
    pid_t pid;
};
/* Replies are used up in order; the last one is repeated. */
void model_double_start(struct model_double *m, const struct model_reply *script, size_t count);
void model_double_stop(struct model_double *m);
/* How many requests came. */
int model_double_requests(const struct model_double *m);
/* The n-th request (from 0) with its head; the caller frees it. */
char *model_double_request(const struct model_double *m, int n);
/* Whether the client closed the connection of the n-th reply while it hung. */
bool model_double_closed(const struct model_double *m, int n);

#endif
