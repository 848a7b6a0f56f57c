/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_MEASURE_H
#define TURNPIKE_PROCESS_MEASURE_H

#include "base/err.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * measure -- counters, gauges and histograms of the whole service in shared memory. The supervisor
 * maps it before the first fork; every process adds to it; the supervisor and the housekeeper read
 * it. Values never go back while turnpiked lives: a reload, or a worker's death, changes none.
 *
 * A row is a family with its label values. Processes find it by a hash and claim it by
 * compare-and-swap. There is no lock, and a process that dies at any moment leaves a row that the
 * others can use. A family has a bounded number of rows; what comes beyond it counts for the row
 * whose labels are all "other". Nothing is per user: no user, session, key or text is a label.
 *
 * Without measure_open every call does nothing (unit tests, commands).
 *
 * Columns: family; kind; name (a counter's sample adds _total); unit; labels, NULL = none; rows;
 * help. Values are held in microseconds (SECONDS), micro-dollars (USD) or as they are.
 */
enum measure_kind { MEASURE_COUNTER, MEASURE_GAUGE, MEASURE_HISTOGRAM };
enum measure_unit { MEASURE_PLAIN, MEASURE_SECONDS, MEASURE_BYTES, MEASURE_USD };
#define MEASURE_TABLE(X) \
    /* turns */ \
    X(MEASURE_TURN_TIME, MEASURE_HISTOGRAM, "turnpike_turn_seconds", MEASURE_SECONDS, "outcome", \
        NULL, 8, "time from a turn's request to its end") \
    X(MEASURE_FIRST_TOKEN, MEASURE_HISTOGRAM, "turnpike_first_token_seconds", MEASURE_SECONDS, \
        NULL, NULL, 1, "time from a turn's request to the first text of its answer") \
    X(MEASURE_QUEUE_WAIT, MEASURE_HISTOGRAM, "turnpike_queue_wait_seconds", MEASURE_SECONDS, \
        "queue", NULL, 8, "time that a request or a turn waited before it was worked on") \
    X(MEASURE_TURNS, MEASURE_COUNTER, "turnpike_turns", MEASURE_PLAIN, "outcome", NULL, 8, \
        "turns that ended") \
    X(MEASURE_TURN_ERRORS, MEASURE_COUNTER, "turnpike_turn_errors", MEASURE_PLAIN, "code", NULL, \
        64, "turns that ended with an error, by its code") \
    X(MEASURE_TAKEOVERS, MEASURE_COUNTER, "turnpike_takeovers", MEASURE_PLAIN, "kind", NULL, 8, \
        "turns that went on after their worker was lost") \
    /* models; spans of a turn */ \
    X(MEASURE_MODEL_TIME, MEASURE_HISTOGRAM, "turnpike_model_request_seconds", MEASURE_SECONDS, \
        "provider", "model", 32, "time of a request to a model, with its whole answer") \
    X(MEASURE_MODEL_REQUESTS, MEASURE_COUNTER, "turnpike_model_requests", MEASURE_PLAIN, \
        "provider", "model", 32, "requests to models") \
    X(MEASURE_MODEL_ERRORS, MEASURE_COUNTER, "turnpike_model_errors", MEASURE_PLAIN, "provider", \
        "model", 32, "requests to models that failed") \
    X(MEASURE_MODEL_RETRIES, MEASURE_COUNTER, "turnpike_model_retries", MEASURE_PLAIN, "provider", \
        "model", 32, "requests to models that were sent again after a failure") \
    X(MEASURE_MODEL_INPUT, MEASURE_COUNTER, "turnpike_model_input_tokens", MEASURE_PLAIN, \
        "provider", "model", 32, "tokens that models read, with those from their cache") \
    X(MEASURE_MODEL_CACHED, MEASURE_COUNTER, "turnpike_model_cached_tokens", MEASURE_PLAIN, \
        "provider", "model", 32, "tokens that models read from their cache") \
    X(MEASURE_MODEL_OUTPUT, MEASURE_COUNTER, "turnpike_model_output_tokens", MEASURE_PLAIN, \
        "provider", "model", 32, "tokens that models wrote, with those of their reasoning") \
    X(MEASURE_MODEL_REASONING, MEASURE_COUNTER, "turnpike_model_reasoning_tokens", MEASURE_PLAIN, \
        "provider", "model", 32, "tokens that models wrote as reasoning") \
    X(MEASURE_MODEL_CACHE_HITS, MEASURE_COUNTER, "turnpike_model_cache_hits", MEASURE_PLAIN, \
        "provider", "model", 32, "requests of which the model read a part from its cache") \
    X(MEASURE_MODEL_MONEY, MEASURE_COUNTER, "turnpike_model_cost_usd", MEASURE_USD, "provider", \
        "model", 32, "money for models, by the table of prices") \
    X(MEASURE_CLASS_MONEY, MEASURE_COUNTER, "turnpike_class_cost_usd", MEASURE_USD, "class", NULL, \
        32, "money for models by the user's class, default = none") \
    X(MEASURE_CACHE_LOOKS, MEASURE_COUNTER, "turnpike_answer_cache_lookups", MEASURE_PLAIN, \
        "outcome", NULL, 4, "questions that were looked for among the kept answers") \
    X(MEASURE_CACHE_REFUSED, MEASURE_COUNTER, "turnpike_answer_cache_refused", MEASURE_PLAIN, \
        "reason", NULL, 32, "questions and answers that are not for other users, by the reason") \
    X(MEASURE_CACHE_KEPT, MEASURE_COUNTER, "turnpike_answer_cache_kept", MEASURE_PLAIN, NULL, \
        NULL, 1, "answers that were offered to the kept ones") \
    X(MEASURE_CACHE_BYTES, MEASURE_COUNTER, "turnpike_answer_cache_kept_bytes", MEASURE_BYTES, \
        NULL, NULL, 1, "bytes of these") \
    X(MEASURE_CACHE_TOKENS, MEASURE_COUNTER, "turnpike_answer_cache_saved_tokens", MEASURE_PLAIN, \
        NULL, NULL, 1, "tokens that kept answers took when a model gave them, for each telling") \
    X(MEASURE_CACHE_MONEY, MEASURE_COUNTER, "turnpike_answer_cache_saved_usd", MEASURE_USD, NULL, \
        NULL, 1, "money that kept answers cost then, for each telling") \
    X(MEASURE_TOOL_TIME, MEASURE_HISTOGRAM, "turnpike_tool_seconds", MEASURE_SECONDS, "tool", \
        NULL, 192, "time of a tool's call") \
    X(MEASURE_TOOL_CALLS, MEASURE_COUNTER, "turnpike_tool_calls", MEASURE_PLAIN, "tool", NULL, \
        192, "calls of tools") \
    X(MEASURE_TOOL_ERRORS, MEASURE_COUNTER, "turnpike_tool_errors", MEASURE_PLAIN, "tool", \
        "error", 192, "calls of tools that ended with an error") \
    /* requests and streams */ \
    X(MEASURE_HTTP, MEASURE_COUNTER, "turnpike_http_responses", MEASURE_PLAIN, "route", "status", \
        256, "answers to requests, by class of route and HTTP status") \
    X(MEASURE_LIMITS, MEASURE_COUNTER, "turnpike_limits_hit", MEASURE_PLAIN, "limit", NULL, 48, \
        "requests and calls refused by a limit, by its name") \
    X(MEASURE_STREAM_LAG, MEASURE_HISTOGRAM, "turnpike_stream_lag_seconds", MEASURE_SECONDS, NULL, \
        NULL, 1, "time from an event's making in the turn to its writing to a client") \
    X(MEASURE_SNAPSHOTS, MEASURE_COUNTER, "turnpike_snapshots", MEASURE_PLAIN, NULL, NULL, 1, \
        "viewers who got a snapshot of the conversation instead of events") \
    X(MEASURE_FEEDBACK, MEASURE_COUNTER, "turnpike_feedback", MEASURE_PLAIN, "rating", NULL, 8, \
        "ratings by users") \
    /* what the housekeeper sends */ \
    X(MEASURE_REMINDER_LATE, MEASURE_HISTOGRAM, "turnpike_reminder_lateness_seconds", \
        MEASURE_SECONDS, NULL, NULL, 1, "time from when a reminder was due to its firing") \
    X(MEASURE_WEBHOOKS, MEASURE_COUNTER, "turnpike_webhooks", MEASURE_PLAIN, "outcome", NULL, 8, \
        "tries to send a webhook") \
    X(MEASURE_PUSHES, MEASURE_COUNTER, "turnpike_pushes", MEASURE_PLAIN, "outcome", NULL, 8, \
        "tries to send a web push") \
    /* what MCP servers need */ \
    X(MEASURE_MCP_TOKENS, MEASURE_COUNTER, "turnpike_mcp_tokens", MEASURE_PLAIN, "server", \
        "outcome", 96, "tokens of MCP servers that were renewed, failed or need a login") \
    X(MEASURE_FEEDS, MEASURE_COUNTER, "turnpike_calendar_refreshes", MEASURE_PLAIN, "outcome", \
        NULL, 8, "refreshes of subscribed calendars") \
    /* the processes themselves */ \
    X(MEASURE_REDIS_TIME, MEASURE_HISTOGRAM, "turnpike_redis_round_trip_seconds", MEASURE_SECONDS, \
        "process", NULL, 8, "time from a command for Redis to its reply") \
    X(MEASURE_LOOP_LAG, MEASURE_HISTOGRAM, "turnpike_loop_lag_seconds", MEASURE_SECONDS, \
        "process", NULL, 8, "time that a pass of a process' loop took, what was ready waited") \
    X(MEASURE_SLOW_PASSES, MEASURE_COUNTER, "turnpike_slow_passes", MEASURE_PLAIN, "process", \
        NULL, 8, "passes of a process' loop in which all its turns stood still for over 20 ms") \
    X(MEASURE_LOG_LINES, MEASURE_COUNTER, "turnpike_log_lines", MEASURE_PLAIN, "level", NULL, 4, \
        "lines in the log, by level") \
    X(MEASURE_TRACE_SPANS, MEASURE_COUNTER, "turnpike_trace_spans", MEASURE_PLAIN, "outcome", \
        NULL, 8, "spans of traces that were sent or dropped")

#define MEASURE_ENUM_(id, kind, name, unit, label1, label2, rows, help) id,
enum measure_family { MEASURE_TABLE(MEASURE_ENUM_) MEASURE_FAMILIES };
#undef MEASURE_ENUM_

#define MEASURE_LABELS 2
#define MEASURE_VALUE_SIZE 64 /* a longer label value is cut; all but printable ASCII becomes _ */
#define MEASURE_BUCKETS 20    /* the last one has no upper bound */

struct measure_labels {
    const char *value[MEASURE_LABELS]; /* NULL or "" = "unknown", where the family has the label */
};
struct measure_info {
    enum measure_kind kind;
    const char *name;
    enum measure_unit unit;
    const char *label[MEASURE_LABELS];
    unsigned rows;
    const char *help;
};
/* The family's row of the table. */
const struct measure_info *measure_info(enum measure_family family);
/* A histogram's upper bounds, microseconds, ascending; *count of them, below MEASURE_BUCKETS. */
const int64_t *measure_bounds(enum measure_family family, size_t *count);

/* Supervisor, before the first fork: from here on warnings and errors in the log are counted, too.
 * Returns 0; ERR_NOMEM. */
MUST_CHECK int measure_open(void);
/* A number that no other table has, by which the sums of several runs are told apart; 0 without
 * measure_open. */
int64_t measure_begun(void);
/* Unmaps; for tests. */
void measure_close(void);

/* Any process. Adds to a counter or gauge; microseconds to a histogram (below 0 counts as 0). */
void measure_add(enum measure_family family, const struct measure_labels *labels, int64_t n);
void measure_observe_us(enum measure_family family, const struct measure_labels *labels,
    int64_t microseconds);
/* A gauge. */
void measure_set(enum measure_family family, const struct measure_labels *labels, int64_t n);
/* The same with one label, which most families have. */
void measure_count(enum measure_family family, const char *label);
void measure_time_us(enum measure_family family, const char *label, int64_t microseconds);

/* MEASURE_HTTP: route is a name of ours, a class of routes. */
void measure_http(const char *route, int status);

/*
 * For callers that count often: the row itself, valid as long as the process. NULL without
 * measure_open, and when the table is full; the two calls below take NULL and do nothing.
 */
struct measure_row;
struct measure_row *measure_row(enum measure_family family, const struct measure_labels *labels);
void measure_row_add(struct measure_row *row, int64_t n);
void measure_row_observe_us(struct measure_row *row, int64_t microseconds);

/*
 * How long ago an event was handed to Redis, for the process that writes it to a client. A turn
 * worker stamps one event of four; a stream worker of the same machine asks for the age of the same
 * ones. -1: not stamped, or stamped elsewhere.
 *   epoch, n  the event's id (store/logentry.h)
 */
#define MEASURE_STAMPED(n) (((n)&3) == 2)
void measure_stamp(uint64_t epoch, uint64_t n);
MUST_CHECK int64_t measure_stamp_age_us(uint64_t epoch, uint64_t n);

/* One row at one moment. */
struct measure_value {
    enum measure_family family;
    char label[MEASURE_LABELS][MEASURE_VALUE_SIZE]; /* "" where the family has no such label */
    int64_t value;                                  /* counter, gauge; a histogram's sum */
    uint64_t count;                                 /* histogram: observations, of all buckets */
    uint64_t bucket[MEASURE_BUCKETS];               /* not cumulated */
};
/*
 * Any process. *out: all rows, sorted by family and labels, which the caller frees; *count of them.
 * A family without labels has its row even when nothing was counted. Returns 0; ERR_NOMEM.
 */
MUST_CHECK int measure_snapshot(struct measure_value **out, size_t *count);

#endif
