/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_RUN_H
#define TURNPIKE_TOOLS_KIT_RUN_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "process/spans.h"
#include "store/store.h"
#include "tools/kit/units.h"
#include "wire/http/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * run -- one call of a tool as its handler sees it: the tool, the caller's context, the arguments,
 * and how the handler answers (run_...). All processes that run tools. The types have the prefix of
 * the folder, as callers use them too: they start and end calls by tools/engine/tools.h.
 */
enum tools_effect { TOOLS_READ, TOOLS_WRITE, TOOLS_DELETE, TOOLS_OUTSIDE };
enum tools_approval { TOOLS_APPROVAL_NEVER, TOOLS_APPROVAL_ALWAYS };

struct tools_run;
/* Runs a call in another process (tools/remote/tool_call.h): struct tools_context's apart. */
struct tools_apart {
    /*
     * Takes a call whose arguments nobody has looked at. Returns 0 with run->result set;
     * ERR_PENDING: it has set run->on_cancel and ends the call by run_told; or a fault.
     */
    int (*start)(void *arg, struct tools_run *run, const char *args_json, size_t len);
    void *arg;
    int64_t patience_ms; /* by then it has told the end */
};
/*
 * A handler. args have been checked against the schema, defaults filled in. It sets run->result
 * (owned by run) and returns 0, or returns ERR_PENDING after it has started something on
 * run->context->http. The callback of that calls run_finished, or run_defer when the rest may wait
 * for Redis. Business errors are results with success false (run_fail); only faults of ours are
 * negative returns.
 */
typedef int tools_handler(struct tools_run *run);
/*
 * Each tool about which a user may be asked (approval `always`, reaches_others, outlives, or
 * outside) has a preview, `FAMILY_preview_NAME`, called as a handler is. It writes nothing. It sets
 * run->preview (preview_say) to what the call would do now: with title and date of what it touches,
 * in the user's zone; and run->about (about.h) to the same as data. When the call cannot succeed it
 * sets the failure that the handler would set, in run->result.
 */

struct tools_spec {
    const char *name, *family, *description;
    const char *arguments_schema; /* JSON Schema 2020-12, compact */
    const char *result_schema;
    enum tools_effect effect;
    enum tools_approval approval;
    int64_t timeout_ms;
    bool idempotent;
    const char *provider;        /* setting it needs, or NULL */
    const char *const *examples; /* NULL-terminated phrasings */
    const char *entity;          /* key of the entity in the result */
    tools_handler *handler;
    tools_handler *preview; /* what the user is asked; NULL: the tool's name says it all */
    const char *const *example_arguments;           /* NULL-terminated, one JSON text per example */
    const char *approval_argument, *approval_value; /* only calls where that argument has this value
                                                       need it; NULL = every call */
    const char *keywords; /* other words that people use for it; for find_tools */
    struct dynamic_tool
        *dynamic;        /* made at run time (tools/remote/dynamic.h); NULL = of the registry */
    bool core;           /* always offered to the model; the others are found */
    bool untrusted;      /* its result holds what others wrote: data, never instructions */
    bool reaches_others; /* what it does others see: needs approval once untrusted content
                                      stands in the conversation */
    bool outlives; /* what it keeps steers later conversations: needs approval as reaches_others */
    bool shared;   /* also in the chat of a trip, before other users: it reads nothing private */
    bool process;  /* it computes for long, or in a library: tools_is_apart */
    const char *process_unless; /* settings of services that it may ask and wait for, with a
                                      blank between; or NULL */
    const char *outside;        /* the argument by which the model chooses a host that sees the
                                      call; "*" = every call leaves for a host outside; or NULL */
};
/* What is left of a call when an answer from outside has come; lives in the handler's state. */
struct tools_step {
    void (*fn)(struct tools_run *run, void *arg);
    void *arg;
    struct tools_step *next;
};

/* What the user has chosen for themselves, as a tool of the same turn has just stored it. */
struct tools_wishes {
    const char *currency, *zone;
    struct units units;
    bool memory_off;
};
typedef void tools_wish_fn(void *arg, const struct tools_wishes *wishes);

/*
 * What a service asks the user in the middle of a call, all of it in the service's words. Texts in
 * the arena.
 */
struct tools_question {
    const char *from;    /* who asks, a name of the operator's */
    const char *message; /* to be shown as another's */
    const char *schema;  /* JSON Schema of an object, the form (tools/remote/elicit.h) */
    const char *state;   /* the handler's own, for when the call goes on elsewhere; "" = none */
    int64_t wait_ms;     /* run_asks: how long the service waits */
};
/* What the user said to it. */
struct tools_reply {
    const char *action;              /* "accept", "decline" or "cancel" */
    const char *content;             /* JSON of an object, with "accept"; NULL = none */
    const char *state;               /* of the question */
    const struct tools_question *to; /* what run->asking was; by tools_reply only */
};

struct tools_context { /* one per turn, or per direct call */
    const struct conf *conf;
    struct store *store;
    struct http_client *http;
    struct reactor *reactor;
    const char *uid, *session; /* session NULL in a direct call */
    int64_t epoch;
    /*
     * In the chat of a trip (store/chats.h), else NULL: the trip. `uid` is who wrote the message.
     * All members read the results, so tools over private data do not run, and
     * nothing private is read. session is NULL when the chat is in the slot of another user;
     * chat_session names it in any case.
     */
    const char *chat_trip, *chat_session;
    const char *zone;   /* IANA name, validated; the user's for this request */
    const char *locale; /* BCP 47 or "" */
    const char *currency;
    bool memory_off;    /* the user has turned off that facts are remembered */
    struct units units; /* the user's, for messages; data stays in km, litres, degrees Celsius */
    int64_t now_ms;     /* real time of the request */
    bool has_location;
    double latitude, longitude;
    const char *location_text; /* or NULL */
    const char *role;          /* of the credential: "admin"; NULL = user */
    tools_wish_fn *on_wishes;  /* told by update_settings, for the turn's later calls; or NULL */
    void *on_wishes_arg;
    struct tools_apart apart;      /* zeroed: all tools run where they are called */
    const struct trace_span *span; /* in which tools are called; NULL = none */
    bool is_apart;                 /* a tool process: whoever asked it measures the call */
    /*
     * The result of an earlier call of the same conversation, as the log has it, and whether others
     * wrote it. Borrowed. Returns 0 or ERR_NOT_FOUND. NULL: there is no conversation.
     */
    int (*earlier)(void *arg, const char *handle, const char **text, size_t *len, bool *others);
    void *earlier_arg;
    bool asks;  /* the caller can put questions of services to the user */
    bool tells; /* also while the call waits: its clients see the turn's events */
};

struct tools_run { /* one call */
    const struct tools_context *context;
    const struct tools_spec *spec;
    struct arena *arena;
    const char *call_id;  /* the tool call's id: the effect mark */
    jdoc *args;           /* checked and coerced; owned by run */
    jdoc *result;         /* {success, message, ENTITY...}; owned by run */
    const char *preview;  /* of tools_preview; arena */
    jdoc *about;          /* the same as data (about.h); owned by run */
    const char *approved; /* what the user was asked and said yes to; NULL = nobody was */
    const char *effect;   /* the call's mark where another tool does its work; NULL = as called */
    /* Then: what its result is as this call's, recorded in its place; NULL = as it is. The
     * caller's; NULL: no memory. */
    jdoc *(*shape)(struct tools_run *run);
    const void *shape_arg;
    bool done;
    void *state; /* the handler's own, in the arena */
    void (*on_done)(struct tools_run *run);
    void (*on_more)(struct tools_run *run);   /* tools_go_on has something to do; or NULL */
    void *on_done_arg;                        /* of both */
    void (*on_cancel)(struct tools_run *run); /* set by a handler that waits */
    int error;              /* a fault of ours that came while it waited; 0 = none */
    int64_t retry_after_ms; /* of a refusal "rate_limited"; 0 = not known */
    /*
     * tools_start's own, as are the next three: what becomes of a call that waited, once it has its
     * result. settled: the result has been checked already (run_told).
     */
    void (*answered)(struct tools_run *run, bool settled);
    void *waiting;
    struct tools_step *steps;
    bool going_on;
    /*
     * Questions to the user, where context->asks. A call that has come to its end with `parked` set
     * and no result begins again, with the same arguments and `reply`, when the user has answered.
     * One that asks with `asking` set (run_asks) waits; its caller answers by tools_reply.
     */
    const struct tools_question *parked, *asking;
    const struct tools_reply *reply;
    void (*on_reply)(struct tools_run *run, const struct tools_reply *reply);
    void *fetches;          /* fetch.c's own */
    struct trace_span span; /* of the call; what it asks others is told of it */
    int64_t began_us;       /* monotonic; 0 = it is not measured, or has been */
};
/* For handlers. code: stable, e.g. "not_found", "invalid_argument", "provider_not_configured". */
MUST_CHECK int run_fail(struct tools_run *run, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the wrong field (JSON pointer) and what would be right. Returns 0 or ERR_NOMEM. */
MUST_CHECK int run_fail_at(struct tools_run *run, const char *path, const char *expected,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A question back, code "ambiguous": the field could mean several things. Returns 0 or
 * ERR_NOMEM. */
MUST_CHECK int run_ask_back(struct tools_run *run, const char *path, const char *expected,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Starts the result: {success:true, message}. Returns it (borrowed) or NULL. */
jdoc *run_succeed(struct tools_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A distance in the user's units, for a message: units_distance_text. In the arena; "" on no
 * memory. */
const char *run_distance(struct tools_run *run, double km);
/* After ERR_PENDING only: run->result (or run->error) is set; calls on_done. */
void run_finished(struct tools_run *run);
/*
 * run_told -- for struct tools_apart, after ERR_PENDING: run->result is what the tool's own process
 * has made and checked, or a failure (run_fail); error: a fault of ours instead. Calls on_done.
 */
void run_told(struct tools_run *run, int error);
/*
 * run_asks -- after ERR_PENDING, from a callback of the loop: the service waits for the user. The
 * call's time stands still until the caller answers by on_reply, which comes once. question lives
 * in the arena.
 */
void run_asks(struct tools_run *run, const struct tools_question *question,
    void (*on_reply)(struct tools_run *run, const struct tools_reply *reply));
/*
 * run_defer -- from a callback of the loop, where a call of Redis would stop all tasks of the
 * process: step->fn(run, step->arg) runs in the task that waits for the call, and ends it with
 * run_finished or asks again. step is not yet queued; its fn and arg are set.
 */
void run_defer(struct tools_run *run, struct tools_step *step);

#endif
