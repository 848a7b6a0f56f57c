/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/crew_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn void crew_fork_child(struct crew *c, size_t index, int supervisor_fd)
{
    static struct worker w;
    const struct crew_slot *s = &c->slots[index];
    w = (struct worker){.conf = &s->generation->conf,
        .board = c->board,
        .slot = &c->board->slots[index],
        .slot_index = (unsigned)index,
        .generation = s->generation->number,
        .listen_fd = s->pool == SCOREBOARD_HOUSEKEEPER ? -1 : c->sockets->one[s->pool].fd,
        .supervisor_fd = supervisor_fd,
        .turn_socket = c->sockets->one[SOCKETS_TURN].path,
        .quarantine_socket = c->sockets->one[SOCKETS_QUARANTINE].path,
        .tool_socket = c->sockets->one[SOCKETS_TOOL].path,
        .notify_fd = c->notify_fd};
    int keep[] = {w.listen_fd, w.supervisor_fd, w.notify_fd};
    log_last_error_use(w.slot->last_error, sizeof w.slot->last_error);
    worker_enter(&w, c->self, keep, sizeof keep / sizeof keep[0]);
    exit(c->mains[s->pool](&w));
}

_Static_assert((int)SOCKETS_API == (int)SCOREBOARD_API &&
        (int)SOCKETS_TURN == (int)SCOREBOARD_TURN &&
        (int)SOCKETS_STREAM == (int)SCOREBOARD_STREAM &&
        (int)SOCKETS_QUARANTINE == (int)SCOREBOARD_QUARANTINE &&
        (int)SOCKETS_TOOL == (int)SCOREBOARD_TOOL,
    "a pool's socket has the pool's number");

static void crew_fork_board(struct crew *c, size_t index)
{
    const struct crew_slot *s = &c->slots[index];
    struct scoreboard_slot *b = &c->board->slots[index];
    scoreboard_slot_reset(c->board, b, s->seats_first, s->seats_count);
    atomic_store(&b->pool, (int)s->pool);
    atomic_store(&b->generation, s->generation->number);
    atomic_store(&b->started_ms, clock_mono_ms());
    c->slots[index].silent = false;
    c->slots[index].late = false;
    c->slots[index].starved = (struct starved){0};
}

int crew_fork(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    int pair[2] = {-1, -1};
    if (s->pool == SCOREBOARD_HOUSEKEEPER &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return ERR_IO;
    crew_fork_board(c, index);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        crew_fork_child(c, index, pair[1]);
    if (pair[1] >= 0)
        close(pair[1]);
    if (pid < 0) {
        int error = errno;
        if (pair[0] >= 0)
            close(pair[0]);
        log_error("%s/%zu: fork: %s", scoreboard_pool_name(s->pool), index, strerror(error));
        return ERR_IO;
    }
    s->pid = pid;
    s->lines_fd = pair[0];
    atomic_store(&c->board->slots[index].pid, pid);
    c->alive++;
    return 0;
}
