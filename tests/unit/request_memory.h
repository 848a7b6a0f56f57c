/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_REQUEST_MEMORY_H
#define TURNPIKE_TESTS_UNIT_REQUEST_MEMORY_H

#include "base/err.h"
#include "fcgi-app/request.h"

#include <string.h>

/* A request from memory instead of a socket: CGI parameters as name, value, ..., NULL. */
struct request_memory {
    const char *params[40];
    const char *body;
    size_t body_len; /* 0 = up to its NUL */
    int body_error;
};

static inline const char *request_memory_param(void *arg, const char *name)
{
    const struct request_memory *m = arg;
    for (size_t i = 0; m->params[i]; i += 2) {
        if (strcmp(m->params[i], name) == 0)
            return m->params[i + 1];
    }
    return NULL;
}

static inline int request_memory_body(void *arg, struct buf *out, size_t max)
{
    const struct request_memory *m = arg;
    size_t len = m->body_len > 0 ? m->body_len : m->body ? strlen(m->body) : 0;
    if (m->body_error != 0)
        return m->body_error;
    buf_put(out, m->body ? m->body : "", len);
    return len > max ? ERR_LIMIT : buf_error(out);
}

static inline struct request_source request_memory_source(struct request_memory *m)
{
    return (struct request_source){.arg = m,
        .param = request_memory_param,
        .body = request_memory_body};
}

#endif
