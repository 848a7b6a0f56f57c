/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TOOL_TOOL_PROCESS_PARTS_H
#define TURNPIKE_WORKERS_TOOL_TOOL_PROCESS_PARTS_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/reactor.h"
#include "process/worker.h"
#include "tools/kit/run.h"
#include "wire/fastcgi/inbound.h"

/*
 * tool_process_parts -- what the files of a tool process share: tool_process (its life, and calls
 * of tools) and tool_process_speech (calls of speech).
 */
struct store;
struct http_client;

struct tool_process {
    struct worker *worker;
    const struct conf *conf;
    struct reactor *reactor;
    struct store *store;
    struct http_client *http; /* made with the first call */
    struct inbound_limits limits;
    struct inbound_handlers handlers;
    struct reactor_source listening;
    struct inbound *peer; /* NULL: it waits for a connection */
    bool asked;           /* the peer's request has come, nobody has looked at it */
    int64_t listen_ms;    /* monotonic: it does not listen before */
};

/* One call. */
struct process_call {
    struct tool_process *process;
    struct scoreboard_seat *seat;
    struct arena *arena;
    struct tools_context context;
    struct tools_run run;
    struct buf args;
    int64_t began_ms; /* monotonic */
    char log_context[256];
};

/* From now on the call ends with its peer, which sends nothing any more. fd: of it; -1 = the call
 * is over. */
void tool_process_listen_for_end(int fd);
/* Then the process ends, whatever it does. ms: 0 = no limit any more. */
void tool_process_limit(int64_t ms);
/* Without a word of FastCGI, as one that dies: for whoever asked the process is lost. */
void tool_process_hang_up(struct tool_process *p);
/* Tells the peer that the call begins. Returns 0; ERR_PEER_GONE: it has not been answered. */
MUST_CHECK int tool_process_begin(struct process_call *c);
/* The whole of a call of speech, whose request has come. */
void tool_process_speech(struct process_call *c);

#endif
