/* SPDX-License-Identifier: BSD-2-Clause */
/* What a turn took and how it ended, for the operator. */
#include "agent/turn_parts.h"

#include "base/clock.h"
#include "base/ident.h"
#include "base/log.h"
#include "process/measure.h"

#include <stdio.h>
#include <string.h>

/* Before this worker ran it: in a queue, or with an earlier worker. By the wall clock of Redis. */
static int64_t turn_measure_before_us(const struct turns_start *s, int64_t real_ms)
{
    int64_t ms = s->attempt > 1 ? real_ms - s->created_ms : s->started_ms - s->created_ms;

    return ms > 0 && s->created_ms > 0 ? ms * 1000 : 0;
}

static void turn_measure_trace(struct turn *t)
{
    const struct span_end waited = {.name = "queue",
        .kind = SPAN_INTERNAL,
        .ended_us = t->measured.began_us + t->measured.waited_us};
    struct trace_span wait;

    spans_adopt(&t->span, t->input.traceparent, t->input.span_parent, t->measured.began_us);
    t->span.state = t->input.tracestate;
    t->wait.span = t->tools.span = &t->span;
    if (t->start->attempt > 1 || t->measured.waited_us == 0)
        return;
    spans_begin(&wait, &t->span);
    wait.began_us = t->measured.began_us;
    spans_end(&wait, &waited);
}

void turn_measure_named(struct turn *t)
{
    char context[LOG_CONTEXT_SIZE];
    struct ident_trace trace;

    turn_measure_trace(t);

    if (!ident_trace_parse(t->input.traceparent, &trace))
        return;
    snprintf(context, sizeof context, "turn=%s session=%s user=%s trace=%s", t->start->turn,
        t->start->session, t->start->uid, trace.trace_id);
    log_context_set(context);
}

void turn_measure_begin(struct turn *t)
{
    int64_t before = turn_measure_before_us(t->start, clock_real_ms());

    t->measured.began_us = clock_mono_us() - before;
    t->measured.waited_us = before;
    if (t->start->attempt > 1)
        measure_count(MEASURE_TAKEOVERS,
            t->start->step_count > 0 ? "from_checkpoint" : "from_start");
    else
        measure_time_us(MEASURE_QUEUE_WAIT, "session", before);
}

void turn_measure_said(struct turn *t)
{
    if (t->measured.said || !t->answer || !t->answer->said_us)
        return;
    t->measured.said = true;
    if (t->start->attempt <= 1)
        measure_observe_us(MEASURE_FIRST_TOKEN, NULL, t->answer->said_us - t->measured.began_us);
}

static void turn_measure_span(struct turn *t, const char *state, const char *code)
{
    const struct span_attribute attributes[] = {{"turnpike.turn", t->start->turn, 0},
        {"turnpike.outcome", state, 0}, {"turnpike.attempt", NULL, t->start->attempt},
        {"turnpike.model_calls", NULL, t->model_calls}, {"turnpike.source", t->input.source, 0}};

    spans_end(&t->span,
        &(struct span_end){.name = "turn",
            .kind = SPAN_SERVER,
            .attributes = attributes,
            .count = sizeof attributes / sizeof *attributes,
            .error = code});
}

void turn_measure_end(struct turn *t, const char *state, const char *code)
{
    turn_measure_span(t, state, code);
    measure_count(MEASURE_TURNS, state);
    measure_time_us(MEASURE_TURN_TIME, state, clock_mono_us() - t->measured.began_us);
    if (!code)
        return;
    measure_count(MEASURE_TURN_ERRORS, code);
    if (!strncmp(code, "limit_", 6))
        measure_count(MEASURE_LIMITS, code);
}
