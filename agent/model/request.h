/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_REQUEST_H
#define TURNPIKE_AGENT_MODEL_REQUEST_H

#include "agent/model/abilities.h"
#include "agent/model/provider.h"
#include "base/err.h"

/*
 * request -- one writer of model requests for each dialect: struct provider.tool and .request.
 * Used by turn workers; the tools are also written before the fork.
 */

/* How a sealed thought of Anthropic goes on behind its maker; what follows goes back to that server
 * byte for byte. Older versions stored "anthropic" as the maker. */
#define REQUEST_SIGNATURE ":signature:"
#define REQUEST_REDACTED ":redacted:"

/* Helpers of both. request_url: the base without its last '/', then the path. */
void request_url(const char *base, const char *path, struct buf *url);
/* The tool that this call has to call; "" = any, NULL = none has to be. A request that was reduced
 * tells no client's tool, so it asks for none. */
const char *request_must_call(const struct provider_request *q);
/*
 * request_temperature -- `,"temperature":N` when somebody set one (model.temperature, else the
 * provider's own), the model takes it and the server has not refused it. Returns whether it was
 * written.
 */
bool request_temperature(const struct provider_request *q, const struct abilities *a,
    const char *own, struct buf *json);
/*
 * request_thinking -- what is said about thinking, in the form that the model and its server take;
 * nothing when nobody set anything and the model needs nothing.
 *   output  tokens that the request asks for
 *   tools   the request tells tools
 * Returns the flags of what may be left out (provider_http.sent). QUIRKS_NO_BETA among them: the
 * request wants the header REQUEST_INTERLEAVED.
 */
uint64_t request_thinking(const struct provider_request *q, const struct abilities *a,
    int64_t output, bool tools, struct buf *json);
/* platform.claude.com/docs/en/build-with-claude/extended-thinking, November 2026: Claude 4 to 4.5
 * think between calls when it is sent, later ones always. */
#define REQUEST_INTERLEAVED "interleaved-thinking-2025-05-14"

/* Appends the base64 of the file to the body, and counts it. */
void request_file(struct provider_http *out, const struct chat_file *file);

/* last: the end of the prepared tools, which is marked for the cache. */
void request_anthropic_tool(struct buf *json, const struct context_tool *tool, bool last);
void request_anthropic_deferred(struct buf *json, const struct context_tool *tool);
MUST_CHECK int request_anthropic(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out);

void request_openai_tool(struct buf *json, const struct context_tool *tool, bool last);
MUST_CHECK int request_openai(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out);

void request_responses_tool(struct buf *json, const struct context_tool *tool, bool last);
void request_responses_deferred(struct buf *json, const struct context_tool *tool);
void request_responses_search(struct buf *json, const struct context_tool *tool);
MUST_CHECK int request_responses(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out);
/* The rest of a stored response, behind the last event; its end at the vendor. 0 or ERR_NOMEM. */
MUST_CHECK int request_responses_follow(const struct conf *conf,
    const struct provider_stream *stream, struct provider_http *out);
MUST_CHECK int request_responses_stop(const struct conf *conf, const char *response,
    struct provider_http *out);

#endif
