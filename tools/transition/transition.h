/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_TRANSITION_TRANSITION_H
#define TURNPIKE_TOOLS_TRANSITION_TRANSITION_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/timestamp.h"

#include <stdbool.h>

/*
 * transition -- the move from a house to a life on the road: what its files share. Records:
 * "transition" (id "me": departure_date), "transition_task", "shakedown_trip", "shakedown_issue",
 * "equipment", "launch_task".
 */
#define TRANSITION_FAMILY "transition"
#define TRANSITION_TASK "transition_task"
#define TRANSITION_TRIP "shakedown_trip"
#define TRANSITION_ISSUE "shakedown_issue"
#define TRANSITION_EQUIPMENT "equipment"
#define TRANSITION_LAUNCH "launch_task"

struct transition_departure {
    const struct zone *zone;
    int64_t now_ms;
    bool known;
    int64_t ms; /* midnight of the day */
    int days;   /* from today; below 0: it has passed */
    char date[TIMESTAMP_SIZE];
};
MUST_CHECK int transition_departure(struct tools_run *run, struct transition_departure *out);
/* departure_date and days_to_departure, when known. Returns 0 or ERR_NOMEM. */
MUST_CHECK int transition_set_departure(jdoc *object, const struct transition_departure *d);

/* A task as shown: due_date and days_left when known, status with overdue. NULL on no memory. */
jdoc *transition_task_view(const jdoc *task, const struct transition_departure *d);

/* A list of results that stays below the size of an answer. */
#define TRANSITION_SHOWN_MAX 100
#define TRANSITION_SHOWN_BYTES 40000
struct transition_list {
    jdoc *items; /* the caller's until it is put into the result */
    size_t bytes, total;
};
/* Counts the item and takes it, when there is room. Returns 0 or ERR_NOMEM. */
MUST_CHECK int transition_push(struct transition_list *list, jdoc *item);
/* items as `key`, count, total into run->result. Takes the items, also on error. */
MUST_CHECK int transition_answer(struct tools_run *run, const char *key,
    struct transition_list *list);

/* A new record of the family with id and times, `fields` copied from the arguments. */
jdoc *transition_new(struct tools_run *run, const char *const *fields);
/* Document (borrowed) as `key` into the result and, at once, into the store. */
MUST_CHECK int transition_commit(struct tools_run *run, const char *family, const char *key,
    const jdoc *document, int64_t time_ms, const char *seen);

#endif
