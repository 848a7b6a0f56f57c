#ifndef TURNPIKE_AGENT_QUIRKS_H
#define TURNPIKE_AGENT_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * quirks -- what servers of models have refused, kept for each provider, address and model as long as
 * the workers' generation lives, so that each is asked for once. Used by turn workers.
 */
enum quirks_flag {
    QUIRKS_NO_TEMPERATURE = 1 << 0,
    QUIRKS_OTHER_OUTPUT_FIELD = 1 << 1, /* max_completion_tokens for max_tokens, and back */
    QUIRKS_NO_OUTPUT_FIELD = 1 << 2,    /* neither of them */
    QUIRKS_NO_STREAM_OPTIONS = 1 << 3,
    QUIRKS_NO_TOOL_CHOICE = 1 << 4,
    QUIRKS_NO_CACHE_CONTROL = 1 << 5,
    QUIRKS_NO_TOOLS = 1 << 6,           /* a model without tools */
    QUIRKS_NO_CALL_EXTRA = 1 << 7,      /* unknown members of tool calls */
    QUIRKS_NO_REASONING = 1 << 8,       /* reasoning_content is not taken */
    QUIRKS_NEED_REASONING = 1 << 9,     /* it is wanted on every message with calls */
    QUIRKS_KEEP_THOUGHTS = 1 << 10,     /* thoughts of earlier turns are wanted too */
    QUIRKS_SHORT_IDS = 1 << 11,         /* call ids of nine letters and digits */
    QUIRKS_SYSTEM_AS_USER = 1 << 12,    /* no role of its own for the instructions */
    QUIRKS_NO_IS_ERROR = 1 << 13,       /* is_error of a tool's result */
};
struct quirks {
    unsigned flags;
    int64_t output_max; /* most tokens of one answer; 0 = not known */
    int64_t room;       /* tokens, as context_tokens estimates, of a whole request; 0 = not known */
};

#define QUIRKS_MAX 32 /* the one that was not asked for the longest is forgotten */

/* Before the fork: the workers of a generation share what they learn. Returns 0 or ERR_NOMEM. */
int quirks_share(void);
/*
 * quirks_get, quirks_put -- what is known of a server's model; nothing when it is new.
 *   url, model  as configured
 */
void quirks_get(const char *provider, const char *url, const char *model, struct quirks *out);
void quirks_put(const char *provider, const char *url, const char *model,
    const struct quirks *quirks);
/* Everything is forgotten. For tests. */
void quirks_forget(void);

#endif
