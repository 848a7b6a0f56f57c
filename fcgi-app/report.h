/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_REPORT_H
#define TURNPIKE_FCGI_APP_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "process/measure.h"
#include "store/stats.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * report -- the promised figures of a period, from the sums of all machines (store/stats.h), the
 * index of feedback and the last self-test. Api workers and the operator's command.
 */

/* What is promised. */
#define REPORT_RESPONSE_US INT64_C(2000000) /* p50 and p95 of a turn */
#define REPORT_FAILURES 0.01                /* of turns, below that */
#define REPORT_SATISFACTION 0.85            /* of ratings, above that */
/* Below so many a share or a percentile says nothing. */
#define REPORT_TURNS_MIN 100
#define REPORT_RATINGS_MIN 20
#define REPORT_CALLS_MIN 5 /* of one tool, for "it does not work" */

enum report_state { REPORT_TOO_FEW, REPORT_MET, REPORT_NOT_MET };
const char *report_state_name(enum report_state state); /* "too_few", "met", "not_met" */

/* How often a time fell into each bucket of a family. */
struct report_times {
    uint64_t count, bucket[MEASURE_BUCKETS];
    int64_t sum_us;
};
/*
 * report_percentile -- about the time below which the share p (0 to 1) of them is. The true one is
 * in the same bucket: between *low_us and *high_us (-1 = no upper bound). Within the bucket times
 * count as evenly spread; in the last one the answer is its lower bound. 0 without times.
 */
int64_t report_percentile(enum measure_family family, const struct report_times *t, double p,
    int64_t *low_us, int64_t *high_us);
/* The share of times up to a bound; exact when that is a bound of the family. 0 without times. */
double report_share_within(enum measure_family family, const struct report_times *t,
    int64_t bound_us);

struct report_tool {
    char name[MEASURE_VALUE_SIZE];
    struct report_times times;
    uint64_t errors;                /* all that the tool refused or failed at */
    uint64_t faults;                /* of them: the service behind it, or ours, is to blame */
    char worst[MEASURE_VALUE_SIZE]; /* the fault that came most; "" = none */
    uint64_t worst_count;
};
struct report_named { /* of a model, a class, an error, a limit */
    char name[2 * MEASURE_VALUE_SIZE];
    uint64_t count, errors;
    int64_t input, output, cost_micros;
};
#define REPORT_TOOLS_MAX 256
#define REPORT_NAMES_MAX 64
struct report_names {
    struct report_named rows[REPORT_NAMES_MAX]; /* the last one takes what has no room */
    size_t count;
};

/* One hour or day of it. */
struct report_point {
    int64_t at_ms;
    struct report_times turns, first; /* time of turns that ended well; of the first text */
    uint64_t ended, failed;           /* turns */
    int64_t cost_micros;
    int64_t users; /* of the day; -1 in a report by hours */
};

struct report {
    int64_t from_ms, to_ms, unit_ms; /* whole hours or days, UTC; to_ms is not part of it */
    struct report_point total;       /* users: of the whole period */
    struct report_point *points;
    size_t point_count;
    uint64_t cancelled; /* turns that their user stopped; not in total.ended */
    struct report_tool *tools;
    size_t tool_count;
    struct report_names models, classes, errors, limits;
    int64_t ratings, good;
    struct { /* kept answers: questions that were looked for, told, what that saved */
        uint64_t looks, hits;
        int64_t tokens, micros;
    } kept;
    char *selftest; /* JSON of the last one, or NULL */
};
/* Hours when the period has at most this, else days. */
#define REPORT_HOURS_MAX 72
#define REPORT_DAYS_MAX 400
/*
 * report_make -- from_ms and to_ms are widened to whole hours or days. Returns 0; ERR_INVALID: an
 * empty period, or more than REPORT_DAYS_MAX days; ERR_NOMEM; ERR_STORE*. report_free in any case.
 */
MUST_CHECK int report_make(struct store *s, int64_t from_ms, int64_t to_ms, struct report *out);
void report_free(struct report *r);

/* The promises, in order; i from 0. False at the end. */
struct report_promise {
    const char *name;   /* "response_p50", "response_p95", "failures", "satisfaction", "tools" */
    const char *target; /* "2 s", "1 %", "85 %", "all" */
    enum report_state state;
    double value; /* seconds, or a share from 0 to 1; of tools, how many do not work */
    uint64_t of;  /* turns, ratings, tools that it is made of */
};
bool report_promise(const struct report *r, size_t i, struct report_promise *out);
/* Whether the tool does not work: half of its calls at least end in a fault. */
bool report_tool_is_down(const struct report_tool *tool);

void report_json(const struct report *r, struct buf *out);
/* For a terminal. */
void report_text(const struct report *r, struct buf *out);

#endif
