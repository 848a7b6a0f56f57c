/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/tool_bench.h"

#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tools/kit/gazetteer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_BYTES 262144 /* as in turn workers */
#define CALL_MS 20000
#define PATIENCE_MS 30000

/* Sorted bytewise, as make-gazetteer does. */
static const char places[] =
    "!!turnpike-gazetteer 2\ttest\n"
    "!au\tAU\tAustralia\n!aus\tAU\tAustralia\n!australia\tAU\tAustralia\n"
    "!ca\tCA\tCanada\n!canada\tCA\tCanada\n!gb\tGB\tUnited Kingdom\n!uk\tGB\tUnited Kingdom\n"
    "!us\tUS\tUnited States\n!usa\tUS\tUnited States\n"
    "birmingham\tp\tBirmingham\tGB\tEngland\tengland|eng\t52.48142\t-1.89983\t984333\tEurope/London\n"
    "birmingham\tp\tBirmingham\tUS\tAlabama\talabama|al\t33.52066\t-86.80249\t212237\tAmerica/Chicago\n"
    "brisbane\tp\tBrisbane\tAU\tQueensland\tqueensland|qld\t-27.46794\t153.02809\t2189878\tAustralia/Brisbane\n"
    "coeur dalene\tp\tCoeur d'Alene\tUS\tIdaho\tidaho|id\t47.67768\t-116.78047\t44137\tAmerica/Los_Angeles\n"
    "gold coast\tp\tGold Coast\tAU\tQueensland\tqueensland|qld\t-28.00029\t153.43088\t591473\tAustralia/Brisbane\n"
    "melbourne\tp\tMelbourne\tAU\tVictoria\tvictoria|vic\t-37.814\t144.96332\t4917750\tAustralia/Melbourne\n"
    "melbourne\tp\tMelbourne\tUS\tFlorida\tflorida|fl\t28.08363\t-80.60811\t76068\tAmerica/New_York\n"
    "perth\tp\tPerth\tAU\tWestern Australia\twestern australia|wa\t-31.95224\t115.8614\t1896548\tAustralia/Perth\n"
    "queensland\tr\tQueensland\tAU\tBrisbane\t\t-27.46794\t153.02809\t2781351\tAustralia/Brisbane\n"
    "sydney\tp\tSydney\tAU\tNew South Wales\tnew south wales|nsw\t-33.86785\t151.20732\t4627345\tAustralia/Sydney\n"
    "sydney\tp\tSydney\tCA\tNova Scotia\tnova scotia|ns\t46.1351\t-60.1831\t305968\tAmerica/Glace_Bay\n"
    "zurich\tp\tZürich\tCH\tZurich\tzurich|zh\t47.36667\t8.55\t341730\tEurope/Zurich\n";

void tool_bench_run(struct tool_bench *b, task_fn *fn, void *arg)
{
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    assert_int_equal(task_spawn(fn, arg, -1, NULL), 0);
    tasks_run();
    while (tasks_count() > 0) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(b->reactor, tasks_ready() ? 0 : until, NULL) >= 0);
        tasks_run();
    }
}

static void connect_store(void *arg)
{
    struct store *store = arg;
    (void)link_ensure(store->link);
}

void tool_bench_connect(struct tool_bench *b)
{
    tool_bench_run(b, connect_store, b->context.store);
}

void tool_bench_start(struct tool_bench *b)
{
    const struct tasks_settings tasks = {.stack_bytes = STACK_BYTES, .stacks_kept = 2};
    char why[CONF_WHY_SIZE];
    memset(b, 0, sizeof *b);
    own_redis_start(&b->redis);
    own_redis_conf(&b->redis, &b->conf);
    snprintf(b->gazetteer, sizeof b->gazetteer, "%s/places.tsv", b->redis.dir);
    FILE *out = fopen(b->gazetteer, "w");
    assert_non_null(out);
    fputs(places, out);
    fclose(out);
    assert_int_equal(conf_set(&b->conf, "gazetteer.file", b->gazetteer, why), 0);
    assert_int_equal(conf_set(&b->conf, "geocode.interval", "0", why), 0);
    assert_int_equal(reactor_new(&b->reactor), 0);
    assert_int_equal(http_global_init(), 0);
    assert_int_equal(http_new(&b->http, b->reactor), 0);
    b->context = (struct tools_context){.conf = &b->conf,
        .reactor = b->reactor,
        .http = b->http,
        .uid = "ann",
        .zone = "Australia/Sydney",
        .locale = "en-AU",
        .currency = "AUD"};
    assert_int_equal(clock_parse_rfc3339("2026-11-22T13:00:00+11:00", &b->context.now_ms), 0);
    assert_int_equal(tasks_open(b->reactor, &tasks), 0);
    assert_int_equal(store_open(&b->context.store, &b->conf, b->reactor, "test/turn/1/1"), 0);
    link_attach(b->context.store->link, b->reactor);
    tool_bench_connect(b);
}

void tool_bench_stop(struct tool_bench *b)
{
    gazetteer_close();
    unlink(b->gazetteer);
    store_close(b->context.store);
    tasks_close();
    http_free(b->http);
    reactor_free(b->reactor);
    conf_fini(&b->conf);
    own_redis_stop(&b->redis);
}

static struct called {
    char name[64];
    bool succeeded;
    size_t depth;
} called[256];
static size_t called_count;

static struct called *find_called(const char *name)
{
    for (size_t i = 0; i < called_count; i++)
        if (strcmp(called[i].name, name) == 0)
            return &called[i];
    return NULL;
}

bool tool_succeeded(const char *name)
{
    const struct called *c = find_called(name);
    return c && c->succeeded;
}

size_t tool_depth(const char *name)
{
    const struct called *c = find_called(name);
    return c ? c->depth : 0;
}

static void note(const struct tools_run *run, size_t depth)
{
    bool success = false;
    struct called *c = find_called(run->spec->name);
    assert_true(depth < TOOL_DEPTH_MAX);
    if (!c) {
        assert_true(called_count < sizeof called / sizeof *called);
        c = &called[called_count++];
        snprintf(c->name, sizeof c->name, "%s", run->spec->name);
    }
    jdoc_get_bool(run->result, "success", &success);
    c->succeeded = c->succeeded || success;
    c->depth = depth > c->depth ? depth : c->depth;
}

void tool_all_succeeded(const char *family, bool with_provider)
{
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        if ((!family || strcmp(spec->family, family) == 0) &&
            (spec->provider != NULL) == with_provider && !tool_succeeded(spec->name))
            fail_msg("no test has called %s with success", spec->name);
    }
}

struct job {
    struct tools_run *run;
    const char *args;
    void (*before)(void);
    struct task_ref task;
    int error;
    size_t depth;
};

static void wake(struct tools_run *run)
{
    const struct job *job = run->on_done_arg;
    task_ref_wake(job->task);
}

static void work(void *arg)
{
    struct job *job = arg;
    struct tools_run *run = job->run;
    int64_t until = clock_mono_ms() + CALL_MS;
    job->task = task_ref_self();
    if (job->before)
        job->before();
    job->error = tools_start(run, job->args, strlen(job->args));
    if (job->error != ERR_PENDING)
        return;
    while (!run->done && clock_mono_ms() < until) {
        (void)task_wait(run->context->reactor, until, NULL);
        tools_go_on(run);
    }
    if (run->done)
        job->error = run->error;
}

static void measure(void *arg)
{
    struct job *job = arg;
    job->depth = task_depth(work, job);
}

jdoc *tool_call_error(struct tool_bench *b, const char *name, const char *id, const char *args,
    int *error)
{
    struct tools_problem problem;
    struct tools_run run = {.context = &b->context, .spec = tools_find(name), .call_id = id};
    struct job job = {.run = &run, .args = args};
    assert_non_null(run.spec);
    run.arena = arena_new();
    run.on_done = run.on_more = wake;
    run.on_done_arg = &job;
    tool_bench_run(b, measure, &job);
    assert_true(job.error != ERR_PENDING);
    *error = job.error;
    jdoc *result = *error == 0 ? jdoc_dup(run.result) : NULL;
    if (result && tools_check_result(run.spec, result, &problem) != 0)
        fail_msg("%s %s: result%s: %s (wanted %s)", name, args, problem.path, problem.message,
            problem.expected);
    if (result)
        note(&run, job.depth);
    tools_fini(&run);
    arena_free(run.arena);
    return result;
}

void tool_calls_overlap(struct tool_bench *b, const char *const calls[2][2], void (*between)(void),
    jdoc *results[2])
{
    struct tools_run runs[2];
    struct job jobs[2];
    for (int i = 0; i < 2; i++) {
        jobs[i] = (struct job){.run = &runs[i], .args = calls[i][1]};
        runs[i] = (struct tools_run){.context = &b->context,
            .spec = tools_find(calls[i][0]),
            .arena = arena_new(),
            .on_done = wake,
            .on_more = wake,
            .on_done_arg = &jobs[i]};
        assert_non_null(runs[i].spec);
    }
    jobs[1].before = between;
    assert_int_equal(task_spawn(work, &jobs[0], -1, NULL), 0);
    tool_bench_run(b, work, &jobs[1]);
    for (int i = 0; i < 2; i++) {
        results[i] = jobs[i].error == 0 ? jdoc_dup(runs[i].result) : NULL;
        tools_fini(&runs[i]);
        arena_free(runs[i].arena);
    }
}

jdoc *tool_call(struct tool_bench *b, const char *name, const char *id, const char *args)
{
    int error;
    jdoc *result = tool_call_error(b, name, id, args, &error);
    if (error != 0)
        fail_msg("%s %s: %s", name, args, err_text(error));
    return result;
}

jdoc *tool_ok(struct tool_bench *b, const char *name, const char *args)
{
    bool success = false;
    jdoc *result = tool_call(b, name, NULL, args);
    jdoc_get_bool(result, "success", &success);
    if (!success)
        fail_msg("%s %s: %s", name, args, jdoc_text_or(result, "message", ""));
    return result;
}

void tool_refused(struct tool_bench *b, const char *name, const char *args, const char *code,
    const char *path)
{
    jdoc *result = tool_call(b, name, NULL, args);
    const jdoc *error = jdoc_get(result, "error");
    if (!error)
        fail_msg("%s %s was not refused", name, args);
    assert_string_equal(jdoc_text_or(error, "code", ""), code);
    if (path)
        assert_string_equal(jdoc_text_or(error, "path", ""), path);
    jdoc_free(result);
}

void tool_seed(struct tool_bench *b, const char *family, const char *id, int64_t time_ms,
    const char *json)
{
    struct link *link = b->context.store->link;
    const char *uid = b->context.uid;
    assert_int_equal(link_command(link, NULL, "HSET tp:{%s}:r:%s %s %s", uid, family, id, json), 0);
    assert_int_equal(link_command(link, NULL, "ZADD tp:{%s}:r:%s:by-time %lld %s", uid, family,
                         (long long)time_ms, id),
        0);
    assert_int_equal(link_command(link, NULL, "SADD tp:{%s}:families %s", uid, family), 0);
}

const jdoc *at(const jdoc *doc, const char *pointer)
{
    char key[64];
    const char *rest = pointer;
    while (*rest == '/') {
        size_t n = strcspn(++rest, "/");
        snprintf(key, sizeof key, "%.*s", (int)n, rest);
        rest += n;
        doc = isdigit((unsigned char)key[0]) ? jdoc_at(doc, strtoul(key, NULL, 10)) :
                                               jdoc_get(doc, key);
        if (!doc)
            fail_msg("nothing at %s", pointer);
    }
    return doc;
}

const char *text_at(const jdoc *doc, const char *pointer)
{
    const char *text = jdoc_string(at(doc, pointer), NULL);
    assert_non_null(text);
    return text;
}

double number_at(const jdoc *doc, const char *pointer)
{
    double number = 0;
    assert_int_equal(jdoc_double(at(doc, pointer), &number), 0);
    return number;
}
