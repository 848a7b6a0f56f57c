/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/tool_asker.h"

#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 60000

static void asker_listen(struct tool_asker *a)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(a->dir, sizeof a->dir, "/tmp/tool-asker-XXXXXX");
    assert_non_null(mkdtemp(a->dir));
    snprintf(a->socket, sizeof a->socket, "%s/tool.sock", a->dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", a->socket);
    a->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(a->listen_fd >= 0);
    assert_int_equal(bind(a->listen_fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(a->listen_fd, 16), 0);
}

static void asker_slot(struct tool_asker *a, size_t slot, enum scoreboard_pool pool, size_t first,
    size_t count)
{
    scoreboard_slot_reset(a->board, &a->board->slots[slot], first, count);
    atomic_store(&a->board->slots[slot].pool, (int)pool);
    atomic_store(&a->board->slots[slot].pid, getpid());
}

void tool_asker_start(struct tool_asker *a, struct conf *conf)
{
    memset(a, 0, sizeof *a);
    a->conf = conf;
    asker_listen(a);
    assert_int_equal(scoreboard_new(&a->board, 3, ASKER_SEATS + 2), 0);
    asker_slot(a, 0, SCOREBOARD_TURN, 0, ASKER_SEATS);
    asker_slot(a, 1, SCOREBOARD_TOOL, ASKER_SEATS, 1);
    asker_slot(a, 2, SCOREBOARD_TOOL, ASKER_SEATS + 1, 1);
    a->worker = (struct worker){.conf = conf,
        .board = a->board,
        .slot = &a->board->slots[0],
        .listen_fd = -1,
        .supervisor_fd = -1,
        .notify_fd = -1,
        .tool_socket = a->socket};
    assert_int_equal(reactor_new(&a->reactor), 0);
    assert_int_equal(tool_calls_new(&a->calls, &a->worker, a->reactor), 0);
    for (size_t i = 0; i < ASKER_SEATS; i++)
        a->places[i] =
            (struct tool_place){a->calls, scoreboard_seat_take(a->board, a->worker.slot)};
}

void tool_asker_stop(struct tool_asker *a)
{
    tool_calls_free(a->calls);
    reactor_free(a->reactor);
    scoreboard_free(a->board);
    close(a->listen_fd);
    unlink(a->socket);
    rmdir(a->dir);
}

void tool_ask_again(struct tool_asker *a, struct asked *call, const char *args)
{
    (void)a;
    call->run.arena = arena_new();
    assert_non_null(call->run.arena);
    call->error = tools_start(&call->run, args, strlen(args));
}

void tool_ask(struct tool_asker *a, size_t seat, struct asked *call, const char *uid,
    const char *tool, const char *args)
{
    memset(call, 0, sizeof *call);
    call->context = (struct tools_context){.conf = a->conf,
        .reactor = a->reactor,
        .uid = uid,
        .zone = "Australia/Sydney",
        .locale = "en-AU",
        .currency = "AUD",
        .now_ms = clock_real_ms(),
        .apart = tool_calls_apart(&a->places[seat])};
    call->run = (struct tools_run){.context = &call->context, .spec = tools_find(tool)};
    assert_non_null(call->run.spec);
    tool_ask_again(a, call, args);
}

void tool_await(struct tool_asker *a, struct asked *call)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;

    if (call->error != ERR_PENDING)
        return;
    while (!call->run.done) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(a->reactor, until, NULL) >= 0);
    }
    call->error = call->run.error;
}

void tool_forget(struct asked *call)
{
    tools_fini(&call->run);
    arena_free(call->run.arena);
    call->run.arena = NULL;
}

const char *tool_code(const struct asked *call)
{
    assert_int_equal(call->error, 0);
    assert_non_null(call->run.result);
    return jdoc_text_or(jdoc_get(call->run.result, "error"), "code", "");
}
