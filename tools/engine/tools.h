#ifndef TURNPIKE_TOOLS_ENGINE_TOOLS_H
#define TURNPIKE_TOOLS_ENGINE_TOOLS_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/jdoc.h"
#include "store/store.h"
#include "wire/http/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * tools -- the registry of the assistant's tools. One JSON file per family, tools/FAMILY/NAME.json,
 * is the single source: the build (tools/engine/generate) makes the table, the model's list, the argument
 * check, the documentation and the tests' list from it. Handlers are C functions named
 * `FAMILY_tool_NAME`. Adding a tool is adding an entry and a handler.
 */
enum tools_effect { TOOLS_READ, TOOLS_WRITE, TOOLS_DELETE, TOOLS_OUTSIDE };
enum tools_approval { TOOLS_APPROVAL_NEVER, TOOLS_APPROVAL_ALWAYS };

struct tools_run;
/* Runs a call in another process (tools/remote/tool_call.h): struct tools_context's apart. */
struct tools_apart {
    /*
     * Takes a call whose arguments nobody has looked at. Returns 0 with run->result set; ERR_AGAIN:
     * it has set run->on_cancel and ends the call by tools_told; or a fault.
     */
    int (*start)(void *arg, struct tools_run *run, const char *args_json, size_t len);
    void *arg;
    int64_t patience_ms; /* by then it has told the end */
};
/*
 * A handler. args have been checked against the schema, defaults filled in. It sets run->result
 * (owned by run) and returns 0, or returns ERR_AGAIN after starting something on run->context->http,
 * whose callback calls tools_finished, or tools_defer when what is left may wait for Redis. Business errors are results with success false
 * (tools_fail); only faults of ours are negative returns.
 */
typedef int tools_handler(struct tools_run *run);
/*
 * Each tool about which a user may be asked (approval `always`, or reaches_others) has a preview,
 * `FAMILY_preview_NAME`, called as a handler is. It reads and writes nothing. It sets run->preview
 * (preview_say) to what the call would do now: with title and date of what it touches, in the user's
 * zone. When the call cannot succeed it sets the failure that the handler would set, in run->result.
 */

struct tools_spec {
    const char *name, *family, *description;
    const char *arguments_schema;  /* JSON Schema 2020-12, compact */
    const char *result_schema;
    enum tools_effect effect;
    enum tools_approval approval;
    int64_t timeout_ms;
    bool idempotent;
    const char *provider;          /* setting it needs, or NULL */
    const char *const *examples;   /* NULL-terminated phrasings */
    const char *entity;            /* key of the entity in the result */
    tools_handler *handler;
    tools_handler *preview;        /* what the user is asked; NULL: the tool's name says it all */
    const char *const *example_arguments; /* NULL-terminated, one JSON text per example */
    const char *approval_argument, *approval_value; /* only calls where that argument has this value
                                                       need it; NULL = every call */
    const char *keywords;          /* other words that people use for it; for find_tools */
    struct dynamic_tool *dynamic;  /* made at run time (tools/remote/dynamic.h); NULL = of the registry */
    bool core;                     /* always offered to the model; the others are found */
    bool untrusted;                /* its result holds what others wrote: data, never instructions */
    bool reaches_others;           /* what it does others see: needs approval once untrusted content
                                      stands in the conversation */
    bool process;                  /* it computes for long, or in a library: tools_is_apart */
    const char *process_unless;    /* settings of services that it may ask and wait for, with a
                                      blank between; or NULL */
    const char *outside;           /* the argument by which the model chooses a host that sees the
                                      call; "*" = every call leaves for a host outside; or NULL */
};
/*
 * tools_configure -- reads what the operator added: declared HTTP tools and MCP servers. Before the
 * fork and by `turnpiked --check`. Returns 0, ERR_CONFIG with why, ERR_NOMEM.
 */
int tools_configure(const struct conf *conf, char *why, size_t why_size);
/*
 * Begin and end of each request of a worker, of which many may be under way. tools_enter takes in
 * MCP servers' tools that have changed. What tools_find and tools_at return stays valid until the
 * request leaves with its ticket, whatever other requests take in meanwhile; a name that was found
 * may be unknown, or another row, when it is looked for again.
 */
unsigned tools_enter(const struct conf *conf);
void tools_leave(unsigned ticket);
/* What workers share: the index of find_tools. Before the fork. Returns 0 or ERR_NOMEM. */
int tools_global_init(void);
size_t tools_count(void);
const struct tools_spec *tools_at(size_t index); /* stable order: the prompt cache depends on it */
const struct tools_spec *tools_find(const char *name);
/* Is it one of the build's own? */
bool tools_registered(const char *name);
/* Does this call need the user's approval? args: coerced (tools_check); NULL = not known, so yes. */
bool tools_needs_approval(const struct tools_spec *spec, const jdoc *args);
/*
 * The same for arguments as the model wrote them, parsed and coerced as tools_start does. No when
 * they are wrong and decide whether it is needed: tools_start refuses them and runs nothing.
 */
bool tools_call_needs_approval(const struct tools_spec *spec, const char *args_json, size_t len);
/*
 * What a call does others see, or a host outside: such calls need approval once untrusted content
 * stands in the conversation (agent/approval.h). tools_may_leave: some call of the tool does;
 * tools_call_leaves: this one, arguments as the model wrote them; no when they are wrong.
 */
bool tools_may_leave(const struct tools_spec *spec);
bool tools_call_leaves(const struct tools_spec *spec, const char *args_json, size_t len);
/*
 * Does a result hold what others wrote? Those of tools marked `untrusted` do, but a failure only
 * when its words are not ours; and those of the calendar's tools with an event of an imported file.
 */
bool tools_result_untrusted(const struct tools_spec *spec, const jdoc *result);

/* What is left of a call when an answer from outside has come; lives in the handler's state. */
struct tools_step {
    void (*fn)(struct tools_run *run, void *arg);
    void *arg;
    struct tools_step *next;
};

struct tools_context { /* one per turn, or per direct call */
    const struct conf *conf;
    struct store *store;
    struct http_client *http;
    struct reactor *reactor;
    const char *uid, *session;     /* session NULL in a direct call */
    int64_t epoch;
    const char *zone;              /* IANA name, validated; the user's for this request */
    const char *locale;            /* BCP 47 or "" */
    const char *currency;
    int64_t now_ms;                /* real time of the request */
    bool has_location;
    double latitude, longitude;
    const char *location_text;     /* or NULL */
    const char *role;              /* of the credential: "admin"; NULL = user */
    struct tools_apart apart;      /* zeroed: all tools run where they are called */
};

struct tools_run { /* one call */
    const struct tools_context *context;
    const struct tools_spec *spec;
    struct arena *arena;
    const char *call_id;           /* the tool call's id: the effect mark */
    jdoc *args;                    /* checked and coerced; owned by run */
    jdoc *result;                  /* {success, message, ENTITY...}; owned by run */
    const char *preview;           /* of tools_preview; arena */
    const char *approved;          /* what the user was asked and said yes to; NULL = nobody was */
    bool done;
    void *state;                   /* the handler's own, in the arena */
    void (*on_done)(struct tools_run *run);
    void (*on_more)(struct tools_run *run); /* tools_go_on has something to do; or NULL */
    void *on_done_arg;             /* of both */
    void (*on_cancel)(struct tools_run *run); /* set by a handler that waits */
    int error;                     /* a fault of ours that came while it waited; 0 = none */
    int64_t retry_after_ms;        /* of a refusal "rate_limited"; 0 = not known */
    void *waiting;                 /* tools.c's own, as are the next two */
    struct tools_step *steps;
    bool going_on;
    void *fetches;                 /* ask.c's own */
};
/*
 * tools_start -- checks and coerces args_json (text as the model wrote it; "" = {}), then calls
 * the handler. Any refusal is a result with success=false, error{code,message,path,expected} that the
 * model can act on. Returns 0 when done (run->done), ERR_AGAIN when it waits, ERR_FENCED, ERR_STORE*
 * or another fault of ours.
 *
 * Who waits calls tools_go_on after on_more, or with each pass of the loop, until run->done; on_more
 * comes from within reactor_step, on_done from there or from tools_go_on.
 */
int tools_start(struct tools_run *run, const char *args_json, size_t len);
/*
 * Does a call of it run in a tool process? One that computes for more than some 5 ms, or in a library
 * that may crash, would hold all turns of its worker, or end them.
 */
bool tools_is_apart(const struct conf *conf, const struct tools_spec *spec);
/* How long a call may take, all in, milliseconds: after that it has hung. */
int64_t tools_patience(const struct tools_context *context, const struct tools_spec *spec);
/*
 * tools_preview -- what the call would do, and whether it could: everything that comes before the
 * handler, then the tool's preview. Nothing is written. Returns 0: run->result is set when the
 * call would be refused (or has been made before); else run->preview is set, NULL when the tool has
 * none. Or a fault of ours. run is then for tools_fini.
 *
 * With run->approved set tools_start does the same before the handler, and refuses with `conflict`
 * when the preview is not what the question ended with: the record has changed since.
 */
#define TOOLS_QUESTION_END "?"
#define TOOLS_QUESTION_BARE "with these arguments?" /* of a tool without a preview */
int tools_preview(struct tools_run *run, const char *args_json, size_t len);
/* Runs the steps that callbacks left (tools_defer). They may wait for Redis; a time limit that is
 * over meanwhile counts afterwards. Nothing to do: nothing happens. */
void tools_go_on(struct tools_run *run);
void tools_cancel(struct tools_run *run);
void tools_fini(struct tools_run *run);

/* For handlers. code: stable, e.g. "not_found", "invalid_argument", "provider_not_configured". */
int tools_fail(struct tools_run *run, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with the wrong field (JSON pointer) and what would be right. Returns 0 or ERR_NOMEM. */
int tools_fail_at(struct tools_run *run, const char *path, const char *expected, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A question back, code "ambiguous": the field could mean several things. Returns 0 or ERR_NOMEM. */
int tools_ask_back(struct tools_run *run, const char *path, const char *expected, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Starts the result: {success:true, message}. Returns it (borrowed) or NULL. */
jdoc *tools_succeed(struct tools_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* After ERR_AGAIN only: run->result (or run->error) is set; calls on_done. */
void tools_finished(struct tools_run *run);
/*
 * tools_told -- for struct tools_apart, after ERR_AGAIN: run->result is what the tool's own process
 * has made and checked, or a failure (tools_fail); error: a fault of ours instead. Calls on_done.
 */
void tools_told(struct tools_run *run, int error);
/*
 * tools_defer -- from a callback of the loop, where a call of Redis would stop all tasks of the
 * process: step->fn(run, step->arg) runs in the task that waits for the call, and ends it with
 * tools_finished or asks again. step is not yet queued; its fn and arg are set.
 */
void tools_defer(struct tools_run *run, struct tools_step *step);

/* Argument check alone, for POST /tools and tests: 0 or ERR_INVALID with path and what would be right. */
struct tools_problem { char path[128], expected[256], message[384]; };
int tools_check(const struct tools_spec *spec, jdoc *args, struct tools_problem *problem);
/* A result against result_schema, or against the common form of failures. */
int tools_check_result(const struct tools_spec *spec, const jdoc *result, struct tools_problem *problem);

#endif
