/* The housekeeper, as it is: what it does with the turns of a dead worker that the supervisor names. */
#include "base/clock.h"
#include "base/log.h"
#include "own_redis.h"
#include "turn_actors.h"
#include "workers/worker.h"

#include <errno.h>
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PID 4711 /* of the worker that has died */
#define PATIENCE_MS 20000
#define MANY 200

static struct own_redis redis;
static struct conf conf;
static struct store *worker;
static struct scoreboard *board;
static struct arena *arena;
static pid_t keeper;
static int lines;

static _Noreturn void run_keeper(int fd)
{
    static char nobody[160];
    struct worker w = {.conf = &conf,
        .board = board,
        .slot = &board->slots[0],
        .listen_fd = -1,
        .supervisor_fd = fd,
        .turn_socket = nobody,
        .notify_fd = -1};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(nobody, sizeof nobody, "%s/turn.sock", redis.dir);
    _exit(housekeeper_main(&w));
}

static int set_up(void **state)
{
    char why[CONF_WHY_SIZE];
    int pair[2];

    (void)state;
    log_level_set(LOG_LEVEL_WARN);
    own_redis_start(&redis);
    own_redis_conf(&redis, &conf);
    conf.turn_attempts = 1; /* a turn that loses one is at its end */
    conf.lease_ms = 60000;
    assert_int_equal(conf_set(&conf, "run_dir", redis.dir, why), 0);
    assert_int_equal(conf_set(&conf, "machine", "m", why), 0);
    assert_int_equal(store_open(&worker, &conf, NULL, "m/turn/4711/1"), 0);
    assert_int_equal(scoreboard_new(&board, 1, 1), 0);
    scoreboard_slot_reset(board, &board->slots[0], 0, 1);
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

/* It leaves when its supervisor is gone. */
static int tear_down(void **state)
{
    char path[160];
    int status = -1;

    (void)state;
    close(lines);
    while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
        continue;
    assert_int_equal(status, 0);
    arena_free(arena);
    scoreboard_free(board);
    store_close(worker);
    snprintf(path, sizeof path, "%s/mcp-tools.json", redis.dir);
    unlink(path);
    conf_fini(&conf);
    own_redis_stop(&redis);
    return 0;
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_turn_that_executed_loses_an_attempt_the_others_do_not),
        TEST(what_is_not_its_workers_stays),
        TEST(a_worker_of_many_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
