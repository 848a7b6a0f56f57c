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

void turn_measure_named(const struct turn *t)
{
    char context[LOG_CONTEXT_SIZE];
    struct ident_trace trace;

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

void turn_measure_end(const struct turn *t, const char *state, const char *code)
{
    measure_count(MEASURE_TURNS, state);
    measure_time_us(MEASURE_TURN_TIME, state, clock_mono_us() - t->measured.began_us);
    if (!code)
        return;
    measure_count(MEASURE_TURN_ERRORS, code);
    if (!strncmp(code, "limit_", 6))
        measure_count(MEASURE_LIMITS, code);
}
