/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif
#include "tests/unit/own_supervisor.h"

#include "agent/turn.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "workers/supervisor/control.h"
#include "workers/supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct script *script; /* for workers and callbacks */
static const char *run_dir;

/* --- workers --- */

static void wait_for_signal(struct worker *w, int timeout_ms, int listen_fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listen_fd >= 0)
        epoll_ctl(epoll, EPOLL_CTL_ADD, listen_fd, &event);
    epoll_pwait(epoll, &event, 1, timeout_ms, &w->wait_mask);
    close(epoll);
}

static void count_descriptors(struct worker *w)
{
    for (int fd = 3; fd < 256; fd++)
        if (fcntl(fd, F_GETFD) >= 0 && fd != w->listen_fd && fd != w->supervisor_fd &&
            fd != w->notify_fd && fd != log_fd())
            atomic_fetch_add(&script->foreign_descriptors, 1);
}

static void answer_one(struct worker *w)
{
    int fd = accept4(w->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    dprintf(fd, "%d\n", (int)getpid());
    close(fd);
    atomic_fetch_add(&w->slot->requests, 1);
}

static int serve(struct worker *w)
{
    worker_ready(w);
    while (!w->drain) {
        wait_for_signal(w, -1, w->listen_fd);
        if (!w->drain)
            answer_one(w);
    }
    return 0;
}

/* A turn of user anna; the worker executes it. NULL: the machine has all the turns it may have. */
static struct scoreboard_seat *begin_turn(struct worker *w, const char *session, const char *turn,
    int stage)
{
    struct scoreboard_seat *seat = scoreboard_seat_take(w->board, w->slot);
    if (!seat)
        _exit(8);
    if (!scoreboard_turn_take(w->board, seat)) {
        scoreboard_seat_give(w->board, w->slot, seat);
        return NULL;
    }
    scoreboard_turn_set(seat, "anna", session, turn);
    scoreboard_stage_set(seat, stage);
    scoreboard_enter(w->board, w->slot, seat);
    return seat;
}

static int hold_a_turn(struct worker *w)
{
    struct scoreboard_seat *seat = begin_turn(w, "main", TURN_ID, STAGE_MODEL_WAIT);
    if (!seat)
        return serve(w);
    worker_ready(w);
    while (!w->drain)
        wait_for_signal(w, -1, -1);
    for (int64_t until = clock_mono_ms() + atomic_load(&script->hold_ms);
         clock_mono_ms() < until && !w->abort_turn;)
        wait_for_signal(w, (int)(until - clock_mono_ms()), -1);
    atomic_fetch_add(w->abort_turn ? &script->ended_by_quit : &script->ended_in_drain, 1);
    scoreboard_enter(w->board, w->slot, NULL);
    scoreboard_seat_give(w->board, w->slot, seat);
    return 0;
}

static int get_stuck(struct worker *w, bool deaf)
{
    struct scoreboard_seat *seat = begin_turn(w, "main", TURN_ID, STAGE_TOOL);
    if (!seat)
        return serve(w);
    atomic_store(&seat->turn_deadline_ms, clock_mono_ms() - 1);
    scoreboard_tool_set(seat, "make_tea");
    if (deaf)
        signal(SIGABRT, SIG_IGN);
    worker_ready(w);
    for (;;)
        pause(); /* TERM and QUIT are blocked */
}

/* Works for a user until it is killed. */
static _Noreturn void work_for_somebody(struct worker *w)
{
    struct blame_work work = {.uid = "anna", .route = "GET /here", .digest = "d"};
    struct scoreboard_seat *seat = scoreboard_seat_take(w->board, w->slot);
    scoreboard_work_set(seat, &work);
    scoreboard_enter(w->board, w->slot, seat);
    worker_ready(w);
    for (;;)
        pause();
}

static _Noreturn void run_many_turns(struct worker *w)
{
    static const char *const turns[] = {MANY_ID(0), MANY_ID(1), MANY_ID(2)};
    struct scoreboard_seat *seats[3];
    int executes = atomic_load(&script->executes);
    for (int i = 0; i < 3; i++) {
        struct blame_work work = {.uid = "anna", .turn = true};
        snprintf(work.route, sizeof work.route, "session s%d", i);
        snprintf(work.digest, sizeof work.digest, "d%d", i);
        seats[i] = begin_turn(w, work.route + strlen("session "), turns[i], STAGE_MODEL_WAIT);
        scoreboard_work_set(seats[i], &work);
    }
    scoreboard_enter(w->board, w->slot, executes < 0 ? NULL : seats[executes]);
    worker_ready(w);
    for (;;)
        pause();
}

static int be_late(struct worker *w)
{
    if (atomic_fetch_add(&script->late, 1) == 0)
        return get_stuck(w, false);
    struct scoreboard_seat *seat = begin_turn(w, "other", MANY_ID(1), STAGE_MODEL_WAIT);
    atomic_store(&seat->turn_deadline_ms, clock_mono_ms() - 1);
    scoreboard_enter(w->board, w->slot, NULL);
    atomic_store(&script->waiting, getpid());
    return serve(w);
}

/* Its beat is late, and it can run, as on a machine that does not let it. */
static int want_a_processor(struct worker *w)
{
    atomic_store(&w->slot->beat_ms, 1);
    worker_ready(w);
    while (atomic_load(&script->turn_worker) == STARVED)
        continue;
    worker_beat(w);
    return serve(w);
}

static int count_requests(struct worker *w)
{
    worker_ready(w);
    while (!w->drain) {
        atomic_fetch_add(&w->slot->requests, 1);
        wait_for_signal(w, 20, -1);
    }
    return 0;
}

static int turn_main(struct worker *w)
{
    worker_signals(w);
    count_descriptors(w);
    switch ((enum behaviour)atomic_load(&script->turn_worker)) {
    case HOLD_A_TURN:
        return hold_a_turn(w);
    case STUCK:
        return get_stuck(w, false);
    case DEAF:
        return get_stuck(w, true);
    case WORK:
        work_for_somebody(w);
    case STARVED:
        return w->slot_index % 2 ? serve(w) : want_a_processor(w);
    case NEVER_READY:
        pause();
        return 0;
    case DIE_AT_ONCE:
        log_error("this one dies at once");
        return 7;
    case COUNT_REQUESTS:
        return count_requests(w);
    case MANY_TURNS:
        run_many_turns(w);
    case LATE_TURNS:
        return be_late(w);
    default:
        return serve(w);
    }
}

static int plain_main(struct worker *w)
{
    worker_signals(w);
    count_descriptors(w);
    return serve(w);
}

/* Answers, and leaves when nobody has asked for a while. Or dies in a turn as soon as it is
 * asked. */
static int quarantine_main(struct worker *w)
{
    worker_signals(w);
    worker_ready(w);
    while (!w->drain) {
        unsigned long long before = atomic_load(&w->slot->requests);
        wait_for_signal(w, QUARANTINE_IDLE_MS, w->listen_fd);
        answer_one(w);
        if (atomic_load(&w->slot->requests) == before)
            return 0;
        if (atomic_load(&script->quarantine_dies)) {
            struct blame_work work = {.uid = "anna", .digest = "d", .turn = true};
            scoreboard_work_set(begin_turn(w, "main", TURN_ID, STAGE_TOOL), &work);
            abort();
        }
    }
    return 0;
}

static int keeper_main(struct worker *w)
{
    worker_signals(w);
    worker_ready(w);
    while (!w->drain) {
        size_t len = strlen(script->dead_lines);
        wait_for_signal(w, -1, w->supervisor_fd);
        ssize_t n = recv(w->supervisor_fd, script->dead_lines + len,
            sizeof script->dead_lines - 1 - len, MSG_DONTWAIT);
        if (n == 0)
            return 0;
    }
    return 0;
}

/* --- the supervisor's process --- */

static int configure(void *arg, struct conf *conf, struct buf *reasons)
{
    char number[16], extra[256], why[CONF_WHY_SIZE];
    (void)arg;
    if (atomic_load(&script->bad_configuration)) {
        buf_puts(reasons, "bad on purpose\nand another reason\n");
        return ERR_CONFIG;
    }
    int error = conf_init(conf);
    snprintf(number, sizeof number, "%d", atomic_load(&script->turn_seats));
    if (error == 0)
        error = conf_set(conf, "run_dir", run_dir, why);
    if (error == 0)
        error = conf_set(conf, "turn.seats", number, why);
    if (error == 0)
        error = conf_set(conf, "turn.reserved", "1", why);
    snprintf(number, sizeof number, "%d", atomic_load(&script->turn_seats) + 1);
    if (error == 0)
        error = conf_set(conf, "turn.workers", number, why);
    if (error == 0)
        error = conf_set(conf, "api.workers", "2", why);
    if (error == 0)
        error = conf_set(conf, "stream.workers", "1", why);
    snprintf(extra, sizeof extra, "%s", script->extra);
    for (char *rest = extra, *one; error == 0 && (one = strsep(&rest, ";")) && *one;) {
        char *value = strchr(one, '=');
        *value++ = '\0';
        error = conf_set(conf, one, value, why);
    }
    if (error != 0)
        conf_fini(conf);
    return error;
}

static int prepare(void *arg, const struct conf *conf, struct buf *why)
{
    (void)arg;
    (void)conf;
    (void)why;
    atomic_fetch_add(&script->prepared, 1);
    return 0;
}

/* As systemd passes the sockets of turnpike.socket: from 3 on, all of one name. An old turnpiked
 * passes its control socket too. */
static void pass_sockets(struct fixture *f)
{
    static const char *const names[] = {"stream", "api", "turn", "control"};
    char pid[16];
    for (int i = 0; i < (f->as_new ? 4 : 3); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock", f->dir, names[i]);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
            _exit(9);
        int high = fcntl(fd, F_DUPFD, 40);
        close(fd);
        dup2(high, 3 + i);
        close(high);
    }
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", f->as_new ? "4" : "3", 1);
    setenv("LISTEN_FDNAMES",
        f->as_new ? "turnpike:turnpike:turnpike:turnpike" : "turnpike:turnpike:turnpike", 1);
}

#define NEW_FD 60
/* What an old turnpiked gives beside the sockets. */
static void pass_upgrade(struct fixture *f)
{
    char path[160], text[64];
    snprintf(path, sizeof path, "%s/turnpiked.lock", f->dir);
    int lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    snprintf(text, sizeof text, "1 %d %d 1 1", NEW_FD, lock_fd);
    setenv("TURNPIKE_UPGRADE", text, 1);
}

static _Noreturn void supervise(struct fixture *f)
{
    char path[160], log_path[160];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(path, sizeof path, "%s/notify", f->dir);
    setenv("NOTIFY_SOCKET", path, 1);
    snprintf(log_path, sizeof log_path, "%s/log", f->dir);
    int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(fd, STDERR_FILENO);
    close(fd);
    close(f->notify_fd);
    if (f->with_watchdog)
        setenv("WATCHDOG_USEC", "100000", 1);
    if (f->with_sockets || f->as_new)
        pass_sockets(f);
    if (f->as_new)
        pass_upgrade(f);
    const struct supervisor_options options = {.mains = {plain_main, turn_main, plain_main,
                                                   quarantine_main, plain_main, keeper_main},
        .configure = configure,
        .prepare = prepare};
    exit(supervisor_run(&options));
}

void own_supervisor_start(struct fixture *f)
{
    int pair[2] = {-1, -1};
    if (f->as_new)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    f->old_fd = pair[0];
    f->supervisor = fork();
    if (f->supervisor == 0 && f->as_new) {
        dup2(pair[1], NEW_FD);
        close(pair[0]);
        close(pair[1]);
    }
    if (f->supervisor == 0)
        supervise(f);
    assert_true(f->supervisor > 0);
    if (f->as_new)
        close(pair[1]);
}

/* --- looking --- */

void hear(struct fixture *f)
{
    char message[512];
    for (ssize_t n; (n = recv(f->notify_fd, message, sizeof message - 1, MSG_DONTWAIT)) > 0;) {
        if (f->said_len + (size_t)n + 2 >= sizeof f->said)
            f->said_len = 0;
        memcpy(f->said + f->said_len, message, (size_t)n);
        f->said_len += (size_t)n;
        f->said[f->said_len++] = '\n';
        f->said[f->said_len] = '\0';
    }
}

void forget_said(struct fixture *f)
{
    hear(f);
    f->said_len = 0;
    f->said[0] = '\0';
}

static char *read_log(struct fixture *f)
{
    static char text[65536];
    char path[160];
    snprintf(path, sizeof path, "%s/log", f->dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    if (fd >= 0)
        close(fd);
    return text;
}

void own_supervisor_until(struct fixture *f, condition_fn *condition, const char *argument)
{
    for (int64_t until = clock_mono_ms() + PATIENCE_MS; clock_mono_ms() < until; usleep(5000)) {
        hear(f);
        if (condition(f, argument))
            return;
    }
    fail_msg("waited in vain for \"%s\"; log:\n%s", argument, read_log(f));
}

bool systemd_heard(struct fixture *f, const char *text)
{
    return strstr(f->said, text) != NULL;
}

bool log_has(struct fixture *f, const char *text)
{
    return strstr(read_log(f), text) != NULL;
}

bool keeper_heard(struct fixture *f, const char *text)
{
    return strstr(f->script->dead_lines, text) != NULL;
}

const char *status(struct fixture *f)
{
    static struct buf reply;
    buf_reset(&reply);
    int error = control_ask(f->control, "status json", 2000, &reply);
    return error == 0 ? buf_text(&reply) : "";
}

bool status_has(struct fixture *f, const char *text)
{
    return strstr(status(f), text) != NULL;
}

/* The first pid of a pool that `rest` follows. */
static pid_t find_pid(struct fixture *f, const char *pool, const char *rest)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"pool\":\"%s\",\"pid\":", pool);
    for (const char *at = status(f); (at = strstr(at, wanted));) {
        char *end;
        int pid = (int)strtol(at + strlen(wanted), &end, 10);
        if (strncmp(end, rest, strlen(rest)) == 0)
            return pid;
        at = end;
    }
    return 0;
}

pid_t find_worker(struct fixture *f, const char *pool, unsigned generation)
{
    char rest[64];
    snprintf(rest, sizeof rest, ",\"generation\":%u,", generation);
    return find_pid(f, pool, rest);
}

pid_t find_executing(struct fixture *f)
{
    return find_pid(f, "turn", ",\"executing\":true");
}

void own_supervisor_wait_for_end(struct fixture *f, int expected)
{
    int result = 0;
    for (int64_t until = clock_mono_ms() + PATIENCE_MS;;) {
        hear(f);
        pid_t pid = waitpid(f->supervisor, &result, WNOHANG);
        if (pid == f->supervisor)
            break;
        if (clock_mono_ms() > until)
            fail_msg("the supervisor does not end; log:\n%s", read_log(f));
        usleep(5000);
    }
    hear(f);
    f->supervisor = 0;
    if (!WIFEXITED(result) || WEXITSTATUS(result) != expected)
        fail_msg("status %x; log:\n%s", (unsigned)result, read_log(f));
}

void tell(struct fixture *f, const char *line)
{
    struct buf reply = {0};
    assert_int_equal(control_ask(f->control, line, 2000, &reply), 0);
    buf_free(&reply);
}

/* --- a case's directory --- */

int own_supervisor_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *state = f;
    f->script = script =
        mmap(NULL, sizeof *script, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(f->dir, sizeof f->dir, "/tmp/supervisor.XXXXXX");
    if (script == MAP_FAILED || !mkdtemp(f->dir))
        return -1;
    run_dir = f->dir;
    atomic_store(&script->turn_seats, 3);
    snprintf(f->control, sizeof f->control, "%s/control.sock", f->dir);
    snprintf(f->api, sizeof f->api, "%s/api.sock", f->dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", f->dir);
    f->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return bind(f->notify_fd, (struct sockaddr *)&address, sizeof address);
}

int own_supervisor_teardown(void **state)
{
    static const char *const names[] = {"notify", "log", "api.sock", "turn.sock", "stream.sock",
        "quarantine.sock", "quarantine-1.sock", "tool-1.sock", "control.sock", "turnpiked.lock"};
    struct fixture *f = *state;
    if (f->supervisor > 0) {
        kill(f->supervisor, SIGKILL);
        waitpid(f->supervisor, NULL, 0);
    }
    if (f->as_new)
        close(f->old_fd);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    rmdir(f->dir);
    close(f->notify_fd);
    munmap(f->script, sizeof *f->script);
    free(f);
    return 0;
}

void own_supervisor_start_ready(struct fixture *f)
{
    own_supervisor_start(f);
    own_supervisor_until(f, systemd_heard, "READY=1");
}

/* The pid that whoever accepts there answers with; 0 = it is refused or cut. */
static pid_t ask(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[32] = "";
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        recv(fd, text, sizeof text - 1, 0) < 0)
        text[0] = '\0';
    close(fd);
    return (pid_t)strtol(text, NULL, 10);
}

bool ask_api(struct fixture *f)
{
    return ask(f->api) > 0;
}

pid_t ask_quarantine(struct fixture *f)
{
    char path[160];
    snprintf(path, sizeof path, "%s/quarantine.sock", f->dir);
    return ask(path);
}
