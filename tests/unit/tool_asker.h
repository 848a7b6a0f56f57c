/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_TOOL_ASKER_H
#define TURNPIKE_TESTS_UNIT_TOOL_ASKER_H

#include "base/conf.h"
#include "base/reactor.h"
#include "process/scoreboard.h"
#include "tools/engine/tools.h"
#include "tools/remote/tool_call.h"

/*
 * tool_asker -- a turn worker as far as tool processes see one: a scoreboard with its slot (0, four
 * seats) and those of two tool processes (1 and 2, a seat each), the socket, and calls of tools.
 */
#define ASKER_TOOL "optimize_route"
#define ASKER_SEATS 4
struct tool_asker {
    struct conf *conf;
    struct scoreboard *board;
    struct worker worker;
    struct reactor *reactor;
    struct tool_calls *calls;
    struct tool_place places[ASKER_SEATS]; /* one for each seat */
    char dir[64], socket[96];
    int listen_fd;
};
/* conf: borrowed; run_dir is set to the socket's directory. */
void tool_asker_start(struct tool_asker *a, struct conf *conf);
void tool_asker_stop(struct tool_asker *a);

struct asked {
    struct tools_context context;
    struct tools_run run;
    struct tools_spec spec; /* for tests that change a copy of it */
    int error;              /* of tools_start, then of the end */
};
/* Makes a call from a seat, without waiting for its end. */
void tool_ask(struct tool_asker *a, size_t seat, struct asked *call, const char *uid,
    const char *tool, const char *args);
/* The same of a call whose context and run the test has filled in. */
void tool_ask_again(struct tool_asker *a, struct asked *call, const char *args);
/* Steps the loop until the call has ended. */
void tool_await(struct tool_asker *a, struct asked *call);
void tool_forget(struct asked *call);
/* "" when it succeeded. */
const char *tool_code(const struct asked *call);

#endif
