/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/crew_seats.h"

#include "base/err.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CORES_MAX 256
#define TURN_PROCESSES_MIN 2 /* one that dies must not be all there is */
#define TOOL_PROCESSES_MIN 2 /* the same */
#define TOOL_PROCESSES_MAX 64

size_t crew_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > CORES_MAX ? CORES_MAX : (size_t)n;
}

static size_t crew_seats_all(const struct conf *conf)
{
    return (size_t)(conf->turn_seats + conf->turn_reserved);
}

size_t crew_turn_processes(const struct conf *conf)
{
    size_t all = crew_seats_all(conf), wanted = (size_t)conf->turn_workers;
    if (wanted == 0)
        wanted = crew_cores() < TURN_PROCESSES_MIN ? TURN_PROCESSES_MIN : crew_cores();
    return wanted < all ? wanted : all;
}

size_t crew_tool_processes(const struct conf *conf)
{
    size_t half = crew_cores() / 2;

    if (conf->tool_processes > 0)
        return (size_t)conf->tool_processes;
    if (half < TOOL_PROCESSES_MIN)
        return TOOL_PROCESSES_MIN;
    return half < TOOL_PROCESSES_MAX ? half : TOOL_PROCESSES_MAX;
}

size_t crew_seats_of(const struct conf *conf, enum scoreboard_pool pool, size_t position)
{
    if (pool == SCOREBOARD_STREAM)
        return SCOREBOARD_STREAM_SEATS;
    if (pool == SCOREBOARD_HOUSEKEEPER)
        return SCOREBOARD_HOUSEKEEPER_SEATS;
    if (pool != SCOREBOARD_TURN)
        return 1;
    size_t all = crew_seats_all(conf), processes = crew_turn_processes(conf);
    return all / processes + (position < all % processes);
}

void crew_seats_advise(const struct conf *conf)
{
    size_t cores = crew_cores();
    if ((size_t)conf->turn_workers > 2 * cores)
        log_warn("turn.workers = %" PRId64 " counts processes, and this machine has %zu cores: if "
                 "%" PRId64 " turns at once are meant, write turn.seats = %" PRId64
                 " and leave turn.workers out",
            conf->turn_workers, cores, conf->turn_workers, conf->turn_workers);
}

int crew_seats_init(struct crew_seats *s, size_t count)
{
    s->taken = calloc(count, sizeof *s->taken);
    s->count = s->taken ? count : 0;
    return s->taken ? 0 : ERR_NOMEM;
}

void crew_seats_fini(struct crew_seats *s)
{
    free(s->taken);
    *s = (struct crew_seats){0};
}

int crew_seats_take(struct crew_seats *s, size_t count)
{
    size_t free_ones = 0;
    if (count == 0)
        return 0;
    for (size_t i = 0; i < s->count; i++) {
        free_ones = s->taken[i] ? 0 : free_ones + 1;
        if (free_ones < count)
            continue;
        memset(&s->taken[i + 1 - count], true, count * sizeof *s->taken);
        return (int)(i + 1 - count);
    }
    return -1;
}

void crew_seats_give(struct crew_seats *s, size_t first, size_t count)
{
    memset(&s->taken[first], false, count * sizeof *s->taken);
}
