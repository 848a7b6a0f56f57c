/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_TOOL_WORDS_H
#define TURNPIKE_TOOLS_REMOTE_TOOL_WORDS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "tools/kit/run.h"
#include "wire/fastcgi/fastcgi_client.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * tool_words -- what turn workers and tool processes say to each other: one call of a tool is one
 * FastCGI request. Its parameters are the call's context (TP_...), its body the arguments as the
 * model wrote them. The reply's header is sent when the process begins; its body is
 * `{"error":N,"retry_after_ms":N,"result":{...}}`, N of base/err.h. Pure; both sides are one build.
 */
#define TOOL_WORDS_ARGS_MAX ((size_t)1 << 20)   /* bytes of arguments */
#define TOOL_WORDS_PARAMS_MAX ((size_t)1 << 20) /* of the context: a client names the place */
#define TOOL_WORDS_REPLY_MAX ((size_t)4 << 20)

/* The whole request, appended. Returns 0; ERR_LIMIT (arguments or context too large); ERR_NOMEM. */
MUST_CHECK int tool_words_ask(struct buf *out, const struct tools_run *run, const char *args,
    size_t len);

/* Where a request's parameters come from: wire/fastcgi/inbound.h fits. */
typedef const char *tool_words_param(void *arg, const char *name);
/* The tool of that name, or NULL: tools_find fits. */
typedef const struct tools_spec *tool_words_find(const char *name);
/*
 * tool_words_read -- the other way round: context's and run's fields of the call. Texts are copied
 * into the arena. context's conf, store, http and reactor and run's arena stay the caller's.
 * Returns 0; ERR_PROTOCOL (nobody of ours wrote that); ERR_NOT_FOUND (no such tool); ERR_NOMEM.
 */
MUST_CHECK int tool_words_read(tool_words_param *param, void *arg, tool_words_find *find,
    struct arena *arena, struct tools_context *context, struct tools_run *run);

/* The reply's body, appended. result: NULL with an error. Returns 0 or ERR_NOMEM. */
MUST_CHECK int tool_words_answer(struct buf *out, const struct tools_run *run, int error);
/*
 * What a process says, in its last moment, when its time is over: bytes for the connection,
 * appended (0 or ERR_NOMEM); and whether they stand in what the other side has read so far.
 */
MUST_CHECK int tool_words_late(struct buf *out);
bool tool_words_is_late(const struct fastcgi_reply *reply);
/*
 * tool_words_told -- reads that body: run->result, run->retry_after_ms.
 *   error  out, on 0: what tools_start answered there
 * Returns 0; ERR_PROTOCOL; ERR_NOMEM.
 */
MUST_CHECK int tool_words_told(struct tools_run *run, const char *body, size_t len, int *error);

#endif
