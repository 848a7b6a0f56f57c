/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that overlap while the housekeeper replaces the tools of MCP servers: a row that a
 * request has found stays until that request ends, and no longer than it has to.
 */
#include "base/err.h"
#include "base/task.h"
#include "tests/unit/cm.h"
#include "tools/engine/finder.h"
#include "tools/engine/tools.h"
#include "tools/remote/dynamic.h"
#include "tools/remote/dynamic_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/tool-rows-XXXXXX";
static struct conf conf;
static unsigned written; /* files so far: each gets another time, whatever the clock does */

static void write_file(const char *name, const char *text)
{
    char path[160], fresh[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    snprintf(fresh, sizeof fresh, "%s.%u", path, ++written);
    FILE *f = fopen(fresh, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(fresh, path), 0);
}

#define SERVER(tools) \
    "{\"name\":\"sea\",\"url\":\"http://127.0.0.1:9/\",\"era\":\"modern\",\"tools\":" #tools "}\n"
#define TOOL(name, description) \
    "{\"name\":" name ",\"description\":\"" description "\"," \
    "\"inputSchema\":{\"type\":\"object\",\"properties\":{\"port\":{\"type\":\"string\"}}," \
    "\"required\":[\"port\"]}}\n"

/* What the housekeeper writes: a server with one tool. A second name of the file before keeps its
 * inode from being given again. */
static void offer(const char *name)
{
    char text[512], kept[200], path[160];
    snprintf(path, sizeof path, "%s/" DYNAMIC_FILE, dir);
    snprintf(kept, sizeof kept, "%s/kept.%u", dir, written);
    assert_true(written < 2 || link(path, kept) == 0);
    snprintf(text, sizeof text,
        "{\"servers\":1,\"tools\":1}\n" SERVER(1) TOOL("\"%s\"", "Tide table of %s"), name, name);
    write_file(DYNAMIC_FILE, text);
}

static int start(void **state)
{
    char why[CONF_WHY_SIZE] = "", path[160];
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(conf_init(&conf), 0);
    write_file("servers.json", "[{\"name\":\"sea\",\"url\":\"http://127.0.0.1:9/\"}]");
    snprintf(path, sizeof path, "%s/servers.json", dir);
    assert_int_equal(conf_set(&conf, "mcp.file", path, why), 0);
    assert_int_equal(conf_set(&conf, "run_dir", dir, why), 0);
    if (tools_configure(&conf, why, sizeof why) != 0)
        fail_msg("%s", why);
    assert_int_equal(tools_global_init(), 0);
    return 0;
}

static int stop(void **state)
{
    char command[200];
    (void)state;
    dynamic_unload();
    finder_forget();
    conf_fini(&conf);
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

/* Everything that a call reads of its row, whose memory AddressSanitizer watches. */
static void use(const struct tools_spec *spec, const char *name)
{
    const jdoc *arguments, *result;
    assert_string_equal(spec->name, name);
    assert_non_null(strstr(spec->description, "Tide table"));
    assert_int_equal(dynamic_schemas(spec, &arguments, &result), 0);
    assert_string_equal(jdoc_text_or(arguments, "type", ""), "object");
    assert_non_null(spec->dynamic->remote_name);
}

static void a_row_outlives_its_replacement(void **state)
{
    (void)state;
    offer("old");
    unsigned first = tools_enter(&conf);
    const struct tools_spec *row = tools_find("sea__old");
    assert_non_null(row);
    use(row, "sea__old");
    offer("new");
    unsigned second = tools_enter(&conf);
    assert_null(tools_find("sea__old"));
    use(tools_find("sea__new"), "sea__new");
    use(row, "sea__old"); /* the first one's call goes on */
    tools_leave(second);
    use(row, "sea__old"); /* the second has left, the first has not */
    assert_int_equal(dynamic_replaced(), 1);
    tools_leave(first);
    assert_int_equal(dynamic_replaced(), 0);
}

/* It began before, and found its row after a first replacement. */
static void an_early_request_holds_later_rows(void **state)
{
    (void)state;
    offer("one");
    unsigned early = tools_enter(&conf);
    offer("two");
    unsigned late = tools_enter(&conf);
    const struct tools_spec *row = tools_find("sea__two");
    assert_non_null(row);
    offer("three");
    unsigned last = tools_enter(&conf);
    tools_leave(late);
    assert_int_equal(dynamic_replaced(), 2);
    use(row, "sea__two");
    tools_leave(early);
    assert_int_equal(dynamic_replaced(), 0);
    tools_leave(last);
    use(tools_find("sea__three"), "sea__three");
}

static void nobody_holds_what_nobody_saw(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        offer(name);
        tools_leave(tools_enter(&conf));
        assert_int_equal(dynamic_replaced(), 0);
    }
}

/* A file that cannot be read takes nothing away. */
static void a_broken_file_keeps_the_rows(void **state)
{
    static const char *const broken[] = {"", "{", "{\"servers\":[]}\n", "[]\n",
        "{\"servers\":1,\"tools\":1}\n", "{\"servers\":1,\"tools\":1}\n" SERVER(1),
        "{\"servers\":1,\"tools\":1}\n" SERVER(0), "{\"servers\":1,\"tools\":-1}\n" SERVER(0),
        "{\"servers\":1,\"tools\":1}\n" SERVER(2) TOOL("\"a\"", "") TOOL("\"b\"", ""),
        "{\"servers\":1,\"tools\":1}\n" SERVER(1) "{\"name\":"};
    (void)state;
    offer("good");
    unsigned first = tools_enter(&conf);
    const struct tools_spec *row = tools_find("sea__good");
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        write_file(DYNAMIC_FILE, broken[i]);
        unsigned second = tools_enter(&conf);
        assert_ptr_equal(tools_find("sea__good"), row);
        tools_leave(second);
    }
    tools_leave(first);
    use(row, "sea__good");
}

/* --- a large file --- */

#define MANY 900

static void offer_many(const char *name)
{
    char path[160], *text = malloc(MANY * 400);
    size_t len;
    assert_non_null(text);
    len = (size_t)sprintf(text, "{\"servers\":1,\"tools\":%d}\n" SERVER(900), MANY);
    for (int i = 0; i < MANY; i++)
        len += (size_t)sprintf(text + len, TOOL("\"%s%d\"", "Tide table %d"), name, i, i);
    snprintf(path, sizeof path, "%s/" DYNAMIC_FILE, dir);
    write_file(DYNAMIC_FILE, text);
    free(text);
}

static unsigned others_ran, others_saw; /* while the first one read; in the older rows */
static bool has_read;

static void reads(void *arg)
{
    (void)arg;
    unsigned ticket = tools_enter(&conf);
    has_read = true;
    use(tools_find("sea__many899"), "sea__many899");
    tools_leave(ticket);
}

static void goes_on(void *arg)
{
    struct reactor *reactor = arg;
    while (!has_read) {
        unsigned ticket = tools_enter(&conf); /* does not read it too */
        others_ran++;
        others_saw += tools_find("sea__before") && !tools_find("sea__many0");
        tools_leave(ticket);
        task_yield(reactor);
    }
}

static void others_go_on_while_a_large_file_is_read(void **state)
{
    const struct tasks_settings settings = {.stack_bytes = 262144, .stacks_kept = 2};
    struct reactor *reactor;
    (void)state;
    offer("before");
    tools_leave(tools_enter(&conf));
    offer_many("many");
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &settings), 0);
    assert_int_equal(task_spawn(reads, NULL, -1, NULL), 0);
    assert_int_equal(task_spawn(goes_on, reactor, -1, NULL), 0);
    while (tasks_count() > 0) {
        tasks_run();
        assert_true(reactor_step(reactor, 0, NULL) >= 0);
    }
    assert_true(others_ran > 1);
    assert_int_equal(others_saw, others_ran);
    tasks_close();
    reactor_free(reactor);
    assert_int_equal(dynamic_count(), MANY);
}

/* The index of find_tools is made of rows: each search sees those of its time. */
static void a_search_finds_what_is_there(void **state)
{
    const struct tools_spec *found[FINDER_MAX];
    size_t count = 0;
    (void)state;
    offer("flood");
    unsigned first = tools_enter(&conf);
    assert_int_equal(finder_search("sea__flood", 1, found, &count), 0);
    assert_int_equal(count, 1);
    use(found[0], "sea__flood");
    const struct tools_spec *old = found[0];
    offer("ebb");
    unsigned second = tools_enter(&conf);
    assert_int_equal(finder_search("sea__ebb", 1, found, &count), 0);
    assert_int_equal(count, 1);
    use(found[0], "sea__ebb");
    tools_leave(second);
    use(old, "sea__flood");
    tools_leave(first);
}

/* The rows of a running call, in two tasks that take turns. */
struct caller {
    struct reactor *reactor;
    const char *tool;    /* that it finds */
    const char *publish; /* what the housekeeper writes while it waits; or NULL */
    bool ended;
};

static void call_in_task(void *arg)
{
    struct caller *c = arg;
    unsigned ticket = tools_enter(&conf);
    const struct tools_spec *row = tools_find(c->tool);
    if (c->publish)
        offer(c->publish);
    for (int i = 0; i < 3; i++) {
        task_yield(c->reactor);
        c->ended = row && strcmp(row->name, c->tool) == 0;
    }
    tools_leave(ticket);
}

static void tasks_keep_their_rows(void **state)
{
    const struct tasks_settings settings = {.stack_bytes = 262144};
    struct caller a = {.tool = "sea__red", .publish = "blue"}, b = {.tool = "sea__blue"};
    (void)state;
    assert_int_equal(reactor_new(&a.reactor), 0);
    b.reactor = a.reactor;
    assert_int_equal(tasks_open(a.reactor, &settings), 0);
    offer("red");
    tools_leave(tools_enter(&conf)); /* a task might let the other one in while it reads */
    assert_int_equal(task_spawn(call_in_task, &a, -1, NULL), 0);
    assert_int_equal(task_spawn(call_in_task, &b, -1, NULL), 0);
    while (tasks_count() > 0)
        tasks_run();
    assert_true(a.ended);
    assert_true(b.ended);
    assert_int_equal(dynamic_replaced(), 0);
    tasks_close();
    reactor_free(a.reactor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_outlives_its_replacement),
        cmocka_unit_test(an_early_request_holds_later_rows),
        cmocka_unit_test(nobody_holds_what_nobody_saw),
        cmocka_unit_test(a_broken_file_keeps_the_rows),
        cmocka_unit_test(others_go_on_while_a_large_file_is_read),
        cmocka_unit_test(a_search_finds_what_is_there),
        cmocka_unit_test(tasks_keep_their_rows),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
