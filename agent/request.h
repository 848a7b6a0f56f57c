#ifndef TURNPIKE_AGENT_REQUEST_H
#define TURNPIKE_AGENT_REQUEST_H

#include "agent/provider.h"

/*
 * request -- one writer of model requests for each dialect: struct provider.tool and .request.
 * Used by turn workers; the tools are also written before the fork.
 */

/* How a sealed thought of Anthropic begins; what follows goes back to it byte for byte. */
#define REQUEST_SIGNATURE "anthropic:signature:"
#define REQUEST_REDACTED "anthropic:redacted:"

void request_anthropic_tool(struct buf *json, const struct context_tool *tool, bool last);
int request_anthropic(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out);

void request_openai_tool(struct buf *json, const struct context_tool *tool, bool last);
int request_openai(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out);

#endif
