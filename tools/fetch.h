#ifndef TURNPIKE_TOOLS_FETCH_H
#define TURNPIKE_TOOLS_FETCH_H

#include "tools/tools.h"

/*
 * fetch -- what ask.h does not: several transfers of one run side by side, and pages whose URL the
 * user named. Base URLs come from the operator and may be private; pages may not, unless
 * tools.allow_private.
 */

/*
 * Called once a transfer, from within reactor_step. error: 0, ERR_NOT_FOUND (404, 410), or another
 * reason (logged already); body: of a status 2xx. The last one sets run->result or run->error and
 * calls tools_finished.
 */
typedef void fetch_done_fn(struct tools_run *run, void *arg, int error, const char *body,
    size_t len);

struct fetch_parameter { const char *name, *value; }; /* value NULL or "": left out */
struct fetch_what {
    const char *base;          /* URL, its query may be begun */
    const struct fetch_parameter *parameters; /* ended by a name NULL; may be NULL */
    const char *key;           /* NULL or "" = none; sent as `Authorization: Bearer KEY` */
    const char *service;       /* for the log */
    size_t max_bytes;          /* 0 = 512 KiB */
    bool page;                 /* HTML of the public internet, up to 3 redirects */
    fetch_done_fn *done;
    void *arg;
};
/* Returns ERR_AGAIN, or what hindered it: ERR_NOMEM, ERR_FORBIDDEN (address), ERR_INVALID (URL), ... */
int fetch_start(struct tools_run *run, const struct fetch_what *what);

/* The failure that a user may read: "The search service could not be asked." */
int fetch_failed(struct tools_run *run, const char *service);

#endif
