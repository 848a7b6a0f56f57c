#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "fcgi-app/seats.h"

#include "agent/turn.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "fcgi-app/lag.h"
#include "fcgi-app/runner.h"
#include "fcgi-app/serve.h"
#include "tools/remote/mcp.h"
#include "tools/remote/tool_call.h"
#include "wire/fastcgi/inbound.h"
#include "wire/http/http.h"
#include "wire/redis/listen.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)256 * 1024)
#define STACKS_KEPT 32
#define IO_TIMEOUT_MS 10000
#define KEPT_MS 60000           /* a connection may wait so long for its next request */
#define PARAMS_MAX ((size_t)256 * 1024)
#define PARTS_MAX ((size_t)1 << 20)
#define ACCEPT_MAX 16           /* of one pass */
#define SLACK 2                 /* turns more than the worker with the fewest */
#define BALANCE_MS 50           /* what the others have not taken for so long is taken */
#define LOOK_MS 250             /* the same for what woke one that then died, stopped or could not */
#define OTHERS_BEAT_MS 2000     /* one that has not come round for so long takes nothing */
#define BEAT_MS 1000            /* an idle worker comes round so often, so that others count on it */
#define MEASURE_MS 5000
#define LEAVE_MS 1000           /* for a word to servers that keep a session for us */
#define REST_US 1000            /* from one pass with several tokens to the next ... */
#define REST_FULL_US 3000       /* ... above FULL of a processor */
#define FULL_PERMILLE 800
#define LOAD_EVERY_US 100000
#define LOOK_US 300

/* A connection: of nginx one request, of a stream worker one after the other. */
struct peer {
    struct seats *all;
    struct inbound *inbound;
    struct inbound_handlers handlers;
    bool asked;                 /* a request of it has been told */
    bool waits;                 /* that one, for a seat */
    struct peer *prev, *next;
};

/* A request, and the turns behind it. */
struct seat {
    struct seats *all;
    struct app app;
    struct turn_env env;
    struct eventlog *log;       /* kept for the next */
    struct tool_place place;
    struct request_source source;
    struct serving serving;
    struct seat *next_free;
};

struct seats {
    struct app app;             /* what all share */
    struct turn_env env;
    struct inbound_limits limits;
    struct tool_calls *tools;
    struct reactor_source listening;
    struct reactor_timer balance, measure;
    struct peer *peers;
    struct seat *free;
    size_t busy, fresh;         /* seats taken; connections whose first request has not come */
    size_t waiting;             /* requests that wait for a seat */
    bool looks_again;
    struct lag lag;
    bool cannot_accept;         /* no descriptors, no memory: tried again after a while */
    int64_t load_us, cpu_us;    /* when the load was looked at, and the processor time then */
    int permille;               /* of a processor that this worker used since the time before */
    int64_t worked_ms;          /* quarantine worker: when it was last seen with work */
};

static void seats_listen(struct seats *s);
static void seats_next(struct seats *s);

/* ---- one request ---- */

static bool seats_peer_gone(void *inbound)
{
    return inbound_peer_gone(inbound);
}

static int seats_peer_finish(
    void *inbound, const char *head, size_t head_len, const char *body, size_t body_len)
{
    return inbound_finish(inbound, head, head_len, body, body_len);
}

static void seats_peer_break(void *inbound)
{
    inbound_break(inbound);
}

static const struct serve_peer seats_peer = {
    seats_peer_gone, seats_peer_finish, seats_peer_break};

static struct seat *seats_blank(struct seats *s)
{
    struct seat *seat = s->free;

    if (seat) {
        s->free = seat->next_free;
        return seat;
    }
    seat = calloc(1, sizeof *seat);
    if (seat && eventlog_new(&seat->log, s->app.store)) {
        free(seat);
        return NULL;
    }
    return seat;
}

static void seats_leave(struct seat *seat)
{
    struct seats *s = seat->all;
    struct worker *w = s->app.worker;

    task_act(NULL);
    scoreboard_seat_give(w->board, w->slot, seat->app.seat);
    seat->app.seat = NULL;
    seat->next_free = s->free;
    s->free = seat;
    s->busy--;
    seats_next(s);
    seats_listen(s);
}

static void seats_task(void *arg)
{
    struct seat *seat = arg;

    serve_request(&seat->serving);
    seats_leave(seat);
}

/* Returns 0, ERR_FULL (all seats are taken), ERR_NOMEM. */
static int seats_sit(struct seats *s, struct inbound *inbound)
{
    struct worker *w = s->app.worker;
    struct scoreboard_seat *taken = scoreboard_seat_take(w->board, w->slot);
    struct seat *seat = taken ? seats_blank(s) : NULL;

    if (!seat) {
        if (taken)
            scoreboard_seat_give(w->board, w->slot, taken);
        return taken ? ERR_NOMEM : ERR_FULL;
    }
    seat->all = s;
    seat->app = s->app;
    seat->app.seat = taken;
    seat->app.turns = &seat->env;
    seat->env = s->env;
    seat->env.eventlog = seat->log;
    seat->env.arg = &seat->app;
    seat->place = (struct tool_place){s->tools, taken};
    seat->env.apart = tool_calls_apart(&seat->place);
    seat->source = (struct request_source){.arg = inbound, .param = inbound_param,
        .body = inbound_body, .write = inbound_write};
    seat->serving = (struct serving){.app = &seat->app, .pool = ROUTES_TURN,
        .source = &seat->source, .peer = &seats_peer, .began_us = clock_mono_us()};
    if (task_spawn(seats_task, seat, (int)(taken - w->board->seats), NULL)) {
        scoreboard_seat_give(w->board, w->slot, taken);
        seat->next_free = s->free;
        s->free = seat;
        return ERR_NOMEM;
    }
    s->busy++;
    return 0;
}

/* ---- connections ---- */

/* It came over a kept connection when all seats were taken: a stream worker asks another one. */
static void seats_turn_away(struct peer *p, int error)
{
    struct seats *s = p->all;

    if (error == ERR_FULL && !inbound_param(p->inbound, "TP_INTERNAL")) {
        p->waits = true;
        s->waiting++;
        return;
    }
    atomic_fetch_add_explicit(&s->app.worker->board->refused_full, 1, memory_order_relaxed);
    log_limited(LOG_LEVEL_WARN, "a request finds no seat: %s", err_text(error));
    inbound_overloaded(p->inbound);
}

static void seats_on_request(void *arg, struct inbound *inbound)
{
    struct peer *p = arg;
    struct seats *s = p->all;
    int error;

    if (!p->asked)
        s->fresh--;
    p->asked = true;
    if (s->app.worker->drain)
        inbound_retire(inbound);
    error = seats_sit(s, inbound);
    if (error)
        seats_turn_away(p, error);
    seats_listen(s);
}

/* A seat has become free: for the one that has waited longest. */
static void seats_next(struct seats *s)
{
    int error = ERR_NOMEM;

    while (s->waiting && error == ERR_NOMEM) {
        struct peer *first = NULL;

        for (struct peer *p = s->peers; p; p = p->next)
            if (p->waits)
                first = p;
        if (!first)
            return;
        if ((error = seats_sit(s, first->inbound)) == ERR_FULL)
            return;
        first->waits = false;
        s->waiting--;
        if (error) /* perhaps no other seat becomes free after this one */
            seats_turn_away(first, error);
    }
}

static void seats_on_closed(void *arg, struct inbound *inbound)
{
    struct peer *p = arg;
    struct seats *s = p->all;

    (void)inbound;
    if (!p->asked)
        s->fresh--;
    if (p->prev)
        p->prev->next = p->next;
    else
        s->peers = p->next;
    if (p->next)
        p->next->prev = p->prev;
    free(p);
    seats_listen(s);
}

static int seats_welcome(struct seats *s, int fd)
{
    struct peer *p = calloc(1, sizeof *p);
    int error = ERR_NOMEM;

    if (p) {
        p->all = s;
        p->handlers = (struct inbound_handlers){
            .arg = p, .request = seats_on_request, .closed = seats_on_closed};
        error = inbound_new(&p->inbound, s->app.reactor, fd, &s->limits, &p->handlers);
    }
    if (error) {
        free(p);
        close(fd);
        return error;
    }
    p->next = s->peers;
    if (p->next)
        p->next->prev = p;
    s->peers = p;
    s->fresh++;
    return 0;
}

static bool seats_has_room(const struct seats *s)
{
    return s->busy + s->fresh < (size_t)atomic_load(&s->app.worker->slot->seats_count);
}

/* No connection waited at this time, so none that comes has waited for longer. */
static void seats_note_empty(struct seats *s)
{
    const struct worker *w = s->app.worker;

    atomic_store_explicit(&w->board->empty_ms[atomic_load(&w->slot->pool)], clock_mono_ms(),
        memory_order_relaxed);
}

/* ---- which worker takes the next ---- */

/* Another one of the pool that can take it has fewer turns. */
static bool seats_others_first(const struct seats *s)
{
    const struct worker *w = s->app.worker;
    int own = (int)(s->busy + s->fresh);
    int64_t now = clock_mono_ms();

    if (own <= SLACK)
        return false;
    for (size_t i = 0; i < w->board->slot_count; i++) {
        const struct scoreboard_slot *slot = &w->board->slots[i];
        int busy = atomic_load(&slot->seats_busy);

        if (slot != w->slot && atomic_load(&slot->pool) == SCOREBOARD_TURN &&
            atomic_load(&slot->pid) > 0 && atomic_load(&slot->ready) &&
            atomic_load(&slot->generation) == w->generation &&
            now - atomic_load(&slot->beat_ms) < OTHERS_BEAT_MS &&
            busy < atomic_load(&slot->seats_count) && busy + SLACK < own)
            return true;
    }
    return false;
}

static void seats_accept(struct seats *s)
{
    s->cannot_accept = false;
    for (int i = 0; i < ACCEPT_MAX && seats_has_room(s) && !seats_others_first(s); i++) {
        int fd = accept4(s->app.worker->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0) {
            s->cannot_accept = errno != EAGAIN && errno != EWOULDBLOCK;
            if (s->cannot_accept)
                log_limited(LOG_LEVEL_WARN, "cannot accept: %s", strerror(errno));
            else
                seats_note_empty(s);
            return;
        }
        if (seats_welcome(s, fd))
            log_limited(LOG_LEVEL_WARN, "a connection is closed: no memory");
    }
}

static void seats_on_listening(struct reactor_source *source, uint32_t events)
{
    struct seats *s = source->arg;

    (void)events;
    seats_accept(s);
    seats_listen(s);
}

static void seats_on_balance(struct reactor_timer *timer)
{
    struct seats *s = timer->arg;

    if (!s->app.worker->drain)
        seats_accept(s);
    seats_listen(s);
}

/*
 * Listens, or leaves the socket to the others for now. A connection wakes one worker alone: when
 * that does not take it, the others find it at their next look.
 */
static void seats_listen(struct seats *s)
{
    struct worker *w = s->app.worker;
    bool room = !w->drain && seats_has_room(s);
    bool wanted = room && !s->cannot_accept && !seats_others_first(s);
    int64_t look_ms = clock_mono_ms() + (wanted ? LOOK_MS : BALANCE_MS);

    if (wanted && !s->listening.watched)
        (void)reactor_watch(s->app.reactor, &s->listening, w->listen_fd,
            EPOLLIN | EPOLLEXCLUSIVE, seats_on_listening, s);
    else if (!wanted && s->listening.watched)
        reactor_unwatch(s->app.reactor, &s->listening);
    if (room && (!s->balance.set || s->balance.due_ms > look_ms))
        reactor_timer_set(s->app.reactor, &s->balance, look_ms, seats_on_balance, s);
}

/* ---- the worker ---- */

static void seats_on_measure(struct reactor_timer *timer)
{
    struct seats *s = timer->arg;

    serve_measure(&s->app);
    reactor_timer_set(s->app.reactor, timer, clock_mono_ms() + MEASURE_MS, seats_on_measure, s);
}

static int seats_open_turns(struct seats *s)
{
    struct worker *w = s->app.worker;
    const struct tasks_settings tasks = {.stack_bytes = STACK_BYTES, .stacks_kept = STACKS_KEPT,
        .executing = &w->slot->executing, .slow_us = LAG_US, .on_slow = lag_on_slow,
        .on_slow_arg = &s->lag};
    int error = tasks_open(s->app.reactor, &tasks);

    if (error)
        return error;
    link_attach(s->app.store->link, s->app.reactor);
    s->env = (struct turn_env){.conf = s->app.conf, .reactor = s->app.reactor,
        .store = s->app.store, .breakers = w->board->breakers, .on_stage = runner_on_stage,
        .on_tool = runner_on_tool, .on_under_way = runner_on_under_way, .abort_now = &w->abort_turn,
        .may_take_next = runner_may_take_next};
    error = http_new(&s->env.http, s->app.reactor);
    if (!error && w->tool_socket)
        error = tool_calls_new(&s->tools, w, s->app.reactor);
    if (!error)
        http_keep(s->env.http, (size_t)atomic_load(&w->slot->seats_count));
    return error ? error : listen_new(&s->env.listen, s->app.store->link);
}

int seats_new(struct seats **out, struct worker *w)
{
    struct seats *s = calloc(1, sizeof *s);
    int error;

    if (!s)
        return ERR_NOMEM;
    s->app.conf = w->conf;
    s->app.worker = s->lag.worker = w;
    s->limits = (struct inbound_limits){.params_max = PARAMS_MAX,
        .body_max = (size_t)w->conf->body_max, .reply_max = PARTS_MAX,
        .io_timeout_ms = IO_TIMEOUT_MS, .idle_ms = KEPT_MS,
        .max_conns = (unsigned)atomic_load(&w->slot->seats_count),
        .max_reqs = (unsigned)atomic_load(&w->slot->seats_count)};
    error = serve_open(&s->app, ROUTES_TURN);
    if (!error && (error = seats_open_turns(s)))
        log_error("cannot start: %s", err_text(error));
    if (error)
        seats_free(s);
    else
        *out = s;
    return error;
}

static void seats_close_peers(struct seats *s)
{
    while (s->peers) {
        struct peer *p = s->peers;

        s->peers = p->next;
        inbound_free(p->inbound);
        free(p);
    }
}

void seats_free(struct seats *s)
{
    if (!s)
        return;
    if (s->app.reactor) {
        reactor_unwatch(s->app.reactor, &s->listening);
        reactor_timer_clear(s->app.reactor, &s->balance);
        reactor_timer_clear(s->app.reactor, &s->measure);
    }
    seats_close_peers(s);
    tool_calls_free(s->tools);
    listen_free(s->env.listen);
    if (s->env.http) {
        mcp_leave(s->env.http, s->app.reactor, LEAVE_MS);
        http_free(s->env.http);
    }
    while (s->free) {
        struct seat *seat = s->free;

        s->free = seat->next_free;
        eventlog_free(seat->log);
        free(seat);
    }
    serve_close(&s->app);
    free(s);
}

/* ---- the pass ---- */

static int64_t seats_cpu_us(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t))
        return 0;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void seats_look_at_load(struct seats *s, int64_t now_us)
{
    int64_t cpu_us;

    if (now_us - s->load_us < LOAD_EVERY_US)
        return;
    cpu_us = seats_cpu_us();
    s->permille = (int)((cpu_us - s->cpu_us) * 1000 / (now_us - s->load_us));
    s->load_us = now_us;
    s->cpu_us = cpu_us;
}

/*
 * When the last pass had several turns' text for Redis: the next one begins a
 * little later and finds more, which costs a token less. A single turn never waits.
 */
static void seats_rest(struct seats *s, int64_t began_us, uint64_t appends)
{
    int64_t now_us, left_us;
    struct timespec rest;

    if (appends < 2)
        return;
    now_us = clock_mono_us();
    seats_look_at_load(s, now_us);
    left_us = began_us + (s->permille > FULL_PERMILLE ? REST_FULL_US : REST_US) - now_us;
    if (left_us <= 0)
        return;
    rest = (struct timespec){.tv_nsec = left_us * 1000};
    nanosleep(&rest, NULL);
}

static bool seats_has_work(const struct seats *s)
{
    return s->busy || s->peers; /* they go when their reply has gone */
}

static int64_t seats_idle_wait(const struct seats *s)
{
    int64_t idle = s->app.conf->turn_quarantine_idle_ms;

    return worker_is_quarantine(s->app.worker) && idle < BEAT_MS ? idle : BEAT_MS;
}

/* A quarantine worker for which no turn has come in a while. */
static bool seats_is_needless(struct seats *s)
{
    int64_t now;

    if (!worker_is_quarantine(s->app.worker))
        return false;
    now = clock_mono_ms();
    if (seats_has_work(s) || !s->worked_ms)
        s->worked_ms = now;
    return now - s->worked_ms >= s->app.conf->turn_quarantine_idle_ms;
}

/*
 * The only turn of the machine waits for Redis: to be woken on a processor that has gone to sleep
 * costs more than to look for the reply for a moment. Others that want the processor get it.
 */
static int seats_look_for_reply(struct seats *s)
{
    const struct scoreboard *board = s->app.worker->board;
    int64_t until_us;
    int ran = 0;

    if (tasks_ready() || !link_calls(s->app.store->link) || s->busy > 1 ||
        atomic_load_explicit(&board->running_turns, memory_order_relaxed) > 1)
        return 0;
    http_prepare(s->env.http); /* what its model's request needs, while Redis works */
    until_us = clock_mono_us() + LOOK_US;
    while (!ran && clock_mono_us() < until_us) {
        sched_yield();
        ran = reactor_step(s->app.reactor, 0, &s->app.worker->wait_mask);
    }
    return ran;
}

static int seats_pass(struct seats *s)
{
    struct worker *w = s->app.worker;
    int64_t until = clock_mono_ms() + seats_idle_wait(s);
    uint64_t before = link_raw_sent(s->app.store->link);
    int64_t began_us;
    int ran = seats_look_for_reply(s);

    if (!ran)
        ran = reactor_step(s->app.reactor, tasks_ready() ? 0 : until, &w->wait_mask);
    began_us = clock_mono_us();
    worker_beat(w);
    if (w->abort_turn && !s->looks_again)
        tasks_wake_all();
    s->looks_again = w->abort_turn;
    tasks_run();
    lag_on_pass(&s->lag, clock_mono_us() - reactor_woke_us(s->app.reactor));
    seats_rest(s, began_us, link_raw_sent(s->app.store->link) - before);
    return ran < 0 && ran != ERR_CANCELLED ? ran : 0;
}

/*
 * It takes nothing new; connections close behind the reply that is under way, and new ones behind
 * that to their first request, which is on its way.
 */
static void seats_drain(struct seats *s)
{
    struct peer *next;

    atomic_store(&s->app.worker->slot->ready, false); /* the others do not count on it */
    seats_accept(s); /* as nobody else was woken for what came to us */
    seats_listen(s);
    for (struct peer *p = s->peers; p; p = next) {
        next = p->next;
        if (p->asked)
            inbound_retire(p->inbound);
    }
}

int seats_run(struct seats *s)
{
    struct worker *w = s->app.worker;
    bool draining = false;
    int error = 0;

    s->measure.arg = s;
    seats_on_measure(&s->measure);
    seats_listen(s);
    worker_beat(w);
    worker_ready(w);
    while (!error && !(draining && !seats_has_work(s)) && !seats_is_needless(s)) {
        if (!s->busy)
            w->abort_turn = 0; /* QUIT ends the turns that run, not the next ones */
        error = seats_pass(s);
        if (w->reopen) {
            w->reopen = 0;
            log_reopen();
        }
        if (w->drain && !draining) {
            draining = true;
            seats_drain(s);
        }
    }
    if (error)
        log_error("the worker leaves: %s", err_text(error));
    return error ? 1 : 0;
}
