#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sigabbrev_np */
#endif
#include "workers/supervisor/crew_parts.h"

#include "process/stage.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two generations of the largest configuration that conf allows; of seats a third one, for gaps
 * between ranges of different lengths. */
#define CAPACITY (2 * (256 + 256 + 256 + 16 + 64 + 1))
#define SEATS_CAPACITY (3 * (256 + 4096 + 64 + 16 + 64 + 1))
#define EARLY_MS 10000 /* a worker that served shorter died early */
#define EARLY_MAX_MS 1000 /* longest delay of such a one while its pool is below half */
#define LINES_MAX (1u << 20) /* a line for each turn of a machine */

typedef void crew_action_fn(struct crew *c, size_t index, enum slots_event event);

int crew_init(
    struct crew *c, const struct sockets *sockets, crew_main_fn *const *mains, int notify_fd)
{
    memset(c, 0, sizeof(*c));
    c->sockets = sockets;
    c->mains = mains;
    c->notify_fd = notify_fd;
    c->self = getpid();
    c->capacity = CAPACITY;
    buf_init(&c->lines, LINES_MAX);
    c->slots = calloc(c->capacity, sizeof(*c->slots));
    if (c->slots == NULL)
        return ERR_NOMEM;
    int error = crew_seats_init(&c->seats, SEATS_CAPACITY);
    if (error == 0)
        error = scoreboard_new(&c->board, c->capacity, SEATS_CAPACITY);
    if (error != 0) {
        crew_seats_fini(&c->seats);
        free(c->slots);
        c->slots = NULL;
    }
    return error;
}

static void generation_free(struct crew_generation *g)
{
    conf_fini(&g->conf);
    free(g);
}

void crew_fini(struct crew *c)
{
    while (c->generations != NULL) {
        struct crew_generation *g = c->generations;
        c->generations = g->next;
        generation_free(g);
    }
    scoreboard_free(c->board);
    crew_seats_fini(&c->seats);
    free(c->slots);
    buf_free(&c->lines);
    memset(c, 0, sizeof(*c));
}

/* --- generations --- */

struct crew_generation *crew_generation_add(struct crew *c)
{
    struct crew_generation *g = calloc(1, sizeof(*g));
    if (g == NULL)
        return NULL;
    g->number = c->last_generation + 1;
    g->next = c->generations;
    c->generations = g;
    return g;
}

static void generation_unlink(struct crew *c, struct crew_generation *g)
{
    for (struct crew_generation **at = &c->generations; *at != NULL; at = &(*at)->next)
        if (*at == g) {
            *at = g->next;
            return;
        }
}

void crew_generation_drop(struct crew *c, struct crew_generation *g, bool conf_ready)
{
    generation_unlink(c, g);
    if (conf_ready)
        conf_fini(&g->conf);
    free(g);
}

static void generation_release(struct crew *c, struct crew_generation *g)
{
    g->slots--;
    if (g->slots > 0 || g == c->current)
        return;
    generation_unlink(c, g);
    generation_free(g);
}

static void generation_count(struct crew_generation *g)
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

/* A slot that is taken has its generation, before it has a state. */
static struct crew_slot *slot_find_empty(struct crew *c)
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
    struct crew_slot *s = slot_find_empty(c);
    size_t count = crew_seats_of(&g->conf, pool, position);
    int first = s ? crew_seats_take(&c->seats, count) : -1;
    if (first < 0)
        return NULL;
    memset(s, 0, sizeof(*s));
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

/* The slot is empty, its seats are for others. Its generation is the caller's business. */
static void slot_forget(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    crew_seats_give(&c->seats, s->seats_first, s->seats_count);
    atomic_store(&c->board->slots[index].seats_count, 0);
    memset(s, 0, sizeof(*s));
    s->lines_fd = s->replaces = -1;
}

static bool generation_take_slots(struct crew *c, struct crew_generation *g)
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
    generation_count(g);
    if (!generation_take_slots(c, g)) {
        for (size_t i = 0; i < c->used; i++)
            if (c->slots[i].generation == g)
                slot_forget(c, i);
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

bool crew_slot_serves(const struct crew_slot *s)
{
    return s->state == SLOTS_READY || s->state == SLOTS_REPLACING;
}

bool crew_is_complete(const struct crew *c, const struct crew_generation *g)
{
    size_t ready = 0;
    for (size_t i = 0; i < c->used; i++)
        ready += c->slots[i].generation == g && crew_slot_serves(&c->slots[i]);
    return ready >= g->total;
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

/* --- the child --- */

static _Noreturn void child_run(struct crew *c, size_t index, int supervisor_fd)
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
    worker_enter(&w, c->self, keep, sizeof(keep) / sizeof(keep[0]));
    exit(c->mains[s->pool](&w));
}

_Static_assert((int)SOCKETS_API == (int)SCOREBOARD_API &&
                   (int)SOCKETS_TURN == (int)SCOREBOARD_TURN &&
                   (int)SOCKETS_STREAM == (int)SCOREBOARD_STREAM &&
                   (int)SOCKETS_QUARANTINE == (int)SCOREBOARD_QUARANTINE &&
                   (int)SOCKETS_TOOL == (int)SCOREBOARD_TOOL,
    "a pool's socket has the pool's number");

static void board_prepare(struct crew *c, size_t index)
{
    const struct crew_slot *s = &c->slots[index];
    struct scoreboard_slot *b = &c->board->slots[index];
    scoreboard_slot_reset(c->board, b, s->seats_first, s->seats_count);
    atomic_store(&b->pool, (int)s->pool);
    atomic_store(&b->generation, s->generation->number);
    atomic_store(&b->started_ms, clock_mono_ms());
    c->slots[index].silent = false;
    c->slots[index].starved = (struct starved){0};
}

/* Returns 0 or ERR_IO. */
static int slot_fork(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    int pair[2] = {-1, -1};
    if (s->pool == SCOREBOARD_HOUSEKEEPER &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return ERR_IO;
    board_prepare(c, index);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child_run(c, index, pair[1]);
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

/* --- actions --- */

const char *crew_label(const struct crew *c, size_t index, char out[64])
{
    const struct crew_slot *s = &c->slots[index];
    snprintf(out, 64, "%s/%zu[%d]", scoreboard_pool_name(s->pool), index, (int)s->pid);
    return out;
}

static size_t turns_held(const struct crew *c, size_t index)
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
    const struct scoreboard_seat *seat =
        scoreboard_executing(c->board, &c->board->slots[index]);
    size_t turns = turns_held(c, index), used = 0;
    out[0] = '\0';
    if (seat && atomic_load(&seat->turn_started_ms) != 0) {
        used = (size_t)snprintf(out, size, "%s", scoreboard_doing(seat, doing));
        turns -= turns > 0;
    }
    if (turns > 0 && used < size)
        snprintf(out + used, size - used, "%s %zu %sturn%s", seat ? "," : " in its loop,",
            turns, seat ? "other " : "", turns == 1 ? "" : "s");
}

static void act_fault(struct crew *c, size_t index, enum slots_event event)
{
    char label[64];
    log_error("%s: event %s cannot happen in state %s", crew_label(c, index, label),
        slots_event_name(event), slots_state_name(c->slots[index].state));
}

static void act_ignore(struct crew *c, size_t index, enum slots_event event)
{
    (void)c;
    (void)index;
    (void)event;
}

static void act_fork(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    (void)event;
    s->ready_ms = 0;
    s->deadline_ms = clock_mono_ms() + s->generation->conf.ready_ms;
    if (slot_fork(c, index) != 0)
        crew_step(c, index, SLOTS_ON_FORK_FAILED);
}

static void act_serve(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    (void)event;
    s->ready_ms = clock_mono_ms();
    s->deadline_ms = 0;
    int old = s->replaces;
    s->replaces = -1;
    if (old >= 0 && c->slots[old].state == SLOTS_REPLACING)
        crew_step(c, (size_t)old, SLOTS_ON_REPLACED);
    if (s->pool == SCOREBOARD_HOUSEKEEPER)
        crew_lines_flush(c);
}

static void act_replace(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    struct crew_slot *new_one =
        crew_slot_take(c, s->generation, s->pool, s->position, (int)index);
    char label[64], reason[WORKER_REASON_SIZE] = "";
    (void)event;
    if (new_one == NULL) {
        s->state = SLOTS_READY;
        return;
    }
    worker_over_limit(&s->generation->conf, &c->board->slots[index], (unsigned)index,
        s->generation->number, 1, reason);
    log_info("%s is recycled (%s), replacement first", crew_label(c, index, label), reason);
    c->recycled++;
    crew_step(c, (size_t)(new_one - c->slots), SLOTS_ON_SPAWN);
}

static void act_term(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    (void)event;
    kill(s->pid, SIGTERM);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.drain_ms;
}

static void act_abort(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    char label[64], turn[1024];
    crew_turn_text(c, index, turn, sizeof(turn));
    /* Told to hurry, idle workers just go. */
    /* One that does not come round hears neither: it is to say where it is. */
    bool stuck = event == SLOTS_ON_STUCK;
    log_write(event == SLOTS_ON_HURRY && turn[0] == '\0' ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN,
        "%s: %s, %s; KILL in %" PRId64 " ms (kill_grace)%s", crew_label(c, index, label),
        stuck && s->silent             ? "gives no sign of life"
        : stuck                        ? "turn far beyond its deadline"
        : event == SLOTS_ON_DRAIN_OVER ? "drain time over (drain)"
                                       : "asked to hurry",
        stuck ? "ABRT" : "QUIT and TERM", s->generation->conf.kill_ms, turn);
    kill(s->pid, stuck ? SIGABRT : SIGQUIT);
    if (!stuck)
        kill(s->pid, SIGTERM);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.kill_ms;
}

static void act_kill(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    char label[64], turn[1024];
    crew_turn_text(c, index, turn, sizeof(turn));
    log_warn("%s: %s, KILL%s", crew_label(c, index, label),
        event == SLOTS_ON_LATE ? "not ready in time (worker_ready)" : "did not end in time", turn);
    c->killed++;
    kill(s->pid, SIGKILL);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.kill_ms;
}

/* What a dead worker leaves behind: its seats, its socket. */
static void slot_settle(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    struct scoreboard_slot *b = &c->board->slots[index];
    pid_t pid = s->pid;
    if (pid == 0)
        return;
    s->pid = 0;
    c->alive--;
    atomic_store(&b->pid, 0);
    atomic_store(&b->ready, false);
    crew_deaths_seats(c, index, pid);
    if (s->lines_fd >= 0)
        close(s->lines_fd);
    if (s->pool == SCOREBOARD_HOUSEKEEPER) /* its successor counts anew */
        atomic_store(&c->board->turns_waiting, 0);
    s->lines_fd = -1;
}

static int64_t backoff(const struct conf *conf, unsigned failures, size_t index)
{
    int64_t delay = conf->backoff_min_ms;
    if (failures == 0)
        return 0;
    for (unsigned i = 1; i < failures && delay < conf->backoff_max_ms; i++)
        delay *= 2;
    if (delay > conf->backoff_max_ms)
        delay = conf->backoff_max_ms;
    /* Workers that died together do not come back in the same millisecond. */
    return delay + delay / 10 * (int64_t)(index % 11) / 10;
}

/* Processes of the pool's generation that serve or are about to, this slot's not counted. */
static bool pool_is_below_half(const struct crew *c, size_t index)
{
    const struct crew_slot *own = &c->slots[index];
    size_t up = 0;
    for (size_t i = 0; i < c->used; i++) {
        const struct crew_slot *s = &c->slots[i];
        up += i != index && s->pool == own->pool && s->generation == own->generation &&
              (crew_slot_serves(s) || s->state == SLOTS_STARTING);
    }
    return 2 * up < own->generation->want[own->pool];
}

static bool died_early(const struct crew *c, size_t index, enum slots_event event)
{
    const struct crew_slot *s = &c->slots[index];
    if (event == SLOTS_ON_EXIT_CLEAN && atomic_load(&c->board->slots[index].requests) > 0)
        return false;
    return s->ready_ms == 0 || clock_mono_ms() - s->ready_ms < EARLY_MS;
}

static void act_again(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    char label[64];
    crew_label(c, index, label);
    bool served = s->ready_ms != 0;
    s->failures = died_early(c, index, event) ? s->failures + 1 : 0;
    slot_settle(c, index);
    int64_t delay = backoff(&s->generation->conf, s->failures, index);
    /* One that cannot start would only die again; one that could is missed. */
    if (served && delay > EARLY_MAX_MS && pool_is_below_half(c, index))
        delay = EARLY_MAX_MS;
    if (delay > 0)
        log_warn("%s: %u early deaths in a row, next start in %" PRId64
                 " ms (respawn.min, respawn.max)",
            label, s->failures, delay);
    s->deadline_ms = clock_mono_ms() + delay;
}

/* It served until it met what killed it, so the next one can: at once, its pool is not to run dry. */
static void act_respawn(struct crew *c, size_t index, enum slots_event event)
{
    slot_settle(c, index);
    c->slots[index].failures = 0;
    act_fork(c, index, event);
}

static void act_cancel(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_generation *g = c->slots[index].generation;
    (void)event;
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].replaces == (int)index)
            c->slots[i].replaces = -1;
    slot_forget(c, index);
    if (g != NULL)
        generation_release(c, g);
}

static void act_free(struct crew *c, size_t index, enum slots_event event)
{
    slot_settle(c, index);
    act_cancel(c, index, event);
}

static crew_action_fn *const actions[SLOTS_ACTIONS] = {
    [SLOTS_ACTION_UNSET] = act_fault,
    [SLOTS_FAULT] = act_fault,
    [SLOTS_IGNORE] = act_ignore,
    [SLOTS_FORK] = act_fork,
    [SLOTS_SERVE] = act_serve,
    [SLOTS_REPLACE] = act_replace,
    [SLOTS_TERM] = act_term,
    [SLOTS_ABORT] = act_abort,
    [SLOTS_KILL] = act_kill,
    [SLOTS_AGAIN] = act_again,
    [SLOTS_RESPAWN] = act_respawn,
    [SLOTS_FREE] = act_free,
    [SLOTS_CANCEL] = act_cancel,
};

/* The one place where a slot changes its state. */
void crew_step(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    struct slots_cell cell = slots_step(s->state, event);
    struct scoreboard_slot *b = &c->board->slots[index];
    if (cell.next != s->state) {
        s->state = cell.next;
        s->since_ms = clock_mono_ms();
        atomic_store(&b->state, (int)s->state);
        atomic_store(&b->since_ms, s->since_ms);
    }
    actions[cell.action](c, index, event);
}

/* --- to all --- */

/* The others need it until their own end. */
static bool leaves_last(const struct crew_slot *s)
{
    return s->pool == SCOREBOARD_TOOL || s->pool == SCOREBOARD_HOUSEKEEPER;
}

static bool is_meant(
    const struct crew_slot *s, enum crew_whom whom, const struct crew_generation *g)
{
    switch (whom) {
    case CREW_ALL:
        return true;
    case CREW_BUT_LAST:
        return !leaves_last(s);
    case CREW_THIS_GENERATION:
        return s->generation == g;
    case CREW_OTHER_GENERATIONS:
        return s->generation != g;
    }
    return false;
}

void crew_tell(
    struct crew *c, enum slots_event event, enum crew_whom whom, const struct crew_generation *g)
{
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].state != SLOTS_EMPTY && is_meant(&c->slots[i], whom, g))
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
        alive += c->slots[i].pid > 0 && (with_last || !leaves_last(&c->slots[i]));
    return alive;
}
