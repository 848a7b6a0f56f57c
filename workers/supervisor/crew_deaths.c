/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sigabbrev_np */
#endif
/* crew, second part: workers that have died, and what that says about what they worked on. */
#include "workers/supervisor/crew_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "process/crowd.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static bool crew_deaths_asked(const struct crew_slot *s)
{
    return s->state == SLOTS_RETIRING || s->state == SLOTS_TERMINATING || s->state == SLOTS_DYING ||
        s->state == SLOTS_ABORTING || s->state == SLOTS_KILLING;
}

static void crew_deaths_log(struct crew *c, size_t index, int status)
{
    struct crew_slot *s = &c->slots[index];
    char label[64], turn[1024], how[64];
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "died of SIG%s%s", sigabbrev_np(WTERMSIG(status)),
            WCOREDUMP(status) ? " (core dumped)" : "");
    else
        snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
    crew_failed_note(c, index, how);
    crew_turn_text(c, index, turn, sizeof turn);
    log_write(clean && crew_deaths_asked(s) ? LOG_LEVEL_DEBUG :
            clean                           ? LOG_LEVEL_INFO :
                                              LOG_LEVEL_WARN,
        "%s %s while %s after %llu requests%s", crew_label(c, index, label), how,
        slots_state_name(s->state),
        (unsigned long long)atomic_load(&c->board->slots[index].requests), turn);
}

/*
 * How much a death in a request says against that request; 0: nothing. A worker that was asked to
 * go and did not is killed for that.
 */
static unsigned crew_deaths_weight(const struct crew_slot *s, int status)
{
    bool crashed = !WIFSIGNALED(status);
    switch (WIFSIGNALED(status) ? WTERMSIG(status) : 0) {
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL:
    case SIGSYS:
    case SIGTRAP:
        crashed = true;
    }
    if (crashed || s->state == SLOTS_ABORTING || s->state == SLOTS_KILLING)
        return BLAME_CRASHED;
    return crew_deaths_asked(s) ? 0 : BLAME_KILLED;
}

/* Refuses what killed it for a while, and says so; the housekeeper tells the other machines. */
static void crew_deaths_blame(struct crew *c, size_t index, const struct blame_work *work,
    int status)
{
    struct blame_mark marks[BLAME_SCOPES];
    unsigned weight = crew_deaths_weight(&c->slots[index], status);
    char label[64];
    size_t count =
        weight == 0 ? 0 : blame_death(&c->board->blame, work, weight, clock_mono_ms(), marks);
    if (weight == 0)
        return;
    log_warn("%s died at work: %s%s of user %s%s", crew_label(c, index, label),
        work->turn ? "a turn, " : "", work->route, work->uid[0] != '\0' ? work->uid : "-",
        count > 0 ? "" : "; nothing is refused yet");
    for (size_t i = 0; i < count; i++) {
        log_warn("%s of user %s are refused for %" PRId64 " s (request_crashed_worker)",
            blame_scope_text(marks[i].scope, work), work->uid[0] != '\0' ? work->uid : "-",
            marks[i].ms / 1000);
        crew_lines_blame(c, &marks[i]);
    }
}

void crew_deaths_seats(struct crew *c, size_t index, pid_t pid)
{
    struct scoreboard_slot *b = &c->board->slots[index];
    const struct scoreboard_seat *executing = scoreboard_executing(c->board, b);
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    struct scoreboard_seat *seat;
    for (size_t i = 0; (seat = scoreboard_seat_at(c->board, b, i)); i++) {
        scoreboard_turn_recover(c->board, seat);
        if (scoreboard_turn_get(seat, uid, session, turn))
            crew_lines_lost(c, uid, turn, pid, seat == executing);
        scoreboard_seat_clear(seat);
        atomic_store(&seat->taken, false);
    }
    atomic_store(&b->executing, -1);
    atomic_store(&b->seats_busy, 0);
    atomic_store(&b->connections, 0);
    crowd_wipe(index); /* the slot may stay empty for long, and its users be at their limit */
}

/* What it died in: the work of the seat that executed. False: nobody's, as when its loop did. */
static bool crew_deaths_work(const struct crew *c, size_t index, struct blame_work *work)
{
    const struct scoreboard_seat *seat = scoreboard_executing(c->board, &c->board->slots[index]);
    return seat && scoreboard_work_get(seat, work);
}

static void crew_deaths_settle(struct crew *c, pid_t pid, int status)
{
    for (size_t i = 0; i < c->used; i++) {
        if (c->slots[i].pid != pid)
            continue;
        bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        struct blame_work work;
        bool at_work = !clean && crew_deaths_work(c, i, &work);
        crew_deaths_log(c, i, status);
        if (!clean)
            c->deaths[c->slots[i].pool]++;
        if (at_work)
            crew_deaths_blame(c, i, &work, status);
        atomic_fetch_add(&c->board->slots[i].deaths, !clean);
        bool on_demand = c->slots[i].pool == SCOREBOARD_QUARANTINE;
        crew_step(c, i,
            clean && on_demand ? SLOTS_ON_EXIT_IDLE :
                clean          ? SLOTS_ON_EXIT_CLEAN :
                at_work        ? SLOTS_ON_EXIT_AT_WORK :
                                 SLOTS_ON_EXIT_CRASH);
        if (on_demand)
            crew_quarantine_look(c);
        return;
    }
    log_debug("reaped process %d, which is no worker", (int)pid);
}

void crew_reap(struct crew *c)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0 || (pid < 0 && errno == EINTR))
        if (pid > 0)
            crew_deaths_settle(c, pid, status);
}
