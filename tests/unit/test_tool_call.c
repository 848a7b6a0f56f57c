/* SPDX-License-Identifier: BSD-2-Clause */
/* A turn worker's side of a call in a tool process, against a process that this test plays. */
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_asker.h"
#include "tools/remote/tool_words.h"
#include "wire/fastcgi/fastcgi_record.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define HEAD "Turnpike-Worker: 1\r\n\r\n"
#define GOOD \
    "{\"error\":0,\"retry_after_ms\":7,\"result\":{\"success\":true,\"message\":\"Done.\"}}"
#define ARGS "{\"waypoints\":[\"Sydney\",\"Brisbane\"]}"

static struct conf conf;
static struct tool_asker asker;

static int start(void **state)
{
    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    conf.tool_process_ms = 60000;
    conf.tool_process_wait_ms = 60000;
    tool_asker_start(&asker, &conf);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tool_asker_stop(&asker);
    conf_fini(&conf);
    return 0;
}

static void ask(size_t seat, struct asked *call, const char *uid)
{
    tool_ask(&asker, seat, call, uid, ASKER_TOOL, ARGS);
    assert_int_equal(call->error, ERR_PENDING);
}

/* ---- the process that is played ---- */

static bool waits_for(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* The next connection, its request whole: it has a socket's buffer for itself. */
static int take(void)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    char bytes[4096];
    int fd;

    while (!waits_for(asker.listen_fd)) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(asker.reactor, clock_mono_ms() + 5, NULL) >= 0);
    }
    fd = accept(asker.listen_fd, NULL, NULL);
    assert_true(fd >= 0);
    assert_true(recv(fd, bytes, sizeof bytes, 0) > 0);
    return fd;
}

/* None comes in some passes of the loop. */
static void nobody_comes(void)
{
    int64_t until = clock_mono_ms() + 60;

    while (clock_mono_ms() < until)
        assert_true(reactor_step(asker.reactor, until, NULL) >= 0);
    assert_false(waits_for(asker.listen_fd));
}

static void say(int fd, const char *text, bool end)
{
    struct buf out = {0};

    fastcgi_record_put_part(&out, FASTCGI_STDOUT, 1, text, strlen(text));
    if (end) {
        fastcgi_record_put(&out, FASTCGI_STDOUT, 1, NULL, 0);
        fastcgi_record_put_end(&out, 1, FASTCGI_REQUEST_COMPLETE);
    }
    assert_int_equal(send(fd, out.data, out.len, 0), (ssize_t)out.len);
    buf_free(&out);
}

static void begin(int fd)
{
    say(fd, HEAD, false);
}

static void answer(int fd, const char *body)
{
    begin(fd);
    say(fd, body, true);
    close(fd);
}

/* A call that a process has begun: the process's end of it. */
static int ask_and_begin(struct asked *call)
{
    int fd;

    ask(0, call, "ann");
    fd = take();
    begin(fd);
    return fd;
}

/* ---- ends ---- */

static void the_answer_is_the_result(void **state)
{
    struct asked call;

    (void)state;
    ask(0, &call, "ann");
    answer(take(), GOOD);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    assert_string_equal(jdoc_text_or(call.run.result, "message", ""), "Done.");
    assert_int_equal(call.run.retry_after_ms, 7);
    tool_forget(&call);
}

static void faults_are_told_as_they_were(void **state)
{
    static const int errors[] = {ERR_STORE, ERR_FENCED, ERR_NOMEM};
    char body[64];

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct asked call;
        ask(0, &call, "ann");
        snprintf(body, sizeof body, "{\"error\":%d,\"retry_after_ms\":0}", errors[i]);
        answer(take(), body);
        tool_await(&asker, &call);
        assert_int_equal(call.error, errors[i]);
        tool_forget(&call);
    }
}

static void an_answer_that_is_none_is_a_fault(void **state)
{
    static const char *const bodies[] = {"", "{}", "no JSON", "{\"error\":0,\"retry_after_ms\":0}",
        "{\"error\":1,\"retry_after_ms\":0}", "{\"error\":-5000,\"retry_after_ms\":0}",
        "{\"error\":0,\"retry_after_ms\":0,\"result\":[]}", "{\"error\":0,\"result\":{}}"};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct asked call;
        ask(0, &call, "ann");
        answer(take(), bodies[i]);
        tool_await(&asker, &call);
        assert_int_equal(call.error, ERR_PROTOCOL);
        assert_null(call.run.result);
        tool_forget(&call);
    }
}

static void bytes_that_are_no_fastcgi_are_a_fault(void **state)
{
    struct asked call;
    int fd;

    (void)state;
    ask(0, &call, "ann");
    fd = take();
    assert_int_equal(send(fd, "HTTP/1.1 200 OK\r\n\r\n", 19, 0), 19);
    tool_await(&asker, &call);
    assert_int_equal(call.error, ERR_PROTOCOL);
    close(fd);
    tool_forget(&call);
}

static void an_answer_may_be_too_long(void **state)
{
    struct asked call;
    char *text = calloc(1, 60001);
    int fd;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', 60000);
    fd = ask_and_begin(&call);
    for (size_t sent = 0; sent <= TOOL_WORDS_REPLY_MAX && !call.run.done; sent += 60000) {
        say(fd, text, false);
        while (!call.run.done && reactor_step(asker.reactor, 0, NULL) > 0)
            continue;
    }
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "result_too_large");
    close(fd);
    free(text);
    tool_forget(&call);
}

/* ---- processes that die ---- */

static void one_that_dies_before_it_begins_costs_nothing(void **state)
{
    struct asked call;

    (void)state;
    ask(0, &call, "ann");
    close(take());
    answer(take(), GOOD);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    tool_forget(&call);
}

static void one_that_dies_in_the_call_is_tried_once_more(void **state)
{
    (void)state;
    for (int die = 1; die <= 2; die++) {
        struct asked call;
        ask(0, &call, "ann");
        for (int i = 0; i < die; i++) {
            int fd = take();
            begin(fd);
            close(fd);
        }
        if (die == 1)
            answer(take(), GOOD);
        tool_await(&asker, &call);
        assert_string_equal(tool_code(&call), die == 1 ? "" : "tool_crashed");
        tool_forget(&call);
    }
    nobody_comes();
}

static void what_may_have_had_its_effect_outside_is_not_tried_again(void **state)
{
    struct asked call = {.spec = *tools_find(ASKER_TOOL)};
    int fd;

    (void)state;
    call.spec.effect = TOOLS_OUTSIDE;
    call.context = (struct tools_context){.conf = &conf,
        .reactor = asker.reactor,
        .uid = "ann",
        .zone = "UTC",
        .locale = "",
        .currency = "AUD",
        .apart = tool_calls_apart(&asker.places[0])};
    call.run = (struct tools_run){.context = &call.context, .spec = &call.spec};
    tool_ask_again(&asker, &call, ARGS);
    fd = take();
    begin(fd);
    close(fd);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "tool_crashed");
    assert_non_null(strstr(jdoc_text_or(call.run.result, "message", ""), "not known"));
    tool_forget(&call);
}

static void one_that_ends_at_its_limit_was_too_slow(void **state)
{
    struct asked call;
    int64_t until;
    int fd;

    (void)state;
    conf.tool_process_ms = 100;
    fd = ask_and_begin(&call);
    until = clock_mono_ms() + 110;
    while (clock_mono_ms() < until)
        assert_true(reactor_step(asker.reactor, until, NULL) >= 0);
    assert_false(call.run.done);
    close(fd);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "timeout");
    assert_non_null(strstr(jdoc_text_or(call.run.result, "message", ""), "tool.process_ms"));
    tool_forget(&call);
}

/* What it said counts, not when it was heard. */
static void one_that_says_it_is_late_is_not_tried_again(void **state)
{
    struct buf late = {0};
    struct asked call;
    int fd;

    (void)state;
    assert_int_equal(tool_words_late(&late), 0);
    fd = ask_and_begin(&call);
    assert_int_equal(send(fd, late.data, late.len, 0), (ssize_t)late.len);
    close(fd);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "timeout");
    nobody_comes();
    buf_free(&late);
    tool_forget(&call);
}

static void one_that_stops_at_its_limit_is_given_up(void **state)
{
    struct asked call;
    int fd;

    (void)state;
    conf.tool_process_ms = 100;
    fd = ask_and_begin(&call);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "timeout");
    close(fd);
    tool_forget(&call);
}

static void one_that_nobody_begins_was_in_vain(void **state)
{
    struct asked call;

    (void)state;
    conf.tool_process_wait_ms = 30;
    ask(0, &call, "ann");
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "busy");
    assert_non_null(strstr(jdoc_text_or(call.run.result, "message", ""), "Nothing was done"));
    tool_forget(&call);
}

static void nobody_listens_for_a_while(void **state)
{
    struct asked call;
    char other[160];

    (void)state;
    snprintf(other, sizeof other, "%s.away", asker.socket);
    assert_int_equal(rename(asker.socket, other), 0);
    ask(0, &call, "ann");
    nobody_comes();
    assert_int_equal(rename(other, asker.socket), 0);
    answer(take(), GOOD);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    tool_forget(&call);
}

/* ---- one call of a user at a time ---- */

static void a_users_next_call_waits_for_the_first(void **state)
{
    struct asked calls[3];
    int first, other;

    (void)state;
    ask(0, &calls[0], "ann");
    first = take();
    ask(0, &calls[1], "ann");
    nobody_comes();
    ask(1, &calls[2], "bob");
    other = take();
    answer(first, GOOD);
    tool_await(&asker, &calls[0]);
    answer(take(), GOOD);
    tool_await(&asker, &calls[1]);
    answer(other, GOOD);
    tool_await(&asker, &calls[2]);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(tool_code(&calls[i]), "");
        tool_forget(&calls[i]);
    }
}

static void a_call_elsewhere_counts_too(void **state)
{
    struct scoreboard_seat *asking = asker.places[3].seat; /* of another worker, say */
    struct scoreboard_seat *working = &asker.board->seats[ASKER_SEATS];
    struct blame_work work = {.uid = "ann", .route = "tool x", .digest = "d", .tool = true};
    struct asked call;

    (void)state;
    assert_true(scoreboard_tool_ask(asker.board, asking, scoreboard_owner("ann")));
    ask(0, &call, "ann");
    nobody_comes();
    scoreboard_work_set(working, &work); /* who asked has gone, the process still computes */
    scoreboard_tool_asked(asking);
    nobody_comes();
    scoreboard_work_set(working, NULL);
    answer(take(), GOOD);
    tool_await(&asker, &call);
    assert_string_equal(tool_code(&call), "");
    assert_int_equal(atomic_load(&asker.places[0].seat->tool_owner), 0);
    tool_forget(&call);
}

static void a_call_that_is_given_up_hangs_up(void **state)
{
    struct asked calls[2];
    char byte;
    int fd;

    (void)state;
    ask(0, &calls[0], "ann");
    ask(0, &calls[1], "ann");
    fd = take();
    begin(fd);
    tools_cancel(&calls[0].run);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    answer(take(), GOOD);
    tool_await(&asker, &calls[1]);
    assert_string_equal(tool_code(&calls[1]), "");
    tool_forget(&calls[0]);
    ask(0, &calls[0], "ann"); /* before it has been sent */
    tools_cancel(&calls[0].run);
    nobody_comes();
    assert_int_equal(atomic_load(&asker.places[0].seat->tool_owner), 0);
    for (size_t i = 0; i < 2; i++)
        tool_forget(&calls[i]);
}

static void a_worker_ends_while_calls_wait(void **state)
{
    struct asked calls[2];
    int fd;

    (void)state;
    ask(0, &calls[0], "ann");
    ask(0, &calls[1], "ann");
    fd = take();
    begin(fd);
    tool_calls_free(asker.calls);
    asker.calls = NULL;
    for (size_t i = 0; i < 2; i++) {
        assert_false(calls[i].run.done);
        tool_forget(&calls[i]);
    }
    close(fd);
}

/* ---- which tools ---- */

struct named {
    const char *name;
    bool found;
};

static void find_setting(void *arg, const struct conf_setting *setting)
{
    struct named *n = arg;

    n->found = n->found || !strcmp(setting->name, n->name);
}

static void tools_that_ask_a_service_instead_run_here(void **state)
{
    char why[CONF_WHY_SIZE];
    size_t apart = 0, services = 0;

    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        char names[128], *rest = names;

        assert_int_equal(tools_is_apart(&conf, spec), spec->process);
        apart += spec->process;
        snprintf(names, sizeof names, "%s", spec->process_unless ? spec->process_unless : "");
        for (char *name; (name = strsep(&rest, " ")) && *name; services++) {
            struct named setting = {.name = name};
            conf_visit(&conf, find_setting, &setting);
            if (!setting.found)
                fail_msg("%s: there is no setting %s", spec->name, setting.name);
            assert_int_equal(conf_set(&conf, setting.name, "http://127.0.0.1:1", why), 0);
            assert_false(tools_is_apart(&conf, spec));
            assert_int_equal(conf_set(&conf, setting.name, "", why), 0);
        }
    }
    assert_true(apart > 0);
    assert_true(services > 1);
}

static void a_tool_that_is_not_marked_runs_here(void **state)
{
    struct asked call;

    (void)state;
    tool_ask(&asker, 0, &call, "ann", "get_current_time", "{\"timezone\":[]}");
    assert_string_equal(tool_code(&call), "invalid_argument");
    nobody_comes();
    tool_forget(&call);
}

static void arguments_have_a_limit(void **state)
{
    size_t len = TOOL_WORDS_ARGS_MAX + 1;
    char *args = calloc(1, len + 1);
    struct asked call;

    (void)state;
    assert_non_null(args);
    memset(args, ' ', len);
    tool_ask(&asker, 0, &call, "ann", ASKER_TOOL, args);
    assert_string_equal(tool_code(&call), "invalid_argument");
    assert_non_null(strstr(jdoc_text_or(call.run.result, "message", ""), "1048576"));
    tool_forget(&call);
    call.context.location_text = args;
    call.run = (struct tools_run){.context = &call.context, .spec = tools_find(ASKER_TOOL)};
    tool_ask_again(&asker, &call, ARGS);
    assert_string_equal(tool_code(&call), "invalid_argument");
    nobody_comes();
    tool_forget(&call);
    free(args);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {T(the_answer_is_the_result), T(faults_are_told_as_they_were),
        T(an_answer_that_is_none_is_a_fault), T(bytes_that_are_no_fastcgi_are_a_fault),
        T(an_answer_may_be_too_long), T(one_that_dies_before_it_begins_costs_nothing),
        T(one_that_dies_in_the_call_is_tried_once_more),
        T(what_may_have_had_its_effect_outside_is_not_tried_again),
        T(one_that_ends_at_its_limit_was_too_slow), T(one_that_says_it_is_late_is_not_tried_again),
        T(one_that_stops_at_its_limit_is_given_up), T(one_that_nobody_begins_was_in_vain),
        T(nobody_listens_for_a_while), T(a_users_next_call_waits_for_the_first),
        T(a_call_elsewhere_counts_too), T(a_call_that_is_given_up_hangs_up),
        T(a_worker_ends_while_calls_wait), T(arguments_have_a_limit),
        T(tools_that_ask_a_service_instead_run_here), T(a_tool_that_is_not_marked_runs_here)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
