#ifndef TURNPIKE_AGENT_MODEL_REQUEST_H
#define TURNPIKE_AGENT_MODEL_REQUEST_H

#include "agent/model/provider.h"
#include "base/err.h"

/*
 * request -- one writer of model requests for each dialect: struct provider.tool and .request.
 * Used by turn workers; the tools are also written before the fork.
 */

/* How a sealed thought of Anthropic begins; what follows goes back to it byte for byte. */
#define REQUEST_SIGNATURE "anthropic:signature:"
#define REQUEST_REDACTED "anthropic:redacted:"

/* Helpers of both. request_url: the base without its last '/', then the path. */
void request_url(const char *base, const char *path, struct buf *url);
/* The most tokens of the answer: what was asked for, or less when the model gives no more. */
int64_t request_output(const struct provider_request *q);
/*
 * request_temperature -- `,"temperature":N` when somebody set one (model.temperature, else the
 * provider's own) and the server has not refused it. Returns whether it was written.
 */
bool request_temperature(const struct provider_request *q, const char *own, struct buf *json);

/* last: the end of the prepared tools, which is marked for the cache. */
void request_anthropic_tool(struct buf *json, const struct context_tool *tool, bool last);
MUST_CHECK int request_anthropic(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out);

void request_openai_tool(struct buf *json, const struct context_tool *tool, bool last);
MUST_CHECK int request_openai(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out);

#endif
