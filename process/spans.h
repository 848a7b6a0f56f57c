/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_SPANS_H
#define TURNPIKE_PROCESS_SPANS_H

#include "base/conf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/reactor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * spans -- OpenTelemetry traces of one process, sent to `otlp.url` as OTLP/HTTP JSON. A span that
 * ends is written into a bounded queue, which goes out every SPANS_EVERY_MS, or earlier when it is
 * half full; one request at a time. Nothing waits for the collector: while it is away or slow, what
 * has no room is dropped, and counted (MEASURE_TRACE_SPANS). Without otlp.url every call does
 * nothing. No attribute has a word of a user. Process: turn worker.
 *
 * A trace is sent when its client says that it is sampled, SPANS_FORCED_MAX of those a second, else
 * by its id, `otlp.sample` of 100: so all workers of a turn choose the same.
 */
#define SPANS_FORCED_MAX 10
#define SPANS_QUEUE_BYTES (256 * 1024)
#define SPANS_EVERY_MS 2000

/* Returns 0; ERR_NOMEM. */
MUST_CHECK int spans_open(const struct conf *conf, struct reactor *reactor);
/* Sends what there is, and waits SPANS_LEAVE_MS at most for it to be taken. */
#define SPANS_LEAVE_MS 1000
void spans_close(void);

enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CLIENT = 3 };
struct trace_span {           /* zeroed = there is none */
    bool on;                  /* it will be sent */
    struct ident_trace trace; /* its own; trace.trace_id[0] '\0' = nothing is told to others */
    char parent[17];          /* "" = the trace's first, or not known */
    const char *state;        /* tracestate of the client, borrowed; NULL = none */
    int64_t began_us;         /* monotonic */
};
/*
 * spans_adopt -- a span that another process or request has named, such as the one of a request
 * that is a turn. span_id and all else are its traceparent's.
 *   began_us  monotonic, in the past
 */
void spans_adopt(struct trace_span *s, const char *traceparent, const char *parent,
    int64_t began_us);
/* A child that begins now; of a parent that is off or zeroed: the same. */
void spans_begin(struct trace_span *s, const struct trace_span *parent);
/* "traceparent: ..." for whoever is asked in this span; "" = nothing is told. */
#define SPANS_HEADER_SIZE 80
const char *spans_header(const struct trace_span *s, char out[SPANS_HEADER_SIZE]);

/* "tracestate: ...", likewise. */
#define SPANS_STATE_MAX 512
#define SPANS_STATE_SIZE (SPANS_STATE_MAX + 16)
const char *spans_state(const struct trace_span *s, char out[SPANS_STATE_SIZE]);
/* Is the text fit to be handed on as one? */
bool spans_is_state(const char *text);

struct span_attribute {
    const char *name;
    const char *text; /* NULL = number */
    int64_t number;
};
struct span_end {
    const char *name;
    enum span_kind kind;
    const struct span_attribute *attributes; /* one whose text is "" is left out */
    size_t count;
    const char *error; /* its code; NULL = it ended well */
    int64_t ended_us;  /* monotonic; 0 = now */
};
/* Ends it, once; off or zeroed: nothing. */
void spans_end(struct trace_span *s, const struct span_end *end);

#endif
