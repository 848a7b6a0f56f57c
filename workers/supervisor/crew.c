/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/crew_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "process/stage.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Two generations of the largest configuration that conf allows; of seats a third one, for gaps
 * between ranges of different lengths. */
#define CAPACITY (2 * (256 + 256 + 256 + 16 + 64 + 1))
#define SEATS_CAPACITY (3 * (256 + 4096 + 64 + 2 * 256 + 16 + 64 + 2))
#define LINES_MAX (1u << 20) /* a line for each turn of a machine */

int crew_init(struct crew *c, const struct sockets *sockets, crew_main_fn *const *mains,
    int notify_fd)
{
    memset(c, 0, sizeof *c);
    c->sockets = sockets;
    c->mains = mains;
    c->notify_fd = notify_fd;
    c->self = getpid();
    c->capacity = CAPACITY;
    buf_init(&c->lines, LINES_MAX);
    c->slots = calloc(c->capacity, sizeof *c->slots);
    if (!c->slots)
        return ERR_NOMEM;
    int error = crew_seats_init(&c->seats, SEATS_CAPACITY);
    if (error == 0)
        error = scoreboard_new(&c->board, c->capacity, SEATS_CAPACITY);
    /* What waits in systemd's sockets while the service is restarted waits for the new one: the
     * time before it is not held against a request (turn.queue_wait). */
    for (size_t i = 0; !error && i < SCOREBOARD_POOLS; i++)
        atomic_store(&c->board->empty_ms[i], clock_mono_ms());
    if (error != 0) {
        crew_seats_fini(&c->seats);
        free(c->slots);
        c->slots = NULL;
    }
    return error;
}

static void crew_generation_free(struct crew_generation *g)
{
    conf_fini(&g->conf);
    free(g);
}

void crew_fini(struct crew *c)
{
    while (c->generations) {
        struct crew_generation *g = c->generations;
        c->generations = g->next;
        crew_generation_free(g);
    }
    scoreboard_free(c->board);
    crew_seats_fini(&c->seats);
    free(c->slots);
    buf_free(&c->lines);
    memset(c, 0, sizeof *c);
}

/* --- generations --- */

struct crew_generation *crew_generation_add(struct crew *c)
{
    struct crew_generation *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->number = c->last_generation + 1;
    g->next = c->generations;
    c->generations = g;
    return g;
}

static void crew_generation_unlink(struct crew *c, struct crew_generation *g)
{
    for (struct crew_generation **at = &c->generations; *at; at = &(*at)->next)
        if (*at == g) {
            *at = g->next;
            return;
        }
}

void crew_generation_drop(struct crew *c, struct crew_generation *g, bool conf_ready)
{
    crew_generation_unlink(c, g);
    if (conf_ready)
        conf_fini(&g->conf);
    free(g);
}

void crew_generation_release(struct crew *c, struct crew_generation *g)
{
    g->slots--;
    if (g->slots > 0 || g == c->current)
        return;
    crew_generation_unlink(c, g);
    crew_generation_free(g);
}

static void crew_generation_count(struct crew_generation *g)
{
    const struct conf *conf = &g->conf;
    g->want[SCOREBOARD_API] = (size_t)conf->api_workers;
    g->want[SCOREBOARD_TURN] = crew_turn_processes(conf);
    g->want[SCOREBOARD_STREAM] =
        conf->stream_workers > 0 ? (size_t)conf->stream_workers : crew_cores();
    g->want[SCOREBOARD_QUARANTINE] = (size_t)conf->turn_quarantine;
    g->want[SCOREBOARD_TOOL] = crew_tool_processes(conf);
    g->want[SCOREBOARD_HOUSEKEEPER] = 1;
    g->total = 0;
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++)
        g->total += pool == SCOREBOARD_QUARANTINE ? 0 : g->want[pool];
}

/* --- slots --- */

/* A slot that is taken has its generation, before it has a state. */
static struct crew_slot *crew_slot_find_empty(struct crew *c)
{
    for (size_t i = 0; i < c->capacity; i++)
        if (c->slots[i].state == SLOTS_EMPTY && !c->slots[i].generation) {
            if (i >= c->used)
                c->used = i + 1;
            return &c->slots[i];
        }
    return NULL;
}

struct crew_slot *crew_slot_take(struct crew *c, struct crew_generation *g,
    enum scoreboard_pool pool, unsigned position, int replaces)
{
    struct crew_slot *s = crew_slot_find_empty(c);
    size_t count = crew_seats_of(&g->conf, pool, position);
    int first = s ? crew_seats_take(&c->seats, count) : -1;
    if (first < 0)
        return NULL;
    memset(s, 0, sizeof *s);
    s->pool = pool;
    s->position = position;
    s->seats_first = (size_t)first;
    s->seats_count = count;
    s->lines_fd = -1;
    s->replaces = replaces;
    s->generation = g;
    g->slots++;
    return s;
}

void crew_slot_forget(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    crew_seats_give(&c->seats, s->seats_first, s->seats_count);
    atomic_store(&c->board->slots[index].seats_count, 0);
    memset(s, 0, sizeof *s);
    s->lines_fd = s->replaces = -1;
}

static bool crew_generation_take_slots(struct crew *c, struct crew_generation *g)
{
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++)
        for (unsigned position = 0; position < g->want[pool]; position++)
            if (pool != SCOREBOARD_QUARANTINE &&
                !crew_slot_take(c, g, (enum scoreboard_pool)pool, position, -1))
                return false;
    return true;
}

int crew_start(struct crew *c, struct crew_generation *g)
{
    crew_generation_count(g);
    if (!crew_generation_take_slots(c, g)) {
        for (size_t i = 0; i < c->used; i++)
            if (c->slots[i].generation == g)
                crew_slot_forget(c, i);
        g->slots = 0;
        return ERR_FULL;
    }
    c->last_generation = g->number;
    crew_seats_advise(&g->conf);
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].generation == g)
            crew_step(c, i, SLOTS_ON_SPAWN);
    return 0;
}

/* --- what is seen of it --- */

bool crew_slot_serves(const struct crew_slot *s)
{
    return s->state == SLOTS_READY || s->state == SLOTS_REPLACING;
}

size_t crew_ready(const struct crew *c, const struct crew_generation *g)
{
    size_t ready = 0;
    for (size_t i = 0; i < c->used; i++)
        ready += c->slots[i].generation == g && crew_slot_serves(&c->slots[i]);
    return ready;
}

bool crew_is_complete(const struct crew *c, const struct crew_generation *g)
{
    return crew_ready(c, g) >= g->total;
}

bool crew_serves(const struct crew *c)
{
    bool serves[SCOREBOARD_POOLS] = {false};
    for (size_t i = 0; i < c->used; i++)
        if (crew_slot_serves(&c->slots[i]))
            serves[c->slots[i].pool] = true;
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++)
        if (!serves[pool] && pool != SCOREBOARD_QUARANTINE)
            return false;
    return true;
}

const char *crew_label(const struct crew *c, size_t index, char out[64])
{
    const struct crew_slot *s = &c->slots[index];
    snprintf(out, 64, "%s/%zu[%d]", scoreboard_pool_name(s->pool), index, (int)s->pid);
    return out;
}

static size_t crew_turns_held(const struct crew *c, size_t index)
{
    const struct scoreboard_slot *b = &c->board->slots[index];
    const struct scoreboard_seat *seat;
    size_t held = 0;
    for (size_t i = 0; (seat = scoreboard_seat_at(c->board, b, i)); i++)
        held += atomic_load(&seat->turn_started_ms) != 0;
    return held;
}

void crew_turn_text(const struct crew *c, size_t index, char *out, size_t size)
{
    char doing[SCOREBOARD_DOING_SIZE];
    const struct scoreboard_seat *seat = scoreboard_executing(c->board, &c->board->slots[index]);
    size_t turns = crew_turns_held(c, index), used = 0;
    out[0] = '\0';
    if (seat && atomic_load(&seat->turn_started_ms) != 0) {
        used = (size_t)snprintf(out, size, "%s", scoreboard_doing(seat, doing));
        turns -= turns > 0;
    }
    if (turns > 0 && used < size)
        snprintf(out + used, size - used, "%s %zu %sturn%s", seat ? "," : " in its loop,", turns,
            seat ? "other " : "", turns == 1 ? "" : "s");
}

/* --- to all --- */

/* The others need it until their own end. */
static bool crew_leaves_last(const struct crew_slot *s)
{
    return s->pool == SCOREBOARD_TOOL || s->pool == SCOREBOARD_HOUSEKEEPER;
}

static bool crew_is_meant(const struct crew_slot *s, enum crew_whom whom,
    const struct crew_generation *g)
{
    switch (whom) {
    case CREW_ALL:
        return true;
    case CREW_BUT_LAST:
        return !crew_leaves_last(s);
    case CREW_THIS_GENERATION:
        return s->generation == g;
    case CREW_OTHER_GENERATIONS:
        return s->generation != g;
    }
    return false;
}

void crew_tell(struct crew *c, enum slots_event event, enum crew_whom whom,
    const struct crew_generation *g)
{
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].state != SLOTS_EMPTY && crew_is_meant(&c->slots[i], whom, g))
            crew_step(c, i, event);
}

void crew_signal(struct crew *c, int number)
{
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].pid > 0)
            kill(c->slots[i].pid, number);
}

size_t crew_alive(const struct crew *c, bool with_last)
{
    size_t alive = 0;
    for (size_t i = 0; i < c->used; i++)
        alive += c->slots[i].pid > 0 && (with_last || !crew_leaves_last(&c->slots[i]));
    return alive;
}
