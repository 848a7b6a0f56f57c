/* SPDX-License-Identifier: BSD-2-Clause */
/* notice: each message is read as C or a script wrote it; anything else is refused. */
#include "base/err.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/reminders.h"
#include "store/turns.h"
#include "tests/unit/cm.h"
#include "tests/unit/store_bench.h"
#include "turn_actors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TURN "0190a7a0-1111-7abc-8def-0123456789ab"

static int set_up_all(void **state)
{
    store_bench_open(state);
    conf.turn_user = 1;
    return 0;
}

static void each_kind_is_read_as_written(void **state)
{
    static const struct {
        const char *text;
        struct notice n;
    } rows[] = {
        {"ann " TURN, {.kind = NOTICE_TURN, .uid = "ann", .turn = TURN}},
        {"webhook ann " TURN, {.kind = NOTICE_WEBHOOK, .uid = "ann", .turn = TURN}},
        {"timers", {.kind = NOTICE_TIMERS}},
        {"blame 000000000000002a/60000", {.kind = NOTICE_BLAME, .mark = {.key = 42, .ms = 60000}}},
        {"blame ffffffffffffffff/600000",
            {.kind = NOTICE_BLAME, .mark = {.key = ~0ULL, .ms = BLAME_KEEP_MAX_MS}}},
        {"mcp", {.kind = NOTICE_MCP}},
        {"mcp list", {.kind = NOTICE_MCP_LIST}},
        {"keys", {.kind = NOTICE_KEYS}},
        {"push/ann", {.kind = NOTICE_PUSH, .uid = "ann"}},
        {"push/" TURN, {.kind = NOTICE_PUSH, .uid = TURN}},
        {"push " TURN, {.kind = NOTICE_TURN, .uid = "push", .turn = TURN}},
        /* Users may be called like the words. */
        {"webhook " TURN, {.kind = NOTICE_TURN, .uid = "webhook", .turn = TURN}},
        {"mcp " TURN, {.kind = NOTICE_TURN, .uid = "mcp", .turn = TURN}},
        {"keys " TURN, {.kind = NOTICE_TURN, .uid = "keys", .turn = TURN}},
        {"blame " TURN, {.kind = NOTICE_TURN, .uid = "blame", .turn = TURN}},
        {"timers " TURN, {.kind = NOTICE_TURN, .uid = "timers", .turn = TURN}},
        {"webhook webhook " TURN, {.kind = NOTICE_WEBHOOK, .uid = "webhook", .turn = TURN}},
    };
    char text[NOTICE_SIZE];
    struct notice n;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        notice_format(&rows[i].n, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(notice_parse(text, strlen(text), &n), 0);
        assert_int_equal(n.kind, rows[i].n.kind);
        assert_string_equal(n.uid, rows[i].n.uid);
        assert_string_equal(n.turn, rows[i].n.turn);
        assert_true(n.mark.key == rows[i].n.mark.key && n.mark.ms == rows[i].n.mark.ms);
    }
}

static void the_longest_user_fits(void **state)
{
    struct notice n = {.kind = NOTICE_WEBHOOK, .turn = TURN}, back;
    char text[NOTICE_SIZE];

    (void)state;
    memset(n.uid, 'u', IDENT_USER_MAX);
    notice_format(&n, text);
    assert_int_equal(notice_parse(text, strlen(text), &back), 0);
    assert_string_equal(back.uid, n.uid);
}

static void anything_else_is_refused(void **state)
{
    static const char *const bad[] = {"", " ", "#", "timer", "timers ", "mcpx", "mcp lists", "mcp ",
        "blame ", "blame 0/60000", "blame 2a", "blame 2a/", "blame 2a/0", "blame 2a/-5",
        "blame 2a/600001", "blame 2a/60000 ", "blame x/60000", "webhook ", "webhook u1",
        "webhook  " TURN, "webhook u1 " TURN " more", "webhook u{1} " TURN, "u{1} " TURN,
        "u1 " TURN "x", "u1 0190a7a0-1111-7abc-8def-0123456789ag", " " TURN, TURN};
    char big[4096];
    struct notice n;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(notice_parse(bad[i], strlen(bad[i]), &n), ERR_INVALID);
    memset(big, 'x', sizeof big);
    assert_int_equal(notice_parse(big, sizeof big, &n), ERR_INVALID);
    assert_int_equal(notice_parse("mcp\0list", 8, &n), ERR_INVALID);
}

static void a_stop_is_for_its_turn_alone(void **state)
{
    static const char stop[] = "stop " TURN;

    (void)state;
    assert_true(notice_is_stop(stop, strlen(stop), TURN));
    assert_false(notice_is_stop(stop, strlen(stop) - 1, TURN));
    assert_false(notice_is_stop(stop, strlen(stop), "0190a7a0-1111-7abc-8def-0123456789ac"));
    assert_false(notice_is_stop("stop", 4, TURN));
    assert_false(notice_is_stop("", 0, TURN));
}

/* ---- both writers ---- */

#define HEARD_MAX 4096

/* The channel has this message, byte for byte. */
static void expect(int fd, char bytes[HEARD_MAX], const struct notice *n)
{
    char text[NOTICE_SIZE], line[NOTICE_SIZE + 8];

    notice_format(n, text);
    snprintf(line, sizeof line, "\r\n%s\r\n", text);
    own_redis_heard(fd, bytes, HEARD_MAX, line);
}

static struct notice about(enum notice_kind kind, const char *turn)
{
    struct notice n = {.kind = kind, .uid = ACTORS_USER};

    snprintf(n.turn, sizeof n.turn, "%s", turn);
    return n;
}

static void c_is_heard(void **state)
{
    const struct notice turn = about(NOTICE_TURN, TURN),
                        mark = {.kind = NOTICE_BLAME, .mark = {.key = 7, .ms = 5}};
    char bytes[HEARD_MAX] = "";
    int fd = own_redis_hear(&redis, KEYS_WAKE);

    (void)state;
    assert_int_equal(notice_publish(one, &mark), 0);
    expect(fd, bytes, &mark);
    hints_announce(one, ACTORS_USER, TURN);
    assert_int_equal(store_ping(one, NULL), 0); /* what goes in front of it is on its way now */
    expect(fd, bytes, &turn);
    close(fd);
}

static struct turns_start begin(const char *name, bool may_wait)
{
    struct turns_request q = {.uid = ACTORS_USER,
        .session = name,
        .body_hash = "h",
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .may_run = true,
        .may_wait = may_wait,
        .webhook = "https://example.org/"};
    struct turns_start start;
    char turn[IDENT_UUID_SIZE];

    ident_uuid7(turn);
    q.turn = turn;
    assert_int_equal(turns_begin(one, &q, arena, &start), 0);
    return start;
}

static void scripts_write_the_same(void **state)
{
    const struct turns_start runs = begin("runs", false), waits = begin("waits", true);
    const struct notice ended = about(NOTICE_WEBHOOK, runs.turn),
                        next = about(NOTICE_TURN, waits.turn), timers = {.kind = NOTICE_TIMERS};
    char control[KEYS_MAX], bytes[HEARD_MAX] = "", heard[HEARD_MAX] = "";
    char turn[IDENT_UUID_SIZE], before[16], *stop;
    int fd = own_redis_hear(&redis, KEYS_WAKE), worker;
    struct reminders_hint hint;
    struct turns_start none;

    (void)state;
    assert_int_equal(runs.outcome, TURNS_STARTED);
    assert_int_equal(waits.outcome, TURNS_PENDING);
    reminders_timer_hint(&hint, ACTORS_USER, TURN, 1);
    assert_int_equal(reminders_plan(one, &hint, 1), 0);
    expect(fd, bytes, &timers);
    keys_control(control, ACTORS_USER, "runs");
    worker = own_redis_hear(&redis, control);
    assert_int_equal(turns_stop(one, ACTORS_USER, &(struct turns_target){.turn = runs.turn}, turn,
                         before),
        0);
    own_redis_heard(worker, heard, sizeof heard, "\r\nstop ");
    own_redis_heard(worker, heard, sizeof heard, runs.turn);
    stop = strstr(heard, "\r\nstop ");
    assert_non_null(stop);
    assert_true(notice_is_stop(stop + 2, strcspn(stop + 2, "\r"), runs.turn));
    assert_int_equal(actors_finish(one, arena, &runs, 2, false, &none), 0);
    expect(fd, bytes, &next);
    expect(fd, bytes, &ended);
    close(fd);
    close(worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read_as_written),
        cmocka_unit_test(the_longest_user_fits),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(a_stop_is_for_its_turn_alone),
        cmocka_unit_test(c_is_heard),
        cmocka_unit_test_setup_teardown(scripts_write_the_same, store_bench_begin, store_bench_end),
    };

    return cmocka_run_group_tests(tests, set_up_all, store_bench_close);
}
