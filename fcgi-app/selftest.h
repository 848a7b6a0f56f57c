/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SELFTEST_H
#define TURNPIKE_FCGI_APP_SELFTEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "store/store.h"
#include "tools/remote/mcp_servers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * selftest -- asks each service that the settings name once, with a small question: models of the
 * chain, the services behind tools, MCP servers, speech; and looks at Redis, the gazetteer and the
 * key of web pushes. A few questions at a time, each bounded by SELFTEST_CHECK_MS, all by
 * SELFTEST_ALL_MS. A model is asked for SELFTEST_TOKENS tokens at most, so a run costs a fraction
 * of a cent. Run by the housekeeper (workers/housekeeper/selftest_desk.h) and by `turnpike
 * selftest`, never by a process that runs turns. Nothing of a user is read or written.
 */
#define SELFTEST_CHECK_MS 20000
#define SELFTEST_ALL_MS 60000
#define SELFTEST_TOKENS 64
#define SELFTEST_AT_ONCE 6

enum selftest_state {
    SELFTEST_WAITING,
    SELFTEST_RUNNING,
    SELFTEST_OK,
    SELFTEST_FAILED,
    SELFTEST_NOT_CONFIGURED
};
const char *selftest_state_name(enum selftest_state state); /* "waiting", ..., "not_configured" */

struct selftest_check {
    char name[80];    /* "model anthropic", "weather", "MCP server notes" */
    const char *kind; /* "base", "model", "tool", "mcp", "voice" */
    enum selftest_state state;
    char why[200]; /* of one that failed: for the operator */
    int64_t ms;    /* it took */
};

struct selftest;
/* All borrowed until selftest_free. servers: may be NULL. Returns 0 or ERR_NOMEM. */
MUST_CHECK int selftest_new(struct selftest **out, struct store *store, struct reactor *reactor,
    const struct mcp_servers *servers);
/* Before the first step: each check takes at most this long; more than SELFTEST_CHECK_MS counts as
 * that. */
void selftest_within(struct selftest *t, int64_t ms);
/* Ends what runs. NULL allowed. */
void selftest_free(struct selftest *t);
/* Begins what is due and gives up what takes too long. Called after each pass of the reactor, and
 * at *next_ms at the latest. Returns whether all checks are over. */
bool selftest_step(struct selftest *t, int64_t mono_ms, int64_t *next_ms);
/* Grows with each change of a check. */
unsigned selftest_changes(const struct selftest *t);
size_t selftest_count(const struct selftest *t);
const struct selftest_check *selftest_at(const struct selftest *t, size_t i);
/* {"at","machine","running":bool,"checks":[{"name","kind","state","why"?,"ms"?}]}; at: when it
 * began, real time. */
void selftest_json(const struct selftest *t, bool running, struct buf *out);

#endif
