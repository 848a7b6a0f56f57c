/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SELFTEST_PARTS_H
#define TURNPIKE_FCGI_APP_SELFTEST_PARTS_H

#include "agent/model/provider.h"
#include "base/arena.h"
#include "base/conf.h"
#include "fcgi-app/selftest.h"
#include "tools/engine/tools.h"
#include "tools/remote/mcp_peer.h"
#include "wire/http/http.h"
#include "wire/sse.h"

/*
 * selftest_parts -- what the files of selftest share with each other:
 *
 *   selftest        the list of checks, its pace, what it says
 *   selftest_model  a model of the chain
 *   selftest_web    services that are asked by HTTP without a tool, MCP servers
 *   selftest_tool   services that are asked by a tool
 */
struct selftest_job;
/* Begins the check. It ends by selftest_end, at once or from within reactor_step. */
typedef void selftest_begin_fn(struct selftest_job *job);

struct selftest_job {
    struct selftest *test;
    struct selftest_check check;
    selftest_begin_fn *begin;
    const void *what; /* the begin function's own: a row of its table, a provider, a server */
    int64_t begun_ms;
    struct arena *arena;
    struct http_transfer *transfer;
    struct buf body;
    /* selftest_model */
    struct provider_http http;
    struct provider_stream *stream;
    struct sse *sse;
    bool said, ended;
    /* selftest_tool */
    struct tools_run run;
    bool has_run;
    /* selftest_web */
    struct mcp_peer *peer;
    struct mcp_op *op;
};

struct selftest {
    struct store *store;
    struct conf conf; /* borrows; without background answers */
    struct reactor *reactor;
    struct http_client *http;
    struct tools_context tools;
    struct selftest_job *jobs;
    size_t count, cap;
    unsigned changes;
    int64_t check_ms;           /* each check takes at most */
    int64_t began_ms, until_ms; /* real; monotonic */
};

/* The check is over. why: NULL = nothing to say. */
void selftest_end(struct selftest_job *job, enum selftest_state state, const char *why);
/* A check that failed with one of ours. */
void selftest_fault(struct selftest_job *job, int error);
/* The same for a reply of HTTP that is no success, with the beginning of its body. */
void selftest_refused(struct selftest_job *job, const struct http_result *result);

selftest_begin_fn selftest_model_begin, selftest_web_begin, selftest_mcp_begin, selftest_tool_begin;
/* Gives up what runs, and frees what the check has. */
void selftest_model_fini(struct selftest_job *job);
void selftest_mcp_fini(struct selftest_job *job);

/* The tables: name and what, NULL at the end. */
struct selftest_row {
    const char *name, *kind;
    const void *what;
    bool configured;
};
bool selftest_web_row(const struct conf *conf, size_t i, struct selftest_row *out);
bool selftest_tool_row(const struct conf *conf, size_t i, struct selftest_row *out);

#endif
