/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_QUIRKS_H
#define TURNPIKE_AGENT_MODEL_QUIRKS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * quirks -- what servers of models have refused, kept for each provider, address and model in
 * memory that the workers of a generation share. So each is asked for once. Servers change: it is
 * forgotten after an hour, and at once when it did not help. Used by turn workers.
 */
enum quirks_flag {
    QUIRKS_NO_TEMPERATURE = 1 << 0,
    QUIRKS_OTHER_OUTPUT_FIELD = 1 << 1, /* max_completion_tokens for max_tokens, and back */
    QUIRKS_NO_OUTPUT_FIELD = 1 << 2,    /* neither of them */
    QUIRKS_NO_STREAM_OPTIONS = 1 << 3,
    QUIRKS_NO_TOOL_CHOICE = 1 << 4,
    QUIRKS_NO_CACHE_CONTROL = 1 << 5,
    QUIRKS_NO_TOOLS = 1 << 6,            /* a model without tools */
    QUIRKS_NO_CALL_EXTRA = 1 << 7,       /* unknown members of tool calls */
    QUIRKS_NO_REASONING = 1 << 8,        /* reasoning_content is not taken */
    QUIRKS_NEED_REASONING = 1 << 9,      /* it is wanted on every message with calls */
    QUIRKS_KEEP_THOUGHTS = 1 << 10,      /* thoughts of earlier turns are wanted too */
    QUIRKS_SHORT_IDS = 1 << 11,          /* call ids of nine letters and digits */
    QUIRKS_SYSTEM_AS_USER = 1 << 12,     /* no role of its own for the instructions */
    QUIRKS_NO_IS_ERROR = 1 << 13,        /* is_error of a tool's result */
    QUIRKS_SHORT_DESCRIPTIONS = 1 << 14, /* of tools: PROVIDER_DESCRIPTION_MAX bytes */
    QUIRKS_TEXT_CONTENT = 1 << 15,       /* "" for the content null of a message with calls */
    QUIRKS_ANSWER_RESULTS = 1 << 16,     /* no message of a user directly behind a tool's result */
    QUIRKS_PLAIN_SCHEMAS = 1 << 17,      /* of tools: foreign_schema_plain */
    QUIRKS_NO_THOUGHTS = 1 << 18,        /* of one request: its sealed thoughts; never remembered */
    QUIRKS_NO_THINKING = 1 << 19,        /* nothing is said about thinking */
    QUIRKS_OTHER_THINKING = 1 << 20,     /* a budget where the table says adaptive, and back */
    QUIRKS_NO_EFFORT = 1 << 21,          /* thinking without an effort beside it */
    QUIRKS_EFFORT_NONE = 1 << 22,        /* tools are only taken beside the effort "none" */
    QUIRKS_NO_BETA = 1 << 23,            /* no header that asks for a feature in its trial */
    /* OpenAI Responses, and servers that speak a part of it: optional members. */
    QUIRKS_NO_BACKGROUND = 1 << 24,
    QUIRKS_NO_STORE = 1 << 25,
    QUIRKS_NO_CACHE_KEY = 1 << 26,
    QUIRKS_NO_INCLUDE = 1 << 27, /* encrypted reasoning */
    QUIRKS_NO_SUMMARY = 1 << 28, /* of reasoning */
    QUIRKS_NO_PARALLEL = 1 << 29,
    QUIRKS_NO_IMAGES = 1LL << 31,    /* a model without eyes */
    QUIRKS_NO_DOCUMENTS = 1LL << 32, /* PDF in the dialect's form */
    QUIRKS_NO_NONE = 1LL << 33,      /* the effort "none" is none of the model's */
    QUIRKS_NO_DEFERRED = 1LL << 34,  /* tools that are kept back: agent/model/deferred.h */
};
struct quirks {
    uint64_t flags;
    int64_t output_max; /* most tokens of one answer; 0 = not known */
    int64_t room;       /* tokens, as context_tokens estimates, of a whole request; 0 = not known */
};

#define QUIRKS_MAX 32 /* the one that was not asked for the longest is forgotten */

/* Before the fork: the workers of a generation share what they learn. Returns 0 or ERR_NOMEM. */
MUST_CHECK int quirks_share(void);
#define QUIRKS_KEEP_MS (60 * 60 * INT64_C(1000)) /* since the first was learnt */

struct quirks_of { /* one model of one server */
    const char *provider;
    const char *url, *model; /* as configured */
};
/*
 * quirks_get -- what is known of it; nothing when it is new, or was learnt QUIRKS_KEEP_MS ago.
 *   now_ms  clock_mono_ms()
 */
void quirks_get(const struct quirks_of *of, int64_t now_ms, struct quirks *out);
/*
 * quirks_settle -- after the last request of a call.
 *   before  what was known at its beginning
 *   now     what was learnt since, too. It is added to what other workers have learnt meanwhile.
 *   helped  false: the server took none of the requests. Nothing is added, and what was known is
 *           forgotten: it may be wrong by now
 */
void quirks_settle(const struct quirks_of *of, const struct quirks *before,
    const struct quirks *now, bool helped, int64_t now_ms);
/* Everything is forgotten. For tests. */
void quirks_forget(void);

#endif
