/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_TOOL_BENCH_H
#define TURNPIKE_TESTS_UNIT_TOOL_BENCH_H

#include "base/reactor.h"
#include "base/task.h"
#include "tests/unit/own_redis.h"
#include "tools/engine/tools.h"
#include "wire/http/http.h"

/*
 * tool_bench -- a user, a Redis and a gazetteer of the test's own, and calls of tools, each in a
 * task as in a turn worker. (The test itself stands outside of all tasks, so that its assertions
 * may jump.)
 */
struct tool_bench {
    struct own_redis redis;
    struct conf conf;
    struct reactor *reactor;
    struct http_client *http;
    struct tools_context context;
    char gazetteer[160];
};
/* The user is in Australia/Sydney; it is 2026-11-22T13:00:00+11:00. */
void tool_bench_start(struct tool_bench *b);
void tool_bench_stop(struct tool_bench *b);
/* Runs fn(arg) in a task, until all tasks have ended. */
void tool_bench_run(struct tool_bench *b, task_fn *fn, void *arg);
/* After a restart of Redis, for who uses the store outside of tasks: those cannot connect. */
void tool_bench_connect(struct tool_bench *b);
/*
 * Calls a tool, waits for it, and checks the result against the tool's schema. id NULL = a direct
 * call without a mark. Returns the result (jdoc_free); NULL when the call failed with *error.
 */
jdoc *tool_call_error(struct tool_bench *b, const char *name, const char *id, const char *args,
    int *error);
jdoc *tool_call(struct tool_bench *b, const char *name, const char *id, const char *args);
/* Two direct calls at once, in a task each: when the first one waits, between() is called and the
 * second begins. The caller frees the results; NULL = it failed. */
void tool_calls_overlap(struct tool_bench *b, const char *const calls[2][2], void (*between)(void),
    jdoc *results[2]);
/* The same, and asserts success or the error code. */
jdoc *tool_ok(struct tool_bench *b, const char *name, const char *args);
void tool_refused(struct tool_bench *b, const char *name, const char *args, const char *code,
    const char *path);

/*
 * The deepest stack of a tool's calls in bytes, from tools_start on; 0 = it was not called. No call
 * may take more than TOOL_DEPTH_MAX of a task's 256 KiB.
 */
#define TOOL_DEPTH_MAX (96 * 1024)
size_t tool_depth(const char *name);
/* Has this program called the tool, with success? */
bool tool_succeeded(const char *name);
/* Fails unless it has called every tool of the family (NULL: of all) that needs a provider, or
 * needs none. Tools that need one are called in test_providers and test_shop. */
void tool_all_succeeded(const char *family, bool with_provider);

/* Puts a record of the user there, past all tools. */
void tool_seed(struct tool_bench *b, const char *family, const char *id, int64_t time_ms,
    const char *json);

/* By JSON pointer; fails the test when it is not there. */
const jdoc *at(const jdoc *doc, const char *pointer);
const char *text_at(const jdoc *doc, const char *pointer);
double number_at(const jdoc *doc, const char *pointer);

#endif
