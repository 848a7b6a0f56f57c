/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_FETCH_H
#define TURNPIKE_TOOLS_KIT_FETCH_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * fetch -- questions to outside providers from within a handler, time and size bounded, any number
 * of one run side by side. Used by turn and api workers. Base URLs come from the operator and may
 * be private; pages, whose URL an argument names, may not, unless tools.allow_private, and are
 * fetched for tools with `outside` only. What the provider
 * does wrong goes to the log; users read the failure `provider_failed`.
 */
struct fetch_parameter {
    const char *name, *value;
}; /* value NULL or "": left out */
struct fetch {
    const char *service; /* "weather service", for messages and the log */
    const char *url; /* its query may be begun, or whole; may carry a key: never shown or logged */
    const struct fetch_parameter *parameters; /* ended by a name NULL; may be NULL */
    const char *body;                         /* NULL = GET; else POST of a form */
    size_t body_len;                          /* of a body that is no form; 0 = it ends with NUL */
    const char *body_type;                    /* its MIME type; NULL = a form */
    const char *bearer;                       /* NULL or "" = no credential */
    size_t max_bytes;                         /* 0 = 2 MiB */
    bool page;                                /* HTML of the public internet, up to 3 redirects */
};
/*
 * fetch_start -- what a handler returns: ERR_PENDING, 0 (failure set), or a fault. JSON, parsed
 * strictly. done, a step of tools_go_on, gets the answer (borrowed); it sets run->result and
 * returns 0, or asks again and returns ERR_PENDING, or returns a fault. ERR_PROTOCOL: the answer is
 * not what the provider's form says.
 */
typedef int fetch_done_fn(struct tools_run *run, const jdoc *answer, void *arg);
MUST_CHECK int fetch_start(struct tools_run *run, const struct fetch *ask, fetch_done_fn *done,
    void *arg);

/*
 * fetch_bytes -- the same for what need not be JSON, or for several at once. Returns ERR_PENDING,
 * or what hindered it: ERR_NOMEM, ERR_FORBIDDEN (address), ERR_INVALID (URL), ... done is called
 * once, a step of tools_go_on. error: 0, ERR_NOT_FOUND (404, 410), or another reason (logged
 * already); body: of a status 2xx. The last one sets run->result or run->error and calls
 * run_finished.
 */
typedef void fetch_bytes_fn(struct tools_run *run, void *arg, int error, const char *body,
    size_t len);
MUST_CHECK int fetch_bytes(struct tools_run *run, const struct fetch *ask, fetch_bytes_fn *done,
    void *arg);

/* The failure that a user may read: "The search service could not be asked." */
MUST_CHECK int fetch_failed(struct tools_run *run, const char *service);
/* Is the provider there? Else sets provider_not_configured, naming the setting. */
bool fetch_configured(struct tools_run *run, const char *value, const char *setting);
/* BASE without trailing slashes, for building URLs; in the arena. NULL on no memory. */
const char *fetch_base(struct tools_run *run, const char *base);
/* Percent-encoded for a query, in the arena. NULL on no memory. */
const char *fetch_encoded(struct tools_run *run, const char *text);
/* source (the provider's host) and retrieved_at. Returns 0 or ERR_NOMEM. */
MUST_CHECK int fetch_label(struct tools_run *run, jdoc *object, const char *base);
/* Text of a provider for a result: cut at size, control characters become blanks. NULL: nothing. */
MUST_CHECK int fetch_set_text(jdoc *object, const char *key, const char *text, size_t size);

#endif
