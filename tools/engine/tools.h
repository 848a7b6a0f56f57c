/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_TOOLS_H
#define TURNPIKE_TOOLS_ENGINE_TOOLS_H

#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"
#include "tools/schema/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * tools -- the registry of the assistant's tools. One JSON file per family, tools/FAMILY/NAME.json,
 * is the single source: the build (tools/engine/generate) makes the table, the model's list, the
 * argument check, the documentation and the tests' list from it. Handlers are C functions named
 * `FAMILY_tool_NAME`. Adding a tool is adding an entry and a handler.
 */
/*
 * tools_configure -- reads what the operator added: declared HTTP tools and MCP servers. Before the
 * fork and by `turnpiked --check`. Returns 0, ERR_CONFIG with why, ERR_NOMEM.
 */
MUST_CHECK int tools_configure(const struct conf *conf, char *why, size_t why_size);
/*
 * Begin and end of each request of a worker, of which many may be under way. tools_enter takes in
 * MCP servers' tools that have changed. What tools_find and tools_at return stays valid until the
 * request leaves with its ticket, whatever other requests take in meanwhile; a name that was found
 * may be unknown, or another row, when it is looked for again.
 */
unsigned tools_enter(const struct conf *conf);
void tools_leave(unsigned ticket);
/* What workers share: the index of find_tools. Before the fork. Returns 0 or ERR_NOMEM. */
MUST_CHECK int tools_global_init(void);
size_t tools_count(void);
const struct tools_spec *tools_at(size_t index); /* stable order: the prompt cache depends on it */
const struct tools_spec *tools_find(const char *name);
/* "read", "write", "delete", "outside" */
const char *tools_effect_name(const struct tools_spec *spec);
/* Is it one of the build's own? */
bool tools_registered(const char *name);
/* Is the setting there without which it cannot work (`provider`)? */
bool tools_is_provided(const struct conf *conf, const struct tools_spec *spec);
/* Does it remember facts about the user, or tell them: what the setting `memory` and the user may
 * turn off? What takes them away works all the same. */
bool tools_is_memory(const struct tools_spec *spec);
/* Is it there for this user? Its setting is there, and nobody has turned it off. */
bool tools_is_offered(const struct tools_context *context, const struct tools_spec *spec);
/* What it needs, for the user: "a weather service". */
const char *tools_provider_words(const struct tools_spec *spec);
/* Is it an administrator who asks? Others are not told the names of settings. */
bool tools_shows_settings(const struct tools_context *context);
/* Does this call need the user's approval? args: coerced (tools_check); NULL = not known, so
 * yes. */
bool tools_needs_approval(const struct tools_spec *spec, const jdoc *args);
/*
 * The same for arguments as the model wrote them, parsed and coerced as tools_start does. No when
 * they are wrong and decide whether it is needed: tools_start refuses them and runs nothing.
 */
bool tools_call_needs_approval(const struct tools_spec *spec, const char *args_json, size_t len);
/*
 * What a call does others see, or a host outside, or it steers later conversations: such calls
 * need approval once untrusted content stands in the conversation (agent/approval.h).
 * tools_may_leave: some call of the tool does; tools_call_leaves: this one, arguments as the model
 * wrote them; no when they are wrong.
 */
bool tools_may_leave(const struct tools_spec *spec);
bool tools_call_leaves(const struct tools_spec *spec, const char *args_json, size_t len);
/*
 * Does a result hold what others wrote? Those of tools marked `untrusted` do, but a failure only
 * when its words are not ours; and those of the calendar's tools with an event of an imported file.
 */
bool tools_result_untrusted(const struct tools_spec *spec, const jdoc *result);

/*
 * tools_start -- checks and coerces args_json (text as the model wrote it; "" = {}), then calls
 * the handler. Any refusal is a result with success=false, error{code,message,path,expected} that
 * the model can act on. Returns 0 when done (run->done), ERR_PENDING when it waits, ERR_FENCED,
 * ERR_STORE* or another fault of ours.
 *
 * Who waits calls tools_go_on after on_more, or with each pass of the loop, until run->done;
 * on_more comes from within reactor_step, on_done from there or from tools_go_on.
 */
MUST_CHECK int tools_start(struct tools_run *run, const char *args_json, size_t len);
/*
 * Does a call of it run in a tool process? One that computes for more than some 5 ms, or in a
 * library that may crash, would hold all turns of its worker, or end them.
 */
bool tools_is_apart(const struct conf *conf, const struct tools_spec *spec);
/* How long a call may take, all in, milliseconds: after that it has hung. */
int64_t tools_patience(const struct tools_context *context, const struct tools_spec *spec);
/*
 * tools_preview -- what the call would do, and whether it could: everything that comes before the
 * handler, then the tool's preview. Nothing is written. Returns 0: run->result is set when the
 * call would be refused (or has been made before); else run->preview is set, NULL when the tool has
 * none, and run->about, which every tool has: without a preview of its own the arguments, by the
 * titles of their schema. Or a fault of ours. run is then for tools_fini.
 *
 * With run->approved set tools_start does the same before the handler, and refuses with `conflict`
 * when the preview is not what the question ended with: the record has changed since.
 */
#define TOOLS_QUESTION_END "?"
#define TOOLS_QUESTION_BARE "with these arguments?" /* of a tool without a preview */
MUST_CHECK int tools_preview(struct tools_run *run, const char *args_json, size_t len);
/* Runs the steps that callbacks left (run_defer). They may wait for Redis; a time limit that is
 * over meanwhile counts afterwards. Nothing to do: nothing happens. */
void tools_go_on(struct tools_run *run);
/* The user's answer to run->asking, or that there is none; the call's time begins anew. Nothing
 * happens when reply->to is another question than the one that is open now. */
void tools_reply(struct tools_run *run, const struct tools_reply *reply);
void tools_cancel(struct tools_run *run);
void tools_fini(struct tools_run *run);

/* Argument check alone, for POST /tools and tests: 0 or ERR_INVALID with path and what would be
 * right. */
MUST_CHECK int tools_check(const struct tools_spec *spec, jdoc *args,
    struct tools_problem *problem);
/* A result against result_schema, or against the common form of failures. */
MUST_CHECK int tools_check_result(const struct tools_spec *spec, const jdoc *result,
    struct tools_problem *problem);

#endif
