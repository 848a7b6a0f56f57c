/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_ABILITIES_H
#define TURNPIKE_AGENT_MODEL_ABILITIES_H

#include "agent/model/family.h"
#include "base/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * abilities -- what the configured model of a provider takes: the row of its family, and over it
 * what the settings of that provider say (PROVIDER.context_tokens, .output_tokens, .temperature,
 * .images, .documents, .thinking, .deferred_tools, ...). This is what everybody asks. What a server
 * has refused is known beside it (quirks.h). A new provider with a server is a row of
 * ABILITIES_PROVIDERS in abilities.c and its settings. Pure; used by turn workers and before the
 * fork.
 */

/* What is said about thinking; nothing when the form is FAMILY_THINKING_NONE. */
struct abilities_thinking {
    enum family_thinking form;
    bool on;           /* false: the request says that it shall not think */
    const char *word;  /* on: the effort, or NULL = none is named; off: the word for off */
    int64_t budget;    /* on: tokens, for forms that count; 0 = none is named */
    bool interleaved;  /* a header asks for thoughts between calls */
    int64_t allowance; /* tokens of output that thoughts may take beside the answer, said or not */
    bool no_tools;     /* the model takes no function tools in this dialect */
};

struct abilities {
    const struct family *family; /* never NULL */
    bool anthropic;              /* the provider speaks the dialect of Anthropic */
    int64_t window;              /* tokens of a request and its answer; 0 = not known */
    int64_t output;              /* the most tokens of an answer, thoughts too; 0 = not known */
    int64_t answer;              /* tokens asked for: model.output_tokens and the allowance */
    int64_t room;                /* tokens of a whole request: window less answer; 0 = not known */
    /* Tokens of conversation and client tools: model.context_tokens, the site's cap, or less where
     * the window is smaller. */
    int64_t context;
    bool temperature;         /* one may be sent */
    bool images, documents;   /* are taken; documents: PDF */
    bool stream_options;      /* Chat Completions */
    bool deferred;            /* tools are kept back until they are found: agent/model/deferred.h */
    const char *output_field; /* name of the member that limits the output; NULL = none is sent */
    size_t tools_max;         /* model.tools_max, or less */
    struct abilities_thinking thinking;
};

/*
 * abilities_of -- of a provider by its name in model.chain. One without a server, or an unknown
 * name, has nothing but the site's caps.
 *   tools  whether the request will tell tools: some models may not think beside them
 */
void abilities_of(const struct conf *conf, const char *provider, bool tools, struct abilities *out);
/* The same for a request with tools, which nearly all are. */
static inline void abilities_get(const struct conf *conf, const char *provider,
    struct abilities *out)
{
    abilities_of(conf, provider, true, out);
}

/*
 * abilities_output -- the most tokens to ask for, when the words of the answer may take `answer`.
 *   answer  1 or more
 *   most    what the server has said that it gives, 0 = not known
 */
int64_t abilities_output(const struct abilities *a, int64_t answer, int64_t most);
/* The budget to name beside that many tokens of output; 0 = there is no room for one. */
int64_t abilities_budget(const struct abilities *a, int64_t output);

#endif
