/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_REFUSAL_H
#define TURNPIKE_AGENT_MODEL_REFUSAL_H

#include "agent/context.h"
#include "agent/model/quirks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * refusal -- a model's server has not taken a request (400, 404, 413, 422, a 429 or 500 that
 * refusal_is_too_large, or an error event in a 200, before anything was said): what does it name,
 * and how is it asked once more. By the words of OpenAI, Anthropic, DeepSeek, Gemini, Mistral,
 * vLLM, llama.cpp, Ollama and FastAPI's validation, as they stand in public bug reports (November
 * 2026). Used by turn workers.
 */
enum refusal_kind {
    REFUSAL_OTHER,
    REFUSAL_MEMBER, /* names an optional member of the request */
    REFUSAL_OUTPUT, /* wants fewer tokens of output */
    REFUSAL_WINDOW  /* the conversation is too long for the model */
};
struct refusal {
    enum refusal_kind kind;
    uint64_t flag;        /* MEMBER: of enum quirks_flag */
    int64_t output_max;   /* OUTPUT */
    int64_t window, used; /* WINDOW: tokens; 0 = not told */
};
/*
 * refusal_is_too_large -- does a refusal that looks like a passing one (429, 5xx) say that the
 * request is too long? It would be refused whenever it came: OpenAI's and Groq's "Request too large
 * for ... on tokens per min: Limit 30000, Requested 36278" (429, 413), Anthropic's limit of tokens
 * per minute (429) when it is below the request's own; 500 of llama.cpp and LM Studio for a prompt
 * over the context size (public bug reports, 2024 to 2026). Pure.
 */
bool refusal_is_too_large(const char *body, size_t len, long status, size_t request_bytes);
/*
 * refusal_read -- pure. body: as it came, JSON or not; sent: provider_http.sent; output: tokens of
 * output that the request asked for.
 */
void refusal_read(const char *body, size_t len, long status, uint64_t sent, int64_t output,
    struct refusal *out);

/* One provider, until it takes the request. Zeroed at the beginning. */
struct refusal_state {
    struct context_limits limits; /* of the next request */
    unsigned members, trims;      /* tries spent on each */
    bool too_long;                /* the last refusal was for the length */
    uint64_t guessed;    /* left out of this call alone, as nobody said what was disliked */
    bool learns;         /* when the next request is taken, that was it */
    bool files_were_cut; /* by such a guess; they come again with the next one */
    size_t tokens;       /* of the messages that were shortened the last time */
    /* The room that other requests should know of, 0 = none: what files cost is an estimate, and
     * a body that is too large says nothing of tokens. */
    int64_t learnt;
};
struct refusal_case { /* the request that was refused */
    const char *provider;
    const char *body;
    size_t body_len;
    long status;
    uint64_t sent;
    int64_t output; /* tokens that it asked for */
    size_t request_bytes;
    const struct context *context;
};
/*
 * refusal_adapt -- changes the limits or what is known of the server so that the next request
 * differs. At most 6 members are left out, the conversation is shortened 5 times, once its files
 * stay away, and once only the last message is sent. What is left out is logged, with the setting
 * that says it for good. Returns false when there is nothing more to try.
 */
bool refusal_adapt(struct refusal_state *state, const struct refusal_case *refused,
    struct quirks *known);
/*
 * refusal_taken -- the server has taken the request: what was left out of it by a guess is known
 * from now on, when nothing else differed. One user's file, or words that a vendor's policy does
 * not let pass, say nothing of what others may send.
 */
void refusal_taken(struct refusal_state *state, const char *provider, struct quirks *known);

#endif
