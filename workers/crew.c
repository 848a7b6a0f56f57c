#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sigabbrev_np */
#endif
#include "workers/crew.h"

#include "agent/turn.h"
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

/* Two generations of the largest configuration that conf allows. */
#define CAPACITY (2 * (256 + 4096 + 64 + 256 + 1))
#define EARLY_MS 10000 /* a worker that served shorter died early */
#define EARLY_MAX_MS 1000 /* longest delay of such a one while its pool is below half */
#define LATE_MS 3000 /* a look that comes later than this finds nobody else late */
#define TICK_MS 1000
#define STARTING_TICK_MS 100 /* for workers that set slot->ready without worker_ready */
#define LINES_MAX 65536

typedef void crew_action_fn(struct crew *c, size_t index, enum slots_event event);

static void crew_step(struct crew *c, size_t index, enum slots_event event);

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
    int error = scoreboard_new(&c->board, c->capacity);
    if (error != 0) {
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

static size_t cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 256 ? 256 : (size_t)n;
}

static void generation_count(struct crew_generation *g)
{
    const struct conf *conf = &g->conf;
    g->want[SCOREBOARD_API] = (size_t)conf->api_workers;
    g->want[SCOREBOARD_TURN] = (size_t)(conf->turn_workers + conf->turn_reserved);
    g->want[SCOREBOARD_STREAM] = conf->stream_workers > 0 ? (size_t)conf->stream_workers : cores();
    g->want[SCOREBOARD_HOUSEKEEPER] = 1;
    g->total = 0;
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++)
        g->total += g->want[pool];
}

static struct crew_slot *slot_find_empty(struct crew *c)
{
    for (size_t i = 0; i < c->capacity; i++)
        if (c->slots[i].state == SLOTS_EMPTY) {
            if (i >= c->used)
                c->used = i + 1;
            return &c->slots[i];
        }
    return NULL;
}

static size_t slots_empty(const struct crew *c)
{
    size_t taken = 0;
    for (size_t i = 0; i < c->used; i++)
        taken += c->slots[i].state != SLOTS_EMPTY;
    return c->capacity - taken;
}

static void slot_take(struct crew_slot *s, struct crew_generation *g, enum scoreboard_pool pool,
    unsigned position, int replaces)
{
    memset(s, 0, sizeof(*s));
    s->pool = pool;
    s->position = position;
    s->reserved = pool == SCOREBOARD_TURN && position >= (unsigned)g->conf.turn_workers;
    s->lines_fd = -1;
    s->replaces = replaces;
    s->generation = g;
    g->slots++;
}

int crew_start(struct crew *c, struct crew_generation *g)
{
    generation_count(g);
    if (slots_empty(c) < g->total)
        return ERR_FULL;
    c->last_generation = g->number;
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++)
        for (unsigned position = 0; position < g->want[pool]; position++) {
            struct crew_slot *s = slot_find_empty(c);
            slot_take(s, g, (enum scoreboard_pool)pool, position, -1);
            crew_step(c, (size_t)(s - c->slots), SLOTS_ON_SPAWN);
        }
    return 0;
}

static bool slot_serves(const struct crew_slot *s)
{
    return s->state == SLOTS_READY || s->state == SLOTS_REPLACING;
}

bool crew_is_complete(const struct crew *c, const struct crew_generation *g)
{
    size_t ready = 0;
    for (size_t i = 0; i < c->used; i++)
        ready += c->slots[i].generation == g && slot_serves(&c->slots[i]);
    return ready >= g->total;
}

bool crew_serves(const struct crew *c)
{
    bool serves[SCOREBOARD_POOLS] = {false};
    for (size_t i = 0; i < c->used; i++)
        if (slot_serves(&c->slots[i]))
            serves[c->slots[i].pool] = true;
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++)
        if (!serves[pool])
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
        .reserved = s->reserved,
        .listen_fd = s->pool == SCOREBOARD_HOUSEKEEPER ? -1 : c->sockets->one[s->pool].fd,
        .supervisor_fd = supervisor_fd,
        .turn_socket = c->sockets->one[SOCKETS_TURN].path,
        .notify_fd = c->notify_fd};
    int keep[] = {w.listen_fd, w.supervisor_fd, w.notify_fd};
    worker_enter(&w, c->self, keep, sizeof(keep) / sizeof(keep[0]));
    exit(c->mains[s->pool](&w));
}

_Static_assert((int)SOCKETS_API == (int)SCOREBOARD_API &&
                   (int)SOCKETS_TURN == (int)SCOREBOARD_TURN &&
                   (int)SOCKETS_STREAM == (int)SCOREBOARD_STREAM,
    "a pool's socket has the pool's number");

static void board_prepare(struct crew *c, size_t index)
{
    const struct crew_slot *s = &c->slots[index];
    struct scoreboard_slot *b = &c->board->slots[index];
    scoreboard_slot_reset(c->board, b);
    atomic_store(&b->pool, (int)s->pool);
    atomic_store(&b->generation, s->generation->number);
    atomic_store(&b->started_ms, clock_mono_ms());
    atomic_store(&b->beat_ms, 0);
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

/* --- lines to the housekeeper --- */

static struct crew_slot *housekeeper_find(struct crew *c)
{
    struct crew_slot *found = NULL;
    for (size_t i = 0; i < c->used; i++) {
        struct crew_slot *s = &c->slots[i];
        if (s->pool != SCOREBOARD_HOUSEKEEPER || s->pid == 0 || s->lines_fd < 0 || s->ready_ms == 0)
            continue;
        if (found == NULL ||
            (slot_serves(s) && (!slot_serves(found) || s->ready_ms > found->ready_ms)))
            found = s;
    }
    return found;
}

/* Line by line, so that one is either whole in the socket or still here. */
static void lines_flush(struct crew *c)
{
    struct crew_slot *s = c->lines.len > 0 ? housekeeper_find(c) : NULL;
    while (s != NULL && c->lines.len > 0) {
        size_t len =
            (size_t)((char *)memchr(c->lines.data, '\n', c->lines.len) - c->lines.data) + 1;
        if (send(s->lines_fd, c->lines.data, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
            return;
        buf_consume(&c->lines, len);
    }
}

/* The marks of this machine hold without it; one that is lost costs another machine some workers. */
static void lines_blame(struct crew *c, const struct blame_mark *mark)
{
    size_t before = c->lines.len;
    buf_printf(&c->lines, "blame %016llx %" PRId64 "\n", mark->key, mark->ms);
    if (buf_error(&c->lines) != 0) {
        c->lines.len = before;
        c->lines.error = 0;
    }
    lines_flush(c);
}

static void lines_dead(struct crew *c, const char *uid, const char *turn, pid_t pid)
{
    size_t before = c->lines.len;
    buf_printf(&c->lines, "dead %s %s %d\n", uid, turn, (int)pid);
    if (buf_error(&c->lines) != 0) {
        /* The lease runs out instead; that is slower, not lost. */
        log_limited(LOG_LEVEL_WARN, "no room to tell the housekeeper about turn %s", turn);
        c->lines.len = before;
        c->lines.error = 0;
    }
    lines_flush(c);
}

/* --- actions --- */

static const char *slot_label(const struct crew *c, size_t index, char out[64])
{
    const struct crew_slot *s = &c->slots[index];
    snprintf(out, 64, "%s/%zu[%d]", scoreboard_pool_name(s->pool), index, (int)s->pid);
    return out;
}

/* " user U session S turn T: stages ...", or "" for a worker without a turn. */
static void slot_turn(const struct crew *c, size_t index, char *out, size_t size)
{
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    char trail[SCOREBOARD_TRAIL_SIZE];
    const struct scoreboard_slot *b = &c->board->slots[index];
    out[0] = '\0';
    if (!scoreboard_turn_get(b, uid, session, turn))
        return;
    scoreboard_trail(b, trail);
    snprintf(out, size, " user %s session %s turn %s: stages %s", uid, session, turn, trail);
}

static void act_fault(struct crew *c, size_t index, enum slots_event event)
{
    char label[64];
    log_error("%s: event %s cannot happen in state %s", slot_label(c, index, label),
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
        lines_flush(c);
}

static void act_replace(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    struct crew_slot *new_one = slot_find_empty(c);
    char label[64], reason[WORKER_REASON_SIZE] = "";
    (void)event;
    if (new_one == NULL) {
        s->state = SLOTS_READY;
        return;
    }
    worker_over_limit(&s->generation->conf, &c->board->slots[index], (unsigned)index,
        s->generation->number, 1, reason);
    log_info("%s is recycled (%s), replacement first", slot_label(c, index, label), reason);
    c->recycled++;
    slot_take(new_one, s->generation, s->pool, s->position, (int)index);
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
    slot_turn(c, index, turn, sizeof(turn));
    /* Told to hurry, idle workers just go. */
    log_write(event == SLOTS_ON_HURRY && turn[0] == '\0' ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN,
        "%s: %s, QUIT and TERM; KILL in %" PRId64 " ms (kill_grace)%s", slot_label(c, index, label),
        event == SLOTS_ON_STUCK && s->silent ? "gives no sign of life"
        : event == SLOTS_ON_STUCK      ? "turn far beyond its deadline"
        : event == SLOTS_ON_DRAIN_OVER ? "drain time over (drain)"
                                       : "asked to hurry",
        s->generation->conf.kill_ms, turn);
    kill(s->pid, SIGQUIT);
    kill(s->pid, SIGTERM);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.kill_ms;
}

static void act_kill(struct crew *c, size_t index, enum slots_event event)
{
    struct crew_slot *s = &c->slots[index];
    char label[64], turn[1024];
    slot_turn(c, index, turn, sizeof(turn));
    log_warn("%s: %s, KILL%s", slot_label(c, index, label),
        event == SLOTS_ON_LATE ? "not ready in time (worker_ready)" : "did not end in time", turn);
    c->killed++;
    kill(s->pid, SIGKILL);
    s->deadline_ms = clock_mono_ms() + s->generation->conf.kill_ms;
}

/* What a dead worker leaves behind: its token, its turn, its socket. */
static void slot_settle(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    struct scoreboard_slot *b = &c->board->slots[index];
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    pid_t pid = s->pid;
    if (pid == 0)
        return;
    s->pid = 0;
    c->alive--;
    atomic_store(&b->pid, 0);
    atomic_store(&b->ready, false);
    scoreboard_turn_recover(c->board, b);
    if (scoreboard_turn_get(b, uid, session, turn))
        lines_dead(c, uid, turn, pid);
    scoreboard_turn_set(b, NULL, NULL, NULL);
    scoreboard_work_set(b, NULL);
    atomic_store(&b->turn_deadline_ms, 0);
    if (s->lines_fd >= 0)
        close(s->lines_fd);
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
              (slot_serves(s) || s->state == SLOTS_STARTING);
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
    slot_label(c, index, label);
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
    struct crew_slot *s = &c->slots[index];
    struct crew_generation *g = s->generation;
    (void)event;
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].replaces == (int)index)
            c->slots[i].replaces = -1;
    memset(s, 0, sizeof(*s));
    s->lines_fd = s->replaces = -1;
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
static void crew_step(struct crew *c, size_t index, enum slots_event event)
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

static bool is_meant(
    const struct crew_slot *s, enum crew_whom whom, const struct crew_generation *g)
{
    switch (whom) {
    case CREW_ALL:
        return true;
    case CREW_BUT_HOUSEKEEPER:
        return s->pool != SCOREBOARD_HOUSEKEEPER;
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

size_t crew_alive(const struct crew *c, bool with_housekeeper)
{
    size_t alive = 0;
    for (size_t i = 0; i < c->used; i++)
        alive +=
            c->slots[i].pid > 0 && (with_housekeeper || c->slots[i].pool != SCOREBOARD_HOUSEKEEPER);
    return alive;
}

/* --- deaths --- */

static bool was_asked(const struct crew_slot *s)
{
    return s->state == SLOTS_RETIRING || s->state == SLOTS_TERMINATING || s->state == SLOTS_DYING ||
           s->state == SLOTS_ABORTING || s->state == SLOTS_KILLING;
}

static void death_log(const struct crew *c, size_t index, int status)
{
    const struct crew_slot *s = &c->slots[index];
    char label[64], turn[1024], how[64];
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status))
        snprintf(how, sizeof(how), "died of SIG%s%s", sigabbrev_np(WTERMSIG(status)),
            WCOREDUMP(status) ? " (core dumped)" : "");
    else
        snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
    slot_turn(c, index, turn, sizeof(turn));
    log_write(clean && was_asked(s) ? LOG_LEVEL_DEBUG
              : clean               ? LOG_LEVEL_INFO
                                    : LOG_LEVEL_WARN,
        "%s %s while %s after %llu requests%s", slot_label(c, index, label), how,
        slots_state_name(s->state),
        (unsigned long long)atomic_load(&c->board->slots[index].requests), turn);
}

/*
 * How much a death in a request says against that request; 0: nothing. A worker that was asked to
 * go and did not is killed for that.
 */
static unsigned death_weight(const struct crew_slot *s, int status)
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
    return was_asked(s) ? 0 : BLAME_KILLED;
}

/* Refuses what killed it for a while, and says so; the housekeeper tells the other machines. */
static void death_blame(struct crew *c, size_t index, const struct blame_work *work, int status)
{
    struct blame_mark marks[BLAME_SCOPES];
    unsigned weight = death_weight(&c->slots[index], status);
    char label[64];
    size_t count = weight == 0 ? 0
                               : blame_death(&c->board->blame, work, weight, clock_mono_ms(), marks);
    if (weight == 0)
        return;
    log_warn("%s died at work: %s%s of user %s%s", slot_label(c, index, label),
        work->turn ? "a turn, " : "", work->route, work->uid[0] != '\0' ? work->uid : "-",
        count > 0 ? "" : "; nothing is refused yet");
    for (size_t i = 0; i < count; i++) {
        log_warn("%s of user %s are refused for %" PRId64 " s (request_crashed_worker)",
            blame_scope_text(marks[i].scope, work->turn),
            work->uid[0] != '\0' ? work->uid : "-", marks[i].ms / 1000);
        lines_blame(c, &marks[i]);
    }
}

static void crew_on_death(struct crew *c, pid_t pid, int status)
{
    for (size_t i = 0; i < c->used; i++) {
        if (c->slots[i].pid != pid)
            continue;
        bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        struct blame_work work;
        bool at_work = !clean && scoreboard_work_get(&c->board->slots[i], &work);
        death_log(c, i, status);
        if (!clean)
            c->deaths[c->slots[i].pool]++;
        if (at_work)
            death_blame(c, i, &work, status);
        atomic_fetch_add(&c->board->slots[i].deaths, !clean);
        crew_step(c, i, clean     ? SLOTS_ON_EXIT_CLEAN
                        : at_work ? SLOTS_ON_EXIT_AT_WORK
                                  : SLOTS_ON_EXIT_CRASH);
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
            crew_on_death(c, pid, status);
}

/* --- time --- */

static bool pool_is_recycling(const struct crew *c, enum scoreboard_pool pool)
{
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].pool == pool && c->slots[i].state == SLOTS_REPLACING)
            return true;
    return false;
}

static void scan_limits(struct crew *c, size_t index)
{
    const struct crew_slot *s = &c->slots[index];
    char reason[WORKER_REASON_SIZE];
    if (s->state == SLOTS_READY &&
        worker_over_limit(&s->generation->conf, &c->board->slots[index], (unsigned)index,
            s->generation->number, 1, reason) != NULL &&
        !pool_is_recycling(c, s->pool))
        crew_step(c, index, SLOTS_ON_DUE);
}

static bool turn_is_late(const struct crew *c, size_t index, int64_t now)
{
    int64_t deadline = atomic_load(&c->board->slots[index].turn_deadline_ms);
    return deadline != 0 && now > deadline + c->slots[index].generation->conf.kill_ms;
}

/* A machine that is overloaded is not helped by killing what it cannot get to run. */
static bool slot_is_starved(struct crew *c, size_t index)
{
    struct crew_slot *s = &c->slots[index];
    char label[64];
    if (!starved_is(&s->starved, s->pid))
        return false;
    log_limited(LOG_LEVEL_WARN, "%s is late because it gets no processor: it is left alone",
        slot_label(c, index, label));
    return true;
}

/*
 * How old a beat may be; 0: it is not to be judged by that. A running turn has its own deadline,
 * and a short request ends, or waits in vain for nginx or Redis, within a minute.
 */
static int64_t beat_limit(enum scoreboard_pool pool, const struct scoreboard_slot *b)
{
    if (pool == SCOREBOARD_STREAM)
        return 10000;
    if (pool == SCOREBOARD_HOUSEKEEPER)
        return 30000;
    if (atomic_load(&b->turn_deadline_ms) != 0)
        return 0;
    return atomic_load(&b->stage) == TURN_STAGE_IDLE ? 3 * WORKER_IDLE_MS : 60000;
}

/* What says how a worker is judged is read before the beat: a worker beats before it changes that. */
static bool beat_is_late(const struct crew *c, size_t index, int64_t now)
{
    int64_t limit = beat_limit(c->slots[index].pool, &c->board->slots[index]);
    int64_t beat = atomic_load(&c->board->slots[index].beat_ms);
    return beat != 0 && limit != 0 && now - beat > limit && now >= c->lenient_until_ms;
}

/*
 * A worker whose turn is far beyond its deadline, or whose loop does not come round: stopped, or
 * caught in an endless loop. The beat late twice, since after a pause of the whole machine all
 * beats look late once.
 */
static void scan_stuck(struct crew *c, size_t index, int64_t now)
{
    struct crew_slot *s = &c->slots[index];
    bool silent = beat_is_late(c, index, now), was_silent = s->silent;
    bool late = (silent && was_silent) || turn_is_late(c, index, now);
    s->silent = silent;
    if (!late && s->state != SLOTS_STARTING)
        s->starved = (struct starved){0};
    if (late && (slot_serves(s) || s->state == SLOTS_RETIRING) && !slot_is_starved(c, index))
        crew_step(c, index, SLOTS_ON_STUCK);
}

/* What a passed deadline means in each state. */
static void scan_deadline(struct crew *c, size_t index, int64_t now)
{
    struct crew_slot *s = &c->slots[index];
    static const enum slots_event meaning[SLOTS_STATES] = {[SLOTS_BACKOFF] = SLOTS_ON_BACKOFF_OVER,
        [SLOTS_STARTING] = SLOTS_ON_LATE,
        [SLOTS_ABORTING] = SLOTS_ON_GRACE_OVER,
        [SLOTS_KILLING] = SLOTS_ON_GRACE_OVER,
        [SLOTS_RETIRING] = SLOTS_ON_DRAIN_OVER,
        [SLOTS_TERMINATING] = SLOTS_ON_GRACE_OVER,
        [SLOTS_DYING] = SLOTS_ON_GRACE_OVER};
    if (s->deadline_ms == 0 || now < s->deadline_ms)
        return;
    s->deadline_ms = now + TICK_MS;
    if (s->state == SLOTS_STARTING && slot_is_starved(c, index))
        return;
    s->deadline_ms = 0;
    crew_step(c, index, meaning[s->state]);
}

int64_t crew_scan(struct crew *c, int64_t now_ms)
{
    int64_t next = now_ms + TICK_MS;
    if (c->scan_ms != 0 && now_ms - c->scan_ms > LATE_MS)
        c->lenient_until_ms = now_ms + LATE_MS;
    c->scan_ms = now_ms;
    for (size_t i = 0; i < c->used; i++) {
        struct crew_slot *s = &c->slots[i];
        if (s->state == SLOTS_EMPTY)
            continue;
        if (s->state == SLOTS_STARTING && atomic_load(&c->board->slots[i].ready))
            crew_step(c, i, SLOTS_ON_READY);
        scan_deadline(c, i, now_ms);
        if (s->pid > 0) {
            scan_stuck(c, i, now_ms);
            scan_limits(c, i);
        }
        if (s->deadline_ms != 0 && s->deadline_ms < next)
            next = s->deadline_ms;
        if (s->state == SLOTS_STARTING && next > now_ms + STARTING_TICK_MS)
            next = now_ms + STARTING_TICK_MS;
    }
    lines_flush(c);
    return next;
}
