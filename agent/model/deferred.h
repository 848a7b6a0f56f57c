/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_DEFERRED_H
#define TURNPIKE_AGENT_MODEL_DEFERRED_H

#include "agent/model/abilities.h"
#include "agent/model/provider.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "tools/engine/tools.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * deferred -- tools that the vendor keeps out of the prompt until find_tools has named them: what
 * is found then stands in the conversation, so that the prompt in front of it, and with it the
 * vendor's cache, stays. Nothing of it is stored: the conversation holds results of find_tools as
 * always, and each request is written in the form that its provider takes at that moment. So a
 * takeover, another vendor and an older release need nothing. Used by turn workers.
 *
 * Two forms (November 2026). Anthropic, agents-and-tools/tool-use/tool-search-tool, "Custom tool
 * search implementation": all tools are in the list, marked `defer_loading`, and a result of
 * find_tools is a list of `tool_reference`. OpenAI Responses, guides/tools-tool-search, "Client-
 * executed tool search": find_tools is the tool `tool_search`, and its `tool_search_output` brings
 * the definitions.
 *
 * Found tools whose result has left the window are told as before, behind the core ones.
 */
enum deferred_row {
    DEFERRED_NONE,   /* a core tool, one without its provider, one that is told as before */
    DEFERRED_LISTED, /* the vendor keeps it back */
    DEFERRED_LOADED  /* the same; a result in the window names it */
};
struct deferred {
    bool on;             /* false: every tool is told as before, and nothing below counts */
    bool memory;         /* false: tools of the memory are told in no way */
    unsigned char *rows; /* enum deferred_row of each of tools_at */
    size_t count;
};

/* Writes the list of the tools that no server brings, once, before the fork. 0 or ERR_NOMEM. */
MUST_CHECK int deferred_prepare(const struct conf *conf);
/*
 * deferred_begin -- is this request to be written so, and where does each tool stand in it? Not
 * when the model is not known to take it (abilities.deferred), when its server has refused it, when
 * the request is a reduced one or beside the conversation, or when find_tools has to be called.
 * deferred_end frees what it made, also after an error. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int deferred_begin(const struct provider *p, const struct provider_request *q,
    const struct abilities *a, struct deferred *out);
void deferred_end(struct deferred *d);
/* Of a tool that the conversation brought in (agent/offer.h): must it not be told as before? */
bool deferred_holds(const struct deferred *d, const struct context_tool *found);
/*
 * deferred_put -- appends the list, each tool with a ',' in front of it; nothing for a provider
 * with a search tool of its own. The bytes are made once for each set of tools. Returns 0 or
 * ERR_NOMEM.
 */
MUST_CHECK int deferred_put(const struct deferred *d, const struct provider *p, struct buf *json);

/*
 * deferred_put_tool -- one of them. A server's is written with the least that its schema can be
 * (foreign_schema_plain): a vendor refuses the whole request, of all users, for one schema that it
 * dislikes. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int deferred_put_tool(const struct provider *p, const struct tools_spec *spec,
    struct buf *json);

#define DEFERRED_NAMED_MAX 10       /* tools of one result: the limit of find_tools */
#define DEFERRED_REMOTE_MAX 2097152 /* bytes of MCP servers' tools in the list; more: as before */
/* What a result of find_tools names. */
struct deferred_named {
    const struct tools_spec *tools[DEFERRED_NAMED_MAX]; /* kept back, each once */
    size_t count;
    char *
        note; /* JSON text of what else it tells: the names of other tools, what is not set up here,
                 * that there are none; nothing that a server says of its tools. NULL: there is
                 * nothing more. deferred_named_fini frees it */
};
/* A result that is not valid (cut, an error) names nothing. Returns 0 or ERR_NOMEM. */
MUST_CHECK int deferred_read(const struct deferred *d, const char *text, size_t len, bool failed,
    struct deferred_named *out);
void deferred_named_fini(struct deferred_named *named);

#endif
