/* SPDX-License-Identifier: BSD-2-Clause */
/* A request's line and headers: the input is NAME=VALUE lines, as FastCGI parameters. */
#include "base/err.h"
#include "fcgi-app/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARAMS 24
struct lines {
    const char *names[PARAMS], *values[PARAMS];
    size_t count;
};

static const char *param(void *arg, const char *name)
{
    const struct lines *l = arg;

    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->names[i], name) == 0)
            return l->values[i];
    return NULL;
}

static int body(void *arg, struct buf *out, size_t max)
{
    const char *text = param(arg, "BODY");

    if (text && strlen(text) > max)
        return ERR_LIMIT;
    buf_puts(out, text ? text : "");
    return buf_error(out);
}

static void split(char *text, struct lines *l)
{
    char *line, *value;

    while ((line = strsep(&text, "\n")) && l->count < PARAMS) {
        value = line;
        strsep(&value, "=");
        if (!value)
            continue;
        l->names[l->count] = line;
        l->values[l->count++] = value;
    }
}

static void read_all(struct request *r)
{
    struct problem problem = {0};
    jdoc *doc = NULL;
    int64_t n;

    if (request_target(r, &problem) == 0) {
        if (r->path[0] != '/' || r->query_count > REQUEST_QUERY_MAX)
            abort();
        request_query(r, "cursor");
        const struct request_bounds bounds = {20, 1, 100};
        if (request_query_int(r, "limit", &bounds, &n, &problem) == 0 && (n < 1 || n > 100))
            abort();
    } else if (!problem.set) {
        abort();
    }
    request_accepts(r, "application/json");
    request_accepts(r, "text/event-stream");
    request_wants_stream(r, true);
    request_prefers_async(r);
    problem = (struct problem){0};
    if (request_body(r, 4096, &problem) == 0 &&
        request_json(r, true, &doc, &problem) == ERR_INVALID && !problem.set)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines lines = {.count = 0};
    struct request_source source = {.arg = &lines, .param = param, .body = body};
    struct arena *arena = arena_new();
    struct ident_trace trace;
    struct request request;
    char *text = malloc(size + 1);

    if (!text || !arena)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    split(text, &lines);
    memset(&request, 0, sizeof request);
    request_start(&request, &source, arena);
    /* Both go into headers of the reply. */
    if (!ident_trace_parse(request.traceparent, &trace) || strpbrk(request.id, "\r\n"))
        abort();
    read_all(&request);
    arena_free(arena);
    free(text);
    return 0;
}
