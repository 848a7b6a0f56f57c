/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_FAMILY_H
#define TURNPIKE_AGENT_MODEL_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * family -- what the models that people run take, by the name of the model, and what the servers of
 * the well-known vendors want, by their address. Two tables; each row tells its source and date.
 * What a setting says overrides them: agent/model/abilities.h, which is what other modules ask.
 * Pure; used by turn workers and before the fork.
 */

/* How a model is told to think. */
enum family_thinking {
    FAMILY_THINKING_NONE,      /* it does not think, or nothing can be said about it */
    FAMILY_THINKING_BUDGET,    /* Claude up to 4.5: a number of tokens */
    FAMILY_THINKING_ADAPTIVE,  /* Claude from 4.6 on: as much as it likes, by an effort */
    FAMILY_THINKING_EFFORT,    /* OpenAI, Gemini, Mistral, Ollama: a word for the effort */
    FAMILY_THINKING_REASONING, /* OpenRouter: an object with the effort */
    FAMILY_THINKING_TYPE,      /* servers of DeepSeek, Zhipu, Moonshot: on or off, and an effort */
    FAMILY_THINKING_TEMPLATE   /* vLLM, llama.cpp: an argument of the model's template */
};

enum family_flag {
    FAMILY_TEMPERATURE = 1 << 0, /* takes a temperature */
    FAMILY_IMAGES = 1 << 1,
    FAMILY_DOCUMENTS = 1 << 2,   /* PDF, where its server takes files */
    FAMILY_THINKS = 1 << 3,      /* thinks also when nothing is said about it */
    FAMILY_INTERLEAVES = 1 << 4, /* thinks between calls too, when a header asks for it */
    FAMILY_NEWER_FIELD = 1 << 5, /* max_completion_tokens, refuses max_tokens */
    /* Of OpenAI's own servers, Chat Completions: function tools want reasoning_effort "none", also
     * when nothing was said; and: function tools are not taken at all. */
    FAMILY_TOOLS_WANT_NONE = 1 << 6,
    FAMILY_NO_CHAT_TOOLS = 1 << 7,
    FAMILY_DEFERS = 1 << 8 /* keeps tools back until they are found: agent/model/deferred.h */
};

struct family {
    const char *stem;       /* that its models' names have; "" = of a model that is not known */
    int64_t window, output; /* tokens; 0 = not known */
    unsigned flags;         /* of enum family_flag */
    enum family_thinking thinking;
    const char *efforts; /* words that it takes, the least first, divided by blanks; "" = none */
    /* How thinking is turned off: the word for it, "" = it cannot be. */
    const char *off;
    size_t tools_max; /* 0 = not known */
    const char *source;
};

/*
 * family_of -- the row of a model. A stem counts wherever it stands as words of the name, in any
 * case, '.' for '-': so vendors' prefixes ("us.anthropic.claude-...", "openai/gpt-5"), names of
 * deployments ("prod-gpt-5-mini"), dates and tags behind are no matter. The longest stem wins.
 * Returns the row; that of an unknown model when no stem stands in the name. Never NULL.
 */
const struct family *family_of(const char *model);
/* Does this stem stand in the name of the model, as in family_of? */
bool family_is_named(const char *model, const char *stem);
/* The rows, for tests and lists; the last one is that of an unknown model. */
const struct family *family_table(size_t *count);

enum family_server_flag {
    FAMILY_SERVER_NEWER_FIELD = 1 << 0, /* max_completion_tokens for every model */
    FAMILY_SERVER_DOCUMENTS = 1 << 1,   /* takes a PDF in a `file` part */
    FAMILY_SERVER_OPENAI = 1 << 2,      /* OpenAI's own rules about tools and thinking */
    FAMILY_SERVER_DEFERS = 1 << 3       /* where a model may keep tools back, it takes that */
};
struct family_server {
    const char *host; /* or the end of it behind a '.', or ":PORT" */
    unsigned flags;
    enum family_thinking thinking; /* instead of the family's form; NONE = the family's */
    const char *source;
};
/* The row of a server, by the address that a setting names; NULL = not known. */
const struct family_server *family_server_of(const char *url);

/*
 * family_effort -- the word for it that the family takes: the same one, else the next stronger one,
 * else its strongest. `effort`: minimal, low, medium, high, xhigh or max.
 * Returns a static text, or NULL when the family takes no word.
 */
const char *family_effort(const struct family *f, const char *effort);
/* Is it one of the words above? */
bool family_is_effort(const char *word);
/* A number of tokens for a word, and the word for a number of tokens. */
int64_t family_budget_of(const char *effort);
const char *family_effort_of(int64_t budget);

#endif
