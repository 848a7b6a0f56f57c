#ifndef TURNPIKE_AGENT_OFFLINE_H
#define TURNPIKE_AGENT_OFFLINE_H

#include "agent/chat.h"
#include "agent/context.h"
#include "agent/daytime.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * offline -- the assistant without a model: a set of plain requests is recognised, the real tools
 * are called, and their results are told. Deterministic: the same conversation at the same time
 * gives the same answer. Three parts: what was asked (offline_ask.c, offline_when.c), what to say
 * (offline_say.c), and the provider that streams it (provider_offline.c). Pure computation but for
 * the last.
 */
enum offline_kind {
    OFFLINE_UNKNOWN, OFFLINE_GREETING, OFFLINE_THANKS, OFFLINE_HELP, OFFLINE_TIME,
    OFFLINE_PLAN_TRIP, OFFLINE_DISTANCE, OFFLINE_TRAVEL_TIME,
    OFFLINE_ADD_EVENT, OFFLINE_LIST_EVENTS, OFFLINE_MOVE_EVENT, OFFLINE_DELETE_EVENT,
    OFFLINE_SET_TIMER, OFFLINE_ADD_EXPENSE, OFFLINE_SPENDING, OFFLINE_SET_BUDGET, OFFLINE_BUDGET
};

/* A date and a time of day found in a text, in the user's zone. */
struct offline_when {
    bool has_date, has_time;
    bool guessed_half;          /* "at 3" was read as 15:00 */
    struct daytime date;        /* the day; hour and minute when has_time */
    bool span_week;             /* "this week", "next week": date is its Monday */
};

#define OFFLINE_TEXT_MAX 300
struct offline_ask {
    enum offline_kind kind;
    char from[OFFLINE_TEXT_MAX], to[OFFLINE_TEXT_MAX]; /* places */
    char title[OFFLINE_TEXT_MAX];                      /* a timer: its duration */
    char category[32], period[16];
    double amount;              /* 0 = none */
    bool reminder;
    struct offline_when when;
    const char *missing;        /* the question to ask when something needed is not there */
};

/* now: the present in the user's zone. */
void offline_understand(const char *text, const struct daytime *now, struct offline_ask *out);
/*
 * offline_when_find -- looks for a date and a time; what was found is replaced by blanks in text,
 * so that the rest can be read as a title.
 */
void offline_when_find(char *text, const struct daytime *now, struct offline_when *out);
/* "2026-12-01T15:00" or "2026-12-01". out takes 20 bytes. */
void offline_when_write(const struct offline_when *when, char out[20]);

/* What the provider does next: say text, then make calls. */
#define OFFLINE_CALLS_MAX 4
struct offline_step {
    struct buf text;
    struct {
        const char *name;
        struct buf args;
    } calls[OFFLINE_CALLS_MAX];
    size_t call_count;
};
/* From a whole context. no_tools: only text. Returns 0 or ERR_NOMEM. */
int offline_decide(const struct context *context, bool no_tools, struct offline_step *out);
void offline_step_fini(struct offline_step *step);

/* The answer from the results that followed the last user message; results[i] answers calls[i]. */
struct offline_result {
    const char *name;               /* of the tool */
    const struct chat_message *message;
};
void offline_say(const struct offline_ask *ask, const struct offline_result *results, size_t count,
    struct buf *text);
void offline_say_plain(const struct offline_ask *ask, struct buf *text);

#endif
