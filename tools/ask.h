#ifndef TURNPIKE_TOOLS_ASK_H
#define TURNPIKE_TOOLS_ASK_H

#include "tools/tools.h"

/*
 * ask -- one question to an outside provider from within a handler: JSON over HTTP, time and size
 * bounded, parsed strictly. Used by turn and api workers. Whatever the provider does wrong becomes
 * the failure `provider_failed` of the run, with words for people; the reason goes to the log.
 */
struct ask {
    const char *service; /* "weather service", for messages */
    const char *url;     /* whole; may carry a key: it is never shown or logged */
    const char *body;    /* NULL = GET; else POST of a form */
    const char *bearer;  /* NULL or "" = no credential */
};
/*
 * Gets the answer (borrowed). Sets run->result and returns 0, or asks again and returns ERR_AGAIN,
 * or returns a fault. ERR_PROTOCOL: the answer is not what the provider's form says.
 */
typedef int ask_done_fn(struct tools_run *run, const jdoc *answer, void *arg);
/* ask_start -- what a handler returns: ERR_AGAIN, 0 (failure set), or a fault. */
int ask_start(struct tools_run *run, const struct ask *ask, ask_done_fn *done, void *arg);

/* Is the provider there? Else sets provider_not_configured, naming the setting. */
bool ask_configured(struct tools_run *run, const char *value, const char *setting);
/* BASE without trailing slashes, for building URLs; in the arena. NULL on no memory. */
const char *ask_base(struct tools_run *run, const char *base);
/* Percent-encoded for a query, in the arena. NULL on no memory. */
const char *ask_encoded(struct tools_run *run, const char *text);
/* source (the provider's host) and retrieved_at. Returns 0 or ERR_NOMEM. */
int ask_label(struct tools_run *run, jdoc *object, const char *base);
/* Text of a provider for a result: cut at size, control characters become blanks. NULL: nothing. */
int ask_set_text(jdoc *object, const char *key, const char *text, size_t size);

#endif
