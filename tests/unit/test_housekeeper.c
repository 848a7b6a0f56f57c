/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
/* The housekeeper, as it is: what it does with the turns of a dead worker that the supervisor
 * names. */
#include "base/clock.h"
#include "base/log.h"
#include "process/worker.h"
#include "redis_bench.h"
#include "turn_actors.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PID 4711 /* of the worker that has died */
#define PATIENCE_MS 20000
#define MANY 200

static struct store *worker;
static struct scoreboard *board;
static struct arena *arena;
static pid_t keeper;
static int lines;
static int shared_fd, apart_fd; /* where it hands turns over: the turn pool, quarantine workers */

static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", redis.dir, name);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

/* Whether the next request that comes there within this time names the turn. */
static bool hands_over(int fd, const char *turn, int patience_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char request[4096];
    ssize_t len;
    int peer;

    if (poll(&p, 1, patience_ms) <= 0 || (peer = accept(fd, NULL, NULL)) < 0)
        return false;
    len = recv(peer, request, sizeof request, 0);
    close(peer);
    return len > 0 && memmem(request, (size_t)len, turn, strlen(turn));
}

static _Noreturn void run_keeper(int fd)
{
    static char nobody[160], apart[160];
    struct worker w = {.conf = &conf,
        .board = board,
        .slot = &board->slots[0],
        .listen_fd = -1,
        .supervisor_fd = fd,
        .turn_socket = nobody,
        .quarantine_socket = apart,
        .notify_fd = -1};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(nobody, sizeof nobody, "%s/turn.sock", redis.dir);
    snprintf(apart, sizeof apart, "%s/quarantine.sock", redis.dir);
    _exit(housekeeper_main(&w));
}

static int set_up_with(void **state, int attempts)
{
    char why[CONF_WHY_SIZE];
    int pair[2];

    log_level_set(LOG_LEVEL_WARN);
    redis_bench_start(state);
    conf.turn_attempts = attempts;
    conf.turn_quarantine = 1;
    conf.lease_ms = 60000;
    assert_int_equal(conf_set(&conf, "run_dir", redis.dir, why), 0);
    assert_int_equal(conf_set(&conf, "machine", "m", why), 0);
    assert_int_equal(store_open(&worker, &conf, NULL, "m/turn/4711/1"), 0);
    assert_int_equal(scoreboard_new(&board, 2, 2), 0);
    atomic_store(&board->turn_limit, 10);
    scoreboard_slot_reset(board, &board->slots[0], 0, 1);
    scoreboard_slot_reset(board, &board->slots[1], 1, 1);
    atomic_store(&board->slots[1].pool, SCOREBOARD_QUARANTINE);
    shared_fd = listen_at("turn.sock");
    apart_fd = listen_at("quarantine.sock");
    arena = arena_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    lines = pair[0];
    keeper = fork();
    if (keeper == 0) {
        close(pair[0]);
        run_keeper(pair[1]);
    }
    close(pair[1]);
    return keeper > 0 ? 0 : -1;
}

/* A turn that loses one attempt is at its end. */
static int set_up(void **state)
{
    return set_up_with(state, 1);
}

static int set_up_with_attempts(void **state)
{
    return set_up_with(state, 3);
}

/* It leaves when its supervisor is gone. */
static int tear_down(void **state)
{
    static const char *const files[] = {"mcp-tools.json", "turn.sock", "quarantine.sock"};
    char path[160];
    int status = -1;

    close(lines);
    while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
        continue;
    assert_int_equal(status, 0);
    arena_free(arena);
    scoreboard_free(board);
    store_close(worker);
    close(shared_fd);
    close(apart_fd);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", redis.dir, files[i]);
        unlink(path);
    }
    return redis_bench_stop(state);
}

static void say(const char *word, const char *turn, int pid)
{
    char line[256];
    int len = snprintf(line, sizeof line, "%s " ACTORS_USER " %s %d\n", word, turn, pid);
    assert_int_equal(send(lines, line, (size_t)len, MSG_NOSIGNAL), len);
}

static bool is_in_state(const char *turn, const char *wanted)
{
    char text[16];
    int64_t left;

    assert_int_equal(turns_state(worker, ACTORS_USER, turn, text, &left), 0);
    return strcmp(text, wanted) == 0;
}

static void wait_for_state(const char *turn, const char *wanted)
{
    for (int64_t until = clock_mono_ms() + PATIENCE_MS; !is_in_state(turn, wanted);) {
        assert_true(clock_mono_ms() < until);
        usleep(2000);
    }
}

static void the_turn_that_executed_loses_an_attempt_the_others_do_not(void **state)
{
    struct turns_start executed = actors_begin(worker, arena, "a", NULL);
    struct turns_start beside = actors_begin(worker, arena, "b", NULL);
    struct turns_start other = actors_begin(worker, arena, "c", NULL);

    (void)state;
    say("spared", beside.turn, PID);
    say("dead", executed.turn, PID);
    wait_for_state(beside.turn, "pending");
    wait_for_state(executed.turn, "failed");
    assert_true(is_in_state(other.turn, "running"));
}

/* One that another worker has taken over since, and what is no line at all. */
static void what_is_not_its_workers_stays(void **state)
{
    struct turns_start other = actors_begin(worker, arena, "a", NULL);
    struct turns_start last = actors_begin(worker, arena, "b", NULL);

    (void)state;
    say("spared", other.turn, PID + 1);
    say("dead", other.turn, PID + 1);
    say("lost", other.turn, PID);
    say("spared", "no-turn-at-all", PID);
    say("spared", last.turn, PID);
    wait_for_state(last.turn, "pending");
    assert_true(is_in_state(other.turn, "running"));
}

static void a_worker_of_many_turns(void **state)
{
    char session[16];
    const char *turns[MANY];
    struct turns_start start;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(session, sizeof session, "s%d", i);
        start = actors_begin(worker, arena, session, NULL);
        turns[i] = arena_printf(arena, "%s", start.turn);
    }
    for (int i = 0; i < MANY; i++)
        say(i == MANY / 2 ? "dead" : "spared", turns[i], PID);
    for (int i = 0; i < MANY; i++)
        wait_for_state(turns[i], i == MANY / 2 ? "failed" : "pending");
}

/* A spared turn goes to the others, and one in which a worker died apart, now and ever after. */
static void the_turn_that_executed_is_tried_apart(void **state)
{
    struct turns_start executed = actors_begin(worker, arena, "a", NULL);
    struct turns_start beside = actors_begin(worker, arena, "b", NULL);
    struct turns_start again;

    (void)state;
    say("dead", executed.turn, PID);
    assert_true(hands_over(apart_fd, executed.turn, PATIENCE_MS));
    say("spared", beside.turn, PID);
    assert_true(hands_over(shared_fd, beside.turn, PATIENCE_MS));
    wait_for_state(executed.turn, "suspect");
    wait_for_state(beside.turn, "pending");
    assert_int_equal(turns_claim(worker, ACTORS_USER, executed.turn, 50, arena, &again), 0);
    assert_int_equal(again.attempt, 2);
    assert_true(is_in_state(executed.turn, "running"));
    /* Then its worker's loop dies: it is as suspect as before. */
    while (hands_over(apart_fd, executed.turn, 100))
        continue;
    say("spared", executed.turn, PID);
    assert_true(hands_over(apart_fd, executed.turn, PATIENCE_MS));
    wait_for_state(executed.turn, "suspect");
}

static void one_waits_for_the_quarantine_worker_in_nobodys_way(void **state)
{
    struct turns_start first = actors_begin(worker, arena, "a", NULL);
    struct turns_start second = actors_begin(worker, arena, "b", NULL);
    struct turns_start beside = actors_begin(worker, arena, "c", NULL);

    (void)state;
    atomic_store(&board->slots[1].seats_busy, 1);
    say("dead", first.turn, PID);
    wait_for_state(first.turn, "suspect");
    say("dead", second.turn, PID);
    say("spared", beside.turn, PID);
    assert_true(hands_over(shared_fd, beside.turn, PATIENCE_MS));
    wait_for_state(second.turn, "suspect");
    assert_false(hands_over(apart_fd, first.turn, 0));
    atomic_store(&board->slots[1].seats_busy, 0);
    assert_true(hands_over(apart_fd, first.turn, PATIENCE_MS)); /* it has waited longest */
}

#define TEST_WITH_ATTEMPTS(name) \
    cmocka_unit_test_setup_teardown(name, set_up_with_attempts, tear_down)
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_turn_that_executed_loses_an_attempt_the_others_do_not),
        TEST(what_is_not_its_workers_stays),
        TEST(a_worker_of_many_turns),
        TEST_WITH_ATTEMPTS(the_turn_that_executed_is_tried_apart),
        TEST_WITH_ATTEMPTS(one_waits_for_the_quarantine_worker_in_nobodys_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
